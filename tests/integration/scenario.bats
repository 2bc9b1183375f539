#!/usr/bin/env bats
# The main job from an imported base image to an application image: what
# contrib/quickstart.sh shows. tests/scenario/run.sh checks each output itself.
load helpers/bundle

scenario() {
	local base=()
	[[ -z ${TEST_BASE-} ]] || base=(--base "$TEST_BASE")
	require sandbox
	require dabba
	require overlay
	"$TOP/tests/scenario/run.sh" "$@" "${base[@]}" </dev/null 3>&-
}

@test "scenario: busybox" {
	TEST_BASE='' scenario --small
	nothing_left
}

@test "scenario: Debian with node from its mirror" {
	require mirror
	scenario
	nothing_left
}
