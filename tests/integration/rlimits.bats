#!/usr/bin/env bats
# process.rlimits. A file of its own, for the machine whose root may raise them.
load helpers/bundle

setup() {
	setup_bundle
}

@test "rlimits: are those of the config" {
	edit '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 512, hard: 600},
		{type: "RLIMIT_CORE", soft: 0, hard: 0}]'
	run_sh 'grep -E "open files|core file" /proc/self/limits'
	grep -qE 'open files +512 +600' <<<"$output"
	grep -qE 'core file size +0 +0' <<<"$output"
}

@test "rlimits: that are wrong" {
	edit '.process.rlimits = [{type: "RLIMIT_NOSUCH", soft: 1, hard: 1}]'
	fails runtime run "$ID"
	one_sentence
	said 'RLIMIT_NOSUCH'
	edit '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 20, hard: 10}]'
	fails runtime run "$ID"
	one_sentence
	said 'RLIMIT_NOFILE'
	require dabba
	edit '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 9, hard: 9},
		{type: "RLIMIT_NOFILE", soft: 8, hard: 8}]'
	fails runtime run "$ID"
	said 'RLIMIT_NOFILE'
}

@test "rlimits: one root may not raise here is a clear error" {
	require dabba
	! has_capability 24 || skip "root has CAP_SYS_RESOURCE on this machine"
	edit '.process.rlimits = [{type: "RLIMIT_MEMLOCK", soft: 99999999999, hard: 99999999999}]'
	fails runtime run "$ID"
	one_sentence
	said 'RLIMIT_MEMLOCK.*CAP_SYS_RESOURCE'
}

@test "rlimits: one is raised" {
	require sys-resource
	edit '.process.rlimits = [{type: "RLIMIT_MEMLOCK", soft: 99999999999, hard: 99999999999}]'
	run_sh 'grep locked /proc/self/limits'
	[[ $output == *99999999999*99999999999* ]]
}
