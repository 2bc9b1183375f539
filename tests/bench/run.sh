#!/bin/bash
# Measures dabba beside crun, runc and floor.c in one interleaved run: every round does
# everything once with every program.  report.py makes the table and says which targets hold.
#
#	sudo tests/bench/run.sh [OPTION...] [ROUNDS]	30 rounds unless told
#	--json FILE	all figures: medians, quartiles, counts, targets
#	--results FILE	the table with machine and versions, as in tests/bench/RESULTS.md
#	--phases	where the time of dabba's run goes
#	--dynamic	a column for a build with shared libraries, made for this
#	--brief		no crowds: one minute instead of many
#	--check		fail when a figure that noise cannot break is above its limit in
#			tests/bench/limits.tsv
#	BENCH_RUNTIMES="dabba crun runc"	which programs; NAME=PATH for others
#	BENCH_CROWD=1000			how many containers or mounts are many
set -euo pipefail
TOP=$(cd "$(dirname "$0")/../.." && pwd)
BENCH=$TOP/tests/bench

[[ -n ${DABBA_SANDBOX-} ]] || BENCH_COMMAND="tests/bench/run.sh $*" exec "$TOP/tests/helpers/sandbox" "$0" "$@"

note() {
	printf '%s\n' "$1" >&2
}

die() {
	echo "bench: $*" >&2
	exit 1
}

json='' results='' phases='' dynamic='' brief='' check='' rounds=30
while (($#)); do
	case $1 in
	--json) json=$(realpath -m "$2") && shift ;;
	--results) results=$(realpath -m "$2") && shift ;;
	--phases | --dynamic | --brief | --check) declare "${1#--}=1" ;;
	[1-9]*) rounds=$1 ;;
	*) die "unknown argument $1" ;;
	esac
	shift
done
crowd=${BENCH_CROWD:-1000}
DATA=$TMPDIR/data
STDERR=$TMPDIR/stderr
: >"$DATA"
declare -A program
names=()
# What a command to measure is started by.
inside=()

# add_program NAME PATH
add_program() {
	names+=("$1")
	program[$1]=$2
}

find_programs() {
	local name
	for name in ${BENCH_RUNTIMES:-dabba crun runc}; do
		if [[ $name == *=* ]]; then
			add_program "${name%%=*}" "$(realpath "${name#*=}")"
		elif [[ $name == dabba ]]; then
			add_program dabba "$TOP/dabba"
			[[ -z $dynamic ]] || build_dynamic
		elif command -v "$name" >/dev/null; then
			add_program "$name" "$(command -v "$name")"
		fi
	done
	((${#names[@]})) || die "none of the programs is installed"
}

# The same sources with shared libraries, as distributions build them.
build_dynamic() {
	local dir=$TMPDIR/dynamic
	mkdir "$dir"
	git -C "$TOP" archive HEAD | tar -x -C "$dir"
	(cd "$dir" && ./autogen.sh && ./configure --disable-static-runtime &&
		make -j"$(nproc)" dabba) >"$TMPDIR/build.log" 2>&1 || {
		tail -n 20 "$TMPDIR/build.log" >&2
		die "the dynamic build failed"
	}
	add_program dynamic "$dir/dabba"
}

# make_bundle NAME ARGS [JQ]: a bundle below TMPDIR, its config changed by JQ.
make_bundle() {
	local dir=$TMPDIR/$1 numbers
	mkdir -p "$dir"
	ln -sfn ../rootfs "$dir/rootfs"
	numbers=$(printf '#include <asm/unistd.h>\n' | gcc -E -dM - |
		sed -n 's/^#define __NR_\([a-z0-9_]*\) .*/\1/p')
	jq -f "$BENCH/config.jq" --arg names "$numbers" --argjson args "$2" \
		"$TOP/tests/integration/helpers/config.json" |
		jq ".root.path = \"$TMPDIR/rootfs\" | ${3:-.}" >"$dir/config.json"
}

make_bundles() {
	mkdir -p "$TMPDIR"/rootfs/{bin,dev,proc,sys,etc}
	cp "$(command -v busybox)" "$TMPDIR/rootfs/bin/true"
	cp "$(command -v busybox)" "$TMPDIR/rootfs/bin/sleep"
	make_bundle quick '["/bin/true"]'
	make_bundle long '["/bin/sleep", "1000"]'
	# The same devices as floor.c's.
	make_bundle devices '["/bin/true"]' '.linux.resources.devices =
		[{allow: false, access: "rwm"}] + ([[1, 3], [1, 5], [1, 7], [1, 8], [1, 9], [5, 0],
		[5, 2], [136, null]] | map({allow: true, type: "c", major: .[0], access: "rwm"} +
		if .[1] == null then {} else {minor: .[1]} end))'
	make_bundle hostnet '["/bin/true"]' \
		'.linux.namespaces |= map(select(.type != "network"))'
}

# watch [-n COPIES] LABEL COMMAND...: one measurement; its failure ends everything.
watch() {
	local copies=()
	[[ $1 != -n ]] || { copies=(-n "$2") && shift 2; }
	"${inside[@]}" "$BENCH/stopwatch" "${copies[@]}" "$DATA" "$@" 2>"$STDERR" || {
		cat "$STDERR" >&2
		die "$*"
	}
}

# call NAME ARGUMENT...: sets CALL to the command line of that program.
call() {
	CALL=("${program[$1]}" --root "$TMPDIR/state-$1" "${@:2}")
}

# measure NAME WHAT ARGUMENT...
measure() {
	call "$1" "${@:3}"
	watch "$1.$2" "${CALL[@]}"
}

# quietly NAME ARGUMENT...: not measured.
quietly() {
	call "$@"
	"${inside[@]}" "${CALL[@]}" </dev/null >/dev/null 2>"$STDERR" || {
		cat "$STDERR" >&2
		die "${CALL[*]}"
	}
}

await_end() {
	call "$1" state "$2"
	until [[ $("${CALL[@]}") == *stopped* ]]; do
		sleep 0.002
	done
}

declare -A unable

# Debian's crun wants a higher RLIMIT_MEMLOCK for device rules than this root may have.
probe_devices() {
	local name
	for name in "${names[@]}"; do
		call "$name" run --bundle "$TMPDIR/devices" "$name-devices"
		"${CALL[@]}" </dev/null >/dev/null 2>"$STDERR" && continue
		[[ $name != dabba ]] || die "$(cat "$STDERR")"
		note "$name cannot run with device rules here: $(head -n 1 "$STDERR")"
		unable[$name]=1
		call "$name" delete --force "$name-devices"
		"${CALL[@]}" >/dev/null 2>&1 || :
	done
}

# one_round NAME: every verb once.
one_round() {
	measure "$1" run run --bundle "$TMPDIR/quick" "$1-run"
	[[ -n ${unable[$1]-} ]] || measure "$1" devices run --bundle "$TMPDIR/devices" "$1-devices"
	measure "$1" create create --bundle "$TMPDIR/long" "$1"
	measure "$1" state state "$1"
	measure "$1" list list
	measure "$1" start start "$1"
	measure "$1" exec exec "$1" /bin/true
	measure "$1" kill kill "$1" KILL
	await_end "$1" "$1"
	measure "$1" delete delete "$1"
	quietly "$1" run --detach --bundle "$TMPDIR/long" "$1"
	measure "$1" force delete --force "$1"
}

floor() {
	watch "floor.$1" "$BENCH/floor" "${@:2}"
}

# floor_run WHAT [VARIANT]
floor_run() {
	floor "$1" run "$TMPDIR/rootfs" /sys/fs/cgroup/floor /bin/true ${2:+"$2"}
}

floor_round() {
	floor_run run
	floor_run devices devices
	floor exec exec "$TARGET" "$TARGET_CGROUP" /bin/true
	floor nothing nothing
}

# A running container for "floor exec".
make_target() {
	quietly "${names[0]}" run --detach --bundle "$TMPDIR/long" target
	call "${names[0]}" state target
	TARGET=$("${CALL[@]}" | jq .pid)
	TARGET_CGROUP=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$TARGET/cgroup")
}

remove_target() {
	quietly "${names[0]}" delete --force target
}

# watch_settled -n COPIES LABEL COMMAND...: after the kernel has cleared away the crowd before.
watch_settled() {
	sleep 0.2
	watch "$@"
}

# parallel COPIES: that many containers at once, with and without a network namespace.
parallel() {
	local name
	for name in "${names[@]}"; do
		call "$name" run --bundle "$TMPDIR/quick" "$name-{}"
		watch_settled -n "$1" "$name.at-once-$1" "${CALL[@]}"
		call "$name" run --bundle "$TMPDIR/hostnet" "$name-{}"
		watch_settled -n "$1" "$name.at-once-$1-hostnet" "${CALL[@]}"
	done
	watch_settled -n "$1" "floor.at-once-$1" "$BENCH/floor" run "$TMPDIR/rootfs" \
		/sys/fs/cgroup/floor-{} /bin/true
	watch_settled -n "$1" "floor.at-once-$1-hostnet" "$BENCH/floor" run "$TMPDIR/rootfs" \
		/sys/fs/cgroup/floor-{} /bin/true host-net
}

# among WHAT NAME: create, run and list while there is much of something, or as much as ever.
among() {
	measure "$2" "create-$1" create --bundle "$TMPDIR/long" "$2-extra"
	measure "$2" "list-$1" list
	quietly "$2" delete --force "$2-extra"
	measure "$2" "run-$1" run --bundle "$TMPDIR/quick" "$2-extra"
}

# start_crowd_of_mounts: sets CROWD to a process whose mount namespace has many more.
start_crowd_of_mounts() {
	local i dir=$TMPDIR/mounts
	mkdir "$dir"
	unshare --mount --propagation private sleep infinity &
	CROWD=$!
	until [[ $(readlink "/proc/$CROWD/ns/mnt") != $(readlink /proc/self/ns/mnt) ]]; do
		sleep 0.01
	done
	nsenter --mount="/proc/$CROWD/ns/mnt" bash -euc 'mount -t tmpfs crowd "$1"
		mkdir "$1/source"
		for ((i = 0; i < $2; i++)); do
			echo "$1/$i"
		done | xargs mkdir
		for ((i = 0; i < $2; i++)); do
			mount --bind "$1/source" "$1/$i"
		done' - "$dir" "$crowd"
}

# Every container begins with a copy of all mounts.  Each round is outside of the crowd and
# inside, since growth is a small difference and the machine is not the same in a minute.
crowd_of_mounts() {
	local i name CROWD
	start_crowd_of_mounts
	for ((i = 0; i < rounds; i++)); do
		for name in "${names[@]}"; do
			among no-mounts "$name"
		done
		floor_run run-no-mounts
		inside=(nsenter --mount="/proc/$CROWD/ns/mnt")
		for name in "${names[@]}"; do
			among mounts "$name"
		done
		floor_run run-mounts
		inside=()
	done
	kill "$CROWD"
}

# Many containers of NAME that wait for their start.  The rounds without them, which growth is
# held against, are half before and half after.
crowd_of_containers() {
	local i
	few_containers "$1"
	for ((i = 0; i < crowd; i++)); do
		quietly "$1" create --bundle "$TMPDIR/long" "crowd-$i"
	done
	for ((i = 0; i < (rounds + 1) / 2; i++)); do
		among containers "$1"
		floor_run "run-containers-$1"
	done
	for ((i = 0; i < crowd; i++)); do
		quietly "$1" delete --force "crowd-$i"
	done
	few_containers "$1"
}

# few_containers NAME: a quarter of the rounds without a crowd.
few_containers() {
	local i
	for ((i = 0; i < (rounds + 3) / 4; i++)); do
		among no-containers "$1"
		floor_run "run-no-containers-$1"
	done
}

# System calls of one run, of the runtime and of the container's process together.
count_calls() {
	strace -f -qq -o "$TMPDIR/calls" "${@:2}" </dev/null >/dev/null 2>&1 || return 0
	printf '%s.calls %s\n' "$1" \
		"$(grep -c '^[0-9]* *[a-z0-9_]*(' "$TMPDIR/calls")" >>"$DATA"
}

count_all_calls() {
	local name
	command -v strace >/dev/null || return 0
	for name in "${names[@]}"; do
		call "$name" run --bundle "$TMPDIR/quick" "$name-calls"
		count_calls "$name" "${CALL[@]}"
	done
	count_calls floor "$BENCH/floor" run "$TMPDIR/rootfs" /sys/fs/cgroup/floor /bin/true
}

# Instructions of what only computes: the same on a noisy machine.
count_instructions() {
	local part
	command -v valgrind >/dev/null || return 0
	for part in nothing read filter; do
		valgrind --tool=callgrind --callgrind-out-file=/dev/null \
			"$BENCH/pure" "$part" "$TMPDIR/quick/config.json" 2>&1 |
			sed -n "s/.*Collected : \([0-9]*\).*/dabba.instructions-$part \1/p" >>"$DATA"
	done
}

find_programs
make_bundles
make_target
probe_devices
note "$rounds rounds of ${names[*]} and floor"
for ((round = 0; round < rounds; round++)); do
	for name in "${names[@]}"; do
		one_round "$name"
	done
	floor_round
done
remove_target
count_all_calls
count_instructions
if [[ -z $brief ]]; then
	note "many at once"
	for ((round = 0; round < rounds; round++)); do
		parallel 8
		parallel 32
	done
	note "among $crowd mounts"
	crowd_of_mounts
	for name in "${names[@]}"; do
		# A thousand waiting processes of runc want more memory than most have.
		[[ $name == runc ]] && continue
		note "among $crowd containers of $name"
		crowd_of_containers "$name"
	done
fi
"$BENCH/seccomp" -n "$rounds" "$TOP"/tests/data/seccomp-*.json >"$TMPDIR/seccomp"
if [[ -n $phases ]]; then
	for ((round = 0; round < rounds; round++)); do
		quietly dabba run --timing chrome --timing-file "$TMPDIR/phases-$round.json" \
			--bundle "$TMPDIR/quick" phases
	done
fi

for name in "${names[@]}"; do
	printf '%s\t%s\n' "$name" "$("${program[$name]}" --version | head -n 1)"
done >"$TMPDIR/versions"
git -C "$TOP" log -1 --format=%h >"$TMPDIR/commit" 2>/dev/null || : >"$TMPDIR/commit"
python3 "$BENCH/report.py" "$TMPDIR" --names "${names[*]}" --rounds "$rounds" --crowd "$crowd" \
	${json:+--json "$json"} ${results:+--results "$results"} ${check:+--check "$BENCH/limits.tsv"}
