#!/usr/bin/env bats
# What a run costs, as far as it can be counted: no clock is asked, so a busy machine
# changes nothing. tests/bench measures the rest.
load helpers/bundle

# The container that tests/bench/run.sh measures.
setup() {
	local names
	setup_bundle
	require dabba
	require musl-build
	names=$(printf '#include <asm/unistd.h>\n' | gcc -E -dM - |
		sed -n 's/^#define __NR_\([a-z0-9_]*\) .*/\1/p')
	jq -f "$TOP/tests/bench/config.jq" --arg names "$names" --argjson args '["true"]' \
		config.json >config.json.new
	mv config.json.new config.json
}

@test "cost: system calls of a run, those of its busybox included" {
	require command strace
	must runtime run "$ID"
	must strace -f -qq -c -o calls "$RUNTIME" --root "$ROOT" run "$ID"
	tail -n 1 calls
	[[ $(awk '$NF == "total" { print $4 }' calls) -lt 265 ]]
	nothing_left
}

@test "cost: system calls of state, list and kill" {
	require command strace
	edit '.process.args = ["sleep", "100"]'
	must runtime run --detach "$ID"
	for verb in "state $ID" list "kill $ID 0"; do
		# shellcheck disable=SC2086
		must strace -f -qq -c -o calls "$RUNTIME" --root "$ROOT" $verb
		tail -n 1 calls
		[[ $(awk '$NF == "total" { print $4 }' calls) -lt 45 ]]
	done
	must runtime delete --force "$ID"
}

@test "cost: peak memory of the runtime that waits for its container" {
	local peak
	edit '.process.args = ["sleep", "100"]'
	runtime run "$ID" </dev/null >/dev/null 2>&1 3>&- &
	eventually has_status running
	peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$(pgrep -f -- "--root $ROOT run" | tail -n 1)/status")
	must runtime delete --force "$ID"
	wait $! || true
	echo "$peak KB"
	((peak > 0 && peak < 1500))
}
