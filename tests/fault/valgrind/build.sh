#!/bin/bash
# build.sh DIRECTORY: valgrind, from Debian's source and with the system calls that dabba
# makes (system-calls.patch), for x86-64. It runs where it was built: as
# DIRECTORY/coregrind/valgrind, with VALGRIND_LIB=DIRECTORY/.in_place.
#
# The source is that of Debian 13 (valgrind 3.24), from the mirror that apt knows here and
# checked as any package; apt's own lists stay as they are.  Debian 12's knows neither
# openat2 nor pidfds.
set -euo pipefail
shopt -s extglob

die() {
	echo "build.sh: $*" >&2
	exit 1
}

quietly() {
	"$@" >log 2>&1 </dev/null || {
		tail -n 40 log >&2
		die "$1 failed"
	}
}

# The first mirror of this machine's release.
mirror() {
	# shellcheck disable=SC1091,SC2016
	. /etc/os-release && apt-get indextargets --format '$(REPO_URI) $(RELEASE)' \
		'Created-By: Packages' |
		awk -v s="$VERSION_CODENAME" '$1 ~ /debian/ && $2 == s { print $1; exit }'
}

# private_apt ARGUMENT...: with its lists in ./apt.
private_apt() {
	apt-get -o Dir::State="$PWD/apt" -o Dir::Cache="$PWD/apt" -o APT::Sandbox::User=root \
		-o Dir::Etc::SourceList="$PWD/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null "$@"
}

get_source() {
	local uri
	uri=$(mirror)
	[[ -n $uri ]] || die "apt knows no Debian mirror: see /etc/apt/sources.list"
	mkdir -p apt/lists/partial apt/archives/partial
	echo "deb-src $uri trixie main" >apt/sources.list
	quietly private_apt update
	quietly private_apt source --download-only --tar-only valgrind
	rm -r apt
	tar -xf valgrind_*.orig.tar.* --strip-components=1
	rm valgrind_*
}

# Memcheck for this machine alone: what is for other processors is not asked for by
# anything that is linked, and would be half of the work.
compile() {
	quietly ./configure --enable-only64bit
	for file in VEX/priv/{guest,host}_@(arm|arm64|mips|nanomips|ppc|s390|x86)_*.c \
		VEX/priv/guest_nanomips*.c; do
		: >"$file"
	done
	quietly make -j"$(nproc)" CFLAGS="-O1 -g0" SUBDIRS="include VEX coregrind ."
	quietly make -C memcheck CFLAGS="-O1 -g0" SUBDIRS=.
}

(($# == 1)) || die "usage: build.sh DIRECTORY"
[[ $(uname -m) == x86_64 ]] || die "the patch is for x86-64 only"
patch=$(realpath "$(dirname "$0")/system-calls.patch")
mkdir -p "$1" && cd "$1"
get_source
quietly patch --batch -p1 -i "$patch"
compile
