#!/usr/bin/env bats
# Two hundred containers with limits come and go: nothing of them stays.
load helpers/bundle
load helpers/traces

setup() {
	setup_bundle
}

@test "leaks: 200 containers with limits leave no cgroup, scope, program or mount" {
	require command bpftool
	local i
	edit '.linux.resources = {devices: [{allow: false, access: "rwm"}]}'
	if has_controller memory; then
		edit '.linux.resources += {memory: {limit: 67108864}, pids: {limit: 30},
			cpu: {shares: 512}}'
	fi
	edit '.process.args = ["sleep", "30"]'
	traces >before
	for ((i = 0; i < 100; i++)); do
		runtime create "$ID-$i" </dev/null 3>&-
		runtime start "$ID-$i"
		runtime delete --force "$ID-$i"
	done
	edit '.process.args = ["true"]'
	for ((i = 100; i < 200; i++)); do
		runtime run "$ID-$i" </dev/null 3>&-
	done
	eventually same_traces before
	nothing_left
}
