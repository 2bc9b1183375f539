#!/bin/bash
# Builds measured against buildah and podman, in one run, round by round: a cold build of
# ten steps, the same again from the cache, after a change of the last step, a context of
# 10,000 files, and twenty steps upon it, all from the cache.  No network.  Everything is on one file system, a tmpfs of this script's own.
#
#	sudo tests/bench/build.sh [ROUNDS]	(default: 3)
#
# Prints medians in milliseconds and the ratio to the better peer.
set -euo pipefail
TOP=$(realpath "$(dirname "$0")/../..")
ROUNDS=${1:-3}
if [[ -z ${DABBA_SANDBOX-} ]]; then
	exec "$TOP/tests/helpers/sandbox" "$0" "$@"
fi
WORK=$(mktemp -d)
mount -t tmpfs -o size=8g bench "$WORK"
cleanup() {
	cd /
	awk -v dir=" $WORK/" 'index($0, dir) { print $5 }' /proc/self/mountinfo | xargs -r umount -l
	umount -l "$WORK"
	rmdir "$WORK"
}
trap cleanup EXIT
cd "$WORK"

# The base is busybox and 40 MB of files, so that a layer is something.
make_base() {
	mkdir -p base/{bin,etc,tmp,usr/share}
	cp "$(command -v busybox)" base/bin/busybox
	for applet in sh cat mkdir touch rm cp sleep true seq; do
		ln -s busybox "base/bin/$applet"
	done
	cp -r /usr/share/perl base/usr/share/ 2>/dev/null || cp -r /usr/share/doc base/usr/share/
	tar -C base -cf base.tar .
}

make_context() {
	mkdir -p ctx/src many
	for i in {1..50}; do
		head -c 20000 /dev/urandom >"ctx/src/file$i"
	done
	echo 1 >ctx/last
	cat >ctx/Containerfile <<-'EOF'
		FROM base
		ENV PATH=/bin A=1
		WORKDIR /app
		COPY src /app/src
		RUN cat src/* >all
		RUN mkdir -p d/e && for i in $(seq 200); do echo $i >d/e/$i; done
		RUN cp -r d f
		LABEL version=1
		COPY last /app/
		CMD ["/bin/true"]
	EOF
	for d in {1..100}; do
		mkdir "many/d$d"
		for f in {1..100}; do
			echo "$d $f" >"many/d$d/f$f"
		done
	done
	printf 'FROM base\nCOPY . /many\n' >many/Containerfile
	{
		printf 'FROM base\nENV PATH=/bin\nCOPY . /many\n'
		for i in {1..16}; do
			echo "RUN echo $i >/step$i"
		done
		echo 'CMD ["/bin/true"]'
	} >twenty
}

dabba() {
	PATH=$TOP:$PATH "$TOP/dabba-image" --root "$WORK/dabba" "$@"
}
buildah_() {
	buildah --root "$WORK/peer" --runroot "$WORK/peer-run" "$@"
}
podman_() {
	podman --root "$WORK/peer" --runroot "$WORK/peer-run" --runtime crun --cgroup-manager cgroupfs "$@"
}

# build WHO CONTEXT [OPTION...]
build() {
	case $1 in
	dabba) dabba build -q -t "bench-$1" "${@:3}" "$2" ;;
	buildah) buildah_ bud -q --layers --isolation chroot --pull-never -t "bench-$1" "${@:3}" "$2" ;;
	podman) podman_ build -q --layers --isolation chroot --pull=never -t "bench-$1" "${@:3}" "$2" ;;
	esac >/dev/null 2>>"$WORK/errors" || {
		echo "bench: $1 failed to build $2" >&2
		tail -n 5 "$WORK/errors" >&2
		exit 1
	}
}

# forget WHO: every image and layer but the base's.
forget() {
	if [[ $1 == dabba ]]; then
		dabba rmi -f bench-dabba >/dev/null 2>&1 || true
		dabba cache prune >/dev/null
		dabba gc >/dev/null
	else
		buildah_ images -q --filter dangling=true | xargs -r buildah --root "$WORK/peer" \
			--runroot "$WORK/peer-run" rmi -f >/dev/null 2>&1 || true
		buildah_ rmi -f "bench-buildah" >/dev/null 2>&1 || true
		buildah_ rmi -f "bench-podman" >/dev/null 2>&1 || true
		buildah_ rmi --prune >/dev/null 2>&1 || true
	fi
}

# timed FILE COMMAND...
timed() {
	local out=$1 from to
	shift
	from=${EPOCHREALTIME/./}
	"$@"
	to=${EPOCHREALTIME/./}
	echo $(((to - from) / 100)) >>"$out"
}

make_base
make_context
dabba import base.tar base >/dev/null
buildah_ from --name import scratch >/dev/null
buildah_ add import base.tar / >/dev/null
buildah_ config --cmd /bin/sh import
buildah_ commit -q import localhost/base >/dev/null
buildah_ rm import >/dev/null
for ((round = 0; round < ROUNDS; round++)); do
	for who in dabba buildah podman; do
		forget "$who"
		timed "$who.cold" build "$who" ctx
		timed "$who.cached" build "$who" ctx
		echo "$round $who" >ctx/last
		timed "$who.last" build "$who" ctx
		timed "$who.many" build "$who" many
		timed "$who.many-cached" build "$who" many
		build "$who" many -f twenty
		timed "$who.twenty-cached" build "$who" many -f twenty
	done
done

median() {
	sort -n "$1" | awk '{ v[NR] = $1 } END { printf "%.1f", v[int((NR + 1) / 2)] / 10 }'
}

printf '%d rounds, medians, Linux %s, %d processors, %s\n' "$ROUNDS" "$(uname -r)" "$(nproc)" \
	"$(buildah --version | cut -d' ' -f1-3), $(podman --version)"
printf '%-14s %9s %9s %9s %7s\n' ms dabba buildah podman ratio
for what in cold cached last many many-cached twenty-cached; do
	d=$(median "dabba.$what") b=$(median "buildah.$what") p=$(median "podman.$what")
	awk -v w="$what" -v d="$d" -v b="$b" -v p="$p" \
		'BEGIN { best = b < p ? b : p; printf "%-14s %9s %9s %9s %7.2f\n", w, d, b, p, d / best }'
done
echo "cold: ten steps; last: the last COPY changed; many: COPY of 10,000 files; twenty: 16 RUNs upon that; ratio: to the better peer"
