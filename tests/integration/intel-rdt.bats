#!/usr/bin/env bats
# linux.intelRdt where there is no resctrl file system; what is done in one is
# tested by tests/unit/test-linux-intel-rdt.c on a directory of such files.
load helpers/bundle

setup() {
	setup_bundle
	! grep -q ' - resctrl ' /proc/self/mountinfo || skip "a resctrl file system is mounted"
}

@test "intelRdt: without a resctrl file system it is an error that says so" {
	local rdt
	require dabba
	for rdt in '{}' '{"closID": "gold"}' '{"schemata": ["L3:0=f"]}' \
		'{"l3CacheSchema": "L3:0=f", "enableMonitoring": true}'; do
		edit '.linux.intelRdt = $rdt' --argjson rdt "$rdt"
		fails runtime run "$ID"
		one_sentence
		said 'linux.intelRdt.*resctrl'
		nothing_left
	done
}

@test "intelRdt: values that are none are refused before anything is looked for" {
	require dabba
	edit '.linux.intelRdt = {closID: "../up"}'
	fails runtime run "$ID"
	one_sentence
	said 'linux.intelRdt.closID.*\.\./up'
	edit '.linux.intelRdt = {memBwSchema: "L3:0=f"}'
	fails runtime run "$ID"
	said 'linux.intelRdt.memBwSchema'
	nothing_left
}
