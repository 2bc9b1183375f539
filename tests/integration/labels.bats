#!/usr/bin/env bats
# SELinux and AppArmor labels, where the machine has them; clear words where not.
load helpers/bundle

setup() {
	setup_bundle
}

@test "labels: the SELinux context of the process" {
	require selinux
	edit '.process.selinuxLabel = $label' --arg label "$(tr -d '\0' </proc/self/attr/current)"
	run_sh 'cat /proc/self/attr/current'
	[[ $output == "$(tr -d '\0' </proc/self/attr/current)" ]]
}

@test "labels: an SELinux label that the policy does not know" {
	require selinux
	edit '.process.selinuxLabel = "no:such:context:s0"'
	fails runtime run "$ID"
	one_sentence
	said 'no:such:context:s0'
}

@test "labels: an SELinux label without SELinux is an error that says so" {
	[[ ! -e /sys/fs/selinux/status ]] || skip "SELinux is active on this machine"
	require dabba
	edit '.process.selinuxLabel = "system_u:system_r:container_t:s0"'
	fails runtime run "$ID"
	one_sentence
	said 'selinuxLabel.*SELinux'
	nothing_left
}

@test "labels: the AppArmor profile of the process" {
	require apparmor
	edit '.process.apparmorProfile = "unconfined"'
	run_sh 'cat /proc/self/attr/current'
	[[ $output == unconfined* ]]
}

@test "labels: an AppArmor profile without AppArmor is an error that says so" {
	[[ $(cat /sys/module/apparmor/parameters/enabled 2>/dev/null) != Y ]] ||
		skip "AppArmor is active on this machine"
	require dabba
	edit '.process.apparmorProfile = "container-default"'
	fails runtime run "$ID"
	one_sentence
	said 'apparmorProfile.*AppArmor'
	nothing_left
}
