#!/bin/bash
# Measures "delete --force" of a running container that has a cgroup (with limits where the
# controllers are there), dabba beside crun and runc in turn, and prints the medians.
#
#	sudo tests/bench/delete-force.sh [ROUNDS]		20 rounds unless told
#	sudo tests/vm/run.sh tests/bench/delete-force.sh	with all controllers
set -euo pipefail
TOP=$(cd "$(dirname "$0")/../.." && pwd)
[[ -n ${DABBA_SANDBOX-} ]] || exec "$TOP/tests/helpers/sandbox" "$0" "$@"

ROUNDS=${1:-20}
DATA=$TMPDIR/data
PROGRAMS=("$TOP/dabba")
for name in crun runc; do
	! command -v "$name" >/dev/null || PROGRAMS+=("$(command -v "$name")")
done

mkdir -p "$TMPDIR"/bundle/rootfs/{bin,dev,proc,sys,etc}
cp "$(command -v busybox)" "$TMPDIR/bundle/rootfs/bin/sleep"
limits='.'
if grep -qw memory /sys/fs/cgroup/cgroup.controllers; then
	limits='.linux.resources = {memory: {limit: 67108864}, pids: {limit: 30}, cpu: {shares: 512}}'
fi
jq ".process.args = [\"sleep\", \"1000\"] | .linux.cgroupsPath = \"/force\" | $limits" \
	"$TOP/tests/integration/helpers/config.json" >"$TMPDIR/bundle/config.json"

for ((i = 0; i < ROUNDS; i++)); do
	for program in "${PROGRAMS[@]}"; do
		"$program" --root "$TMPDIR/state" run --detach --bundle "$TMPDIR/bundle" force \
			</dev/null >/dev/null
		"$TOP/tests/bench/stopwatch" "$DATA" "${program##*/}" \
			"$program" --root "$TMPDIR/state" delete --force force
	done
done
for program in "${PROGRAMS[@]}"; do
	awk -v name="${program##*/}" '$1 == name { print $2 }' "$DATA" | sort -n |
		awk -v name="${program##*/}" '{ v[NR] = $1 } END {
			printf "%-6s median %8.2f ms, least %8.2f ms, %d rounds\n", name,
				v[int((NR + 1) / 2)] / 1000, v[1] / 1000, NR }'
done
