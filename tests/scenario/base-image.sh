#!/bin/bash
# base-image.sh [--small] FILE: a base image for the scenario, as a docker-archive.
#
# Debian, made by debootstrap from the machine's own mirrors and with its apt
# settings, so that apt works in the container as it does here; or, with --small,
# busybox and a stand-in for node, for a machine without a mirror.
set -euo pipefail

die() {
	echo "base-image.sh: $*" >&2
	exit 1
}

# The mirrors of this release that apt knows here: "URI SUITE COMPONENT" lines.
sources() {
	# shellcheck disable=SC1091
	. /etc/os-release
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
		awk -v code="$VERSION_CODENAME" '$1 ~ /debian/ && index($2, code) == 1 && !seen[$0]++'
}

# The settings that decide whether and how the mirrors are reached.
apt_settings() {
	apt-config dump | grep -E '^Acquire::(http|https|Check-Valid-Until|Check-Date)' || true
}

debian() {
	local root=$1 uri suite component
	sources >"$WORK/sources"
	[[ -s $WORK/sources ]] || die "apt knows no Debian mirror: see /etc/apt/sources.list"
	read -r uri suite component <"$WORK/sources"
	debootstrap --variant=minbase "$suite" "$root" "$uri" >"$WORK/log" 2>&1 || {
		tail -n 20 "$WORK/log" >&2
		die "debootstrap failed"
	}
	while read -r uri suite component; do
		echo "deb $uri $suite $component"
	done <"$WORK/sources" >"$root/etc/apt/sources.list"
	apt_settings >"$root/etc/apt/apt.conf.d/90host"
	echo 'APT::Install-Recommends "false";' >>"$root/etc/apt/apt.conf.d/90host"
	cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
	rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
}

small() {
	local root=$1
	mkdir -p "$root"/{bin,etc,root,tmp,proc,sys,dev,usr/share/node}
	chmod 1777 "$root/tmp"
	cp "$(command -v busybox)" "$root/bin/busybox"
	chroot "$root" /bin/busybox --install -s /bin
	echo root:x:0:0:root:/root:/bin/sh >"$root/etc/passwd"
	echo root:x:0: >"$root/etc/group"
	cat >"$root/usr/share/node/node" <<-'END'
	#!/bin/sh
	# Understands one program: console.log of one string.
	[ "$1" = -e ] && program=$2 || program=$(cat "$1")
	echo "$program" | sed -n "s/^console\.log([\"']\(.*\)[\"'])\$/\1/p"
	END
	cat >"$root/bin/install-node" <<-'END'
	#!/bin/sh
	cp /usr/share/node/node /bin/node && chmod 755 /bin/node && echo installed
	END
	chmod 755 "$root/bin/install-node"
}

# archive ROOT SHELL FILE: what "docker save" writes, with one layer.
archive() {
	local id
	tar --numeric-owner -C "$1" -cf "$WORK/layer.tar" .
	id=$(sha256sum "$WORK/layer.tar" | cut -d' ' -f1)
	jq -n --arg diff "sha256:$id" --arg shell "$2" --arg arch "$(dpkg --print-architecture)" '{
		architecture: $arch, os: "linux", created: (now | todate),
		config: {Cmd: [$shell], Env:
			["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]},
		rootfs: {type: "layers", diff_ids: [$diff]},
		history: [{created: (now | todate), created_by: "base-image.sh"}]}' >"$WORK/config.json"
	jq -n '[{Config: "config.json", RepoTags: ["base:latest"], Layers: ["layer.tar"]}]' \
		>"$WORK/manifest.json"
	tar -C "$WORK" -cf "$3" manifest.json config.json layer.tar
}

kind=debian shell=bash
if [[ ${1-} == --small ]]; then
	kind=small shell=sh
	shift
fi
(($# == 1)) || die "usage: base-image.sh [--small] FILE"
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
mkdir "$WORK/root"
"$kind" "$WORK/root"
archive "$WORK/root" "$shell" "$1"
