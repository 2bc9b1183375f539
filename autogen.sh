#!/bin/sh
# Generates ./configure. Needs autoconf, automake and pkg-config (Debian packages).
set -eu
cd "$(dirname "$0")"
for tool in autoreconf:autoconf aclocal:automake pkg-config:pkg-config; do
	command -v "${tool%%:*}" >/dev/null || {
		echo "autogen.sh: ${tool%%:*} not found: apt-get install ${tool##*:}" >&2
		exit 1
	}
done
mkdir -p build-aux
exec autoreconf --install --force
