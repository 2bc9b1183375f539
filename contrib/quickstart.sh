#!/bin/bash
# Installs what is missing, builds, and shows the main job: a Debian base image is
# imported, run on a terminal, changed, committed, and run again.
#
#	sudo contrib/quickstart.sh [--small]	--small: busybox instead of Debian
#
# Everything it makes is in a temporary directory, but for the build in this tree.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=contrib/setup.sh
source contrib/setup.sh

((EUID == 0)) || die "containers of root are made: run this as root"
install_packages "${BUILD_PACKAGES[@]}" "${SCENARIO_PACKAGES[@]}"
build
say "the main job"
# The sandbox keeps the host's cgroups and mounts as they are, and the disk clean.
tests/helpers/sandbox tests/scenario/run.sh "$@"
