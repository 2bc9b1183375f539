#!/usr/bin/env bats
# dabba-image ps: the containers of a store.
load helpers/image

setup() {
	setup_app
}

teardown() {
	remove_containers
	! grep -F " $STORE/" /proc/self/mountinfo
}

@test "image ps: none" {
	must image ps
	[[ $(wc -l <<<"$output") == 1 && $output == 'CONTAINER ID'*NAMES ]]
	must image ps -aq
	[[ -z $output ]]
}

@test "image ps: those that run, and with -a all, the newest first" {
	try image run --name first app:1 sh -c 'exit 3'
	must image run -d --name second app:1 busybox sleep 20
	must image ps
	[[ $(wc -l <<<"$output") == 2 && $output == *Up*second ]]
	must image ps -a
	[[ $(sed -n 2p <<<"$output") == *app:1*'"busybox sleep 20"'*second ]]
	[[ $(sed -n 3p <<<"$output") == *'Exited (3)'*first ]]
	must image ps -aq
	[[ $output =~ ^[0-9a-f]{12}$'\n'[0-9a-f]{12}$ ]]
	must image ps -aq --no-trunc
	[[ $output =~ ^[0-9a-f]{64}$'\n'[0-9a-f]{64}$ ]]
}
