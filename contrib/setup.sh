# shellcheck shell=bash
# Sourced by contrib/quickstart.sh and tests/run.sh from the top of the tree: the
# Debian packages they need, and the build.

BUILD_PACKAGES=(autoconf automake pkg-config gcc make libc6-dev musl-tools libyajl-dev libseccomp-dev
	libcap-dev libsystemd-dev libarchive-dev libisal-dev libzstd-dev libssl-dev liblzma-dev zlib1g-dev libbz2-dev)
# What the main job is shown with: a base image, and other tools that read ours.
SCENARIO_PACKAGES=(debootstrap busybox-static jq python3 skopeo umoci xz-utils zstd ca-certificates)
TEST_PACKAGES=(bats crun runc podman buildah containerd docker-registry attr strace mandoc e2fsprogs procps
	util-linux bsdextrautils xxd bpftool libcap2-bin git bzip2 patch libc6-dbg)
# The engines that tests/clients runs, and a client of Kubernetes' interface.
CLIENT_PACKAGES=(podman buildah conmon crun netavark iptables containerd docker.io
	containernetworking-plugins python3-grpcio python3-protobuf python3-websocket iproute2)

OUT=$(mktemp -d)
trap 'rm -rf "$OUT"' EXIT

say() {
	printf '\n== %s\n' "$*"
}

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# quietly NAME COMMAND...: the output is of interest only when it fails.
quietly() {
	local name=$1
	shift
	"$@" >"$OUT/log" 2>&1 </dev/null || {
		tail -n 60 "$OUT/log" >&2
		die "$name failed"
	}
}

# install_packages PACKAGE...: those that are not there yet.
install_packages() {
	local package installed missing=()
	# At once: a process for each takes long in an emulated machine.
	installed=$(dpkg-query -W -f ' ${Package}=${db:Status-Status} ' "$@" 2>/dev/null) || true
	for package in "$@"; do
		[[ $installed == *" $package=installed "* ]] || missing+=("$package")
	done
	((${#missing[@]})) || return 0
	say "installing ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	quietly "apt-get update" apt-get update
	quietly "apt-get install" apt-get install -y --no-install-recommends "${missing[@]}"
}

# CONFIGURE_FLAGS goes to ./configure when the tree is not configured yet.
build() {
	say "building"
	[[ -x configure ]] || quietly autogen.sh ./autogen.sh
	# shellcheck disable=SC2086 # several flags in one variable
	[[ -f Makefile ]] || quietly configure ./configure ${CONFIGURE_FLAGS-}
	quietly make make -j"$(nproc)"
}
