#!/bin/bash
# Medians of the verbs of dabba, of crun and runc where they are installed, and of
# floor.c, from one interleaved run: every round measures every program once.
#
#	sudo tests/bench/run.sh [ROUNDS]	30 rounds unless told
#	BENCH_RUNTIMES="dabba crun runc"	which programs
set -euo pipefail
TOP=$(cd "$(dirname "$0")/../.." && pwd)
VERBS=(run create state list start exec kill delete)

[[ -n ${DABBA_SANDBOX-} ]] || exec "$TOP/tests/helpers/sandbox" "$0" "$@"

rounds=${1:-30}
runtimes=()
for name in ${BENCH_RUNTIMES:-dabba crun runc}; do
	if [[ $name == dabba ]]; then
		runtimes+=("$TOP/dabba")
	elif command -v "$name" >/dev/null; then
		runtimes+=("$(command -v "$name")")
	fi
done
RESULTS=$TMPDIR/results
: >"$RESULTS"

make_bundle() {
	local names
	mkdir -p "$1"/rootfs/{bin,dev,proc,sys,etc}
	cp "$(command -v busybox)" "$1/rootfs/bin/true"
	cp "$(command -v busybox)" "$1/rootfs/bin/sleep"
	names=$(printf '#include <asm/unistd.h>\n' | gcc -E -dM - |
		sed -n 's/^#define __NR_\([a-z0-9_]*\) .*/\1/p')
	jq -f "$TOP/tests/bench/config.jq" --arg names "$names" --argjson args "$2" \
		"$TOP/tests/integration/helpers/config.json" >"$1/config.json"
}

watch() {
	"$TOP/tests/bench/stopwatch" "$RESULTS" "$@"
}

# one_round RUNTIME: every verb once.
one_round() {
	local name=${1##*/} root=$TMPDIR/state-${1##*/}
	local call=("$1" --root "$root")
	watch "$name.run" "${call[@]}" run --bundle "$TMPDIR/quick" "$name-run"
	watch "$name.create" "${call[@]}" create --bundle "$TMPDIR/long" "$name"
	watch "$name.state" "${call[@]}" state "$name"
	watch "$name.list" "${call[@]}" list
	watch "$name.start" "${call[@]}" start "$name"
	watch "$name.exec" "${call[@]}" exec "$name" /bin/true
	watch "$name.kill" "${call[@]}" kill "$name" KILL
	until [[ $("${call[@]}" state "$name") == *stopped* ]]; do
		sleep 0.002
	done
	watch "$name.delete" "${call[@]}" delete "$name"
}

floor_round() {
	local floor=$TOP/tests/bench/floor
	watch floor.run "$floor" run "$TMPDIR/quick/rootfs" /sys/fs/cgroup/floor /bin/true
	watch floor.exec "$floor" exec "$1" "$2" /bin/true
	watch floor.nothing "$floor" nothing
}

# floor_target: a running container for "floor exec".
floor_target() {
	"${runtimes[0]}" --root "$TMPDIR/target" run --detach --bundle "$TMPDIR/long" target \
		</dev/null >/dev/null 2>&1
	TARGET=$("${runtimes[0]}" --root "$TMPDIR/target" state target | jq .pid)
	TARGET_CGROUP=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$TARGET/cgroup")
}

medians() {
	sort -k1,1 -k2,2n "$RESULTS" | awk '
	function flush() { if (n) print label, v[int((n + 1) / 2)] / 1000; n = 0 }
	$1 != label { flush(); label = $1 }
	{ v[++n] = $2 }
	END { flush() }'
}

table() {
	medians | awk -v verbs="${VERBS[*]}" -v names="${runtimes[*]##*/}" '
	{ median[$1] = $2 }
	END {
		count = split(verbs, verb, " ")
		programs = split(names, name, " ")
		printf "%-8s", "ms"
		for (p = 1; p <= programs; p++)
			printf "%9s", name[p]
		printf "%9s", "floor"
		for (p = 2; p <= programs; p++)
			printf "%11s", name[1] "/" name[p]
		printf "%13s\n", name[1] "/floor"
		for (i = 1; i <= count; i++) {
			least = median["floor." verb[i]]
			if (!least)
				least = median["floor.nothing"]
			printf "%-8s", verb[i]
			for (p = 1; p <= programs; p++)
				printf "%9.2f", median[name[p] "." verb[i]]
			printf "%9.2f", least
			for (p = 2; p <= programs; p++)
				printf "%11.2f", median[name[1] "." verb[i]] / median[name[p] "." verb[i]]
			printf "%13.2f\n", median[name[1] "." verb[i]] / least
		}
	}'
}

make_bundle "$TMPDIR/quick" '["/bin/true"]'
make_bundle "$TMPDIR/long" '["/bin/sleep", "1000"]'
floor_target
for ((round = 0; round < rounds; round++)); do
	for runtime in "${runtimes[@]}"; do
		one_round "$runtime"
	done
	floor_round "$TARGET" "$TARGET_CGROUP"
done
echo "$rounds rounds, medians, $(uname -sr), $(nproc) processors"
table
echo "floor: run and exec do the kernel's work alone; the other verbs: starting a static program"
