#!/usr/bin/env bats
# Two hundred containers with limits come and go: nothing of them stays.
load helpers/bundle

setup() {
	setup_bundle
}

# Everything a container could leave on the machine, counted.
traces() {
	find /sys/fs/cgroup -type d | wc -l
	wc -l </proc/self/mountinfo
	bpftool prog list | grep -c dabba_devices || true
	ls "$ROOT" 2>/dev/null | wc -l
	pgrep -c -x sleep || true
	systemctl list-units --all --plain --no-legend '*.scope' 2>/dev/null | wc -l
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
		runtime create "$ID-$i" 3>&-
		runtime start "$ID-$i"
		runtime delete --force "$ID-$i"
	done
	edit '.process.args = ["true"]'
	for ((i = 100; i < 200; i++)); do
		runtime run "$ID-$i" </dev/null 3>&-
	done
	same() { traces | diff before -; }
	eventually same
	nothing_left
}
