#!/usr/bin/env bats
# dabba-image run --memory, --cpus, --pids-limit: what the kernel holds a container to.
load helpers/image

setup() {
	setup_app
}

teardown() {
	remove_containers
}

@test "image run: --pids-limit" {
	require controller pids
	must image run --pids-limit 20 app:1 cat /sys/fs/cgroup/pids.max
	[[ $output == 20 ]]
	must image run --pids-limit -1 app:1 cat /sys/fs/cgroup/pids.max
	[[ $output == max ]]
}

@test "image run: --memory" {
	require controller memory
	must image run -m 64m app:1 cat /sys/fs/cgroup/memory.max
	[[ $output == 67108864 ]]
	# A tmpfs of this size does not fit, and the limit with its swap is the end of the writer.
	try image run -m 16m --tmpfs /big app:1 sh -c 'busybox dd if=/dev/zero of=/big/x bs=1M count=200'
	((status != 0))
}

@test "image run: --cpus" {
	require controller cpu
	must image run --cpus 1.5 app:1 cat /sys/fs/cgroup/cpu.max
	[[ $output == '150000 100000' ]]
}
