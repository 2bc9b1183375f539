#!/usr/bin/env bats
# What is easily done wrong about time namespaces, cgroups and pausing; the numbers are those
# of the list that the project keeps of such traps.
load helpers/bundle

setup() {
	setup_bundle
}

file() {
	cat "/sys/fs/cgroup/$ID/$1"
}

# With a user namespace whose root is user 100000 of the host.
map_users() {
	edit '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
		.linux.gidMappings = [{containerID: 0, hostID: 200000, size: 65536}]'
	chown -R 100000:200000 rootfs
	chmod 755 "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR" "$BUNDLE" rootfs "$BATS_TEST_TMPDIR/.."
}

# mount_cgroup OPTION...: /sys/fs/cgroup in the container.
mount_cgroup() {
	edit '.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup",
		options: (["nosuid", "noexec", "nodev"] + $ARGS.positional)}]' --args "$@"
}

owner() {
	stat -c %u "/sys/fs/cgroup/$ID/$1"
}

@test "trap 57: time offsets hold for the first process; with a namespace by path they are refused" {
	require time-namespace
	edit '.linux.namespaces += [{type: "time"}] |
		.linux.timeOffsets = {boottime: {secs: 86400000}}'
	run_sh 'cut -d. -f1 /proc/uptime 2>/dev/null || sed "s/[.].*//" /proc/uptime'
	((status == 0 && output > 86400000))
	edit '(.linux.namespaces[] | select(.type == "time")) += {path: "/proc/self/ns/time"}'
	fails runtime run "$ID"
	said 'timeOffsets'
}

@test "trap 58: an absolute path and a relative one start at the root, and always at the same" {
	local path
	for path in /abs/box rel/box a:b:c; do
		[[ $path == /* ]] || is_dabba || continue
		edit '.linux.cgroupsPath = $path' --arg path "$path"
		start_sleeper
		[[ $(sed -n 's/^0:://p' "/proc/$(container_pid)/cgroup") == "/${path#/}" ]]
		[[ -d /sys/fs/cgroup/${path#/} ]]
		must runtime delete --force "$ID"
		[[ ! -e /sys/fs/cgroup/${path#/} ]]
	done
	rmdir /sys/fs/cgroup/{abs,rel} 2>/dev/null || true
}

@test "trap 59: the default path is stable" {
	edit 'del(.linux.cgroupsPath) | .linux.namespaces |= map(select(.type != "cgroup"))'
	run_sh 'sed -n s/^0:://p /proc/self/cgroup'
	first=$output
	run_sh 'sed -n s/^0:://p /proc/self/cgroup'
	[[ -n $first && $output == "$first" && $output == *"$ID"* ]]
}

@test "trap 60: a frozen cgroup and one with processes are refused and left alone" {
	require dabba
	mkdir "/sys/fs/cgroup/$ID"
	echo 1 >"/sys/fs/cgroup/$ID/cgroup.freeze"
	fails runtime run "$ID"
	one_sentence
	said "$ID.*frozen.*linux.cgroupsPath"
	[[ $(file cgroup.freeze) == 1 && -z $(ls -A "$ROOT") ]]
	echo 0 >"/sys/fs/cgroup/$ID/cgroup.freeze"
	sleep 30 3>&- &
	echo $! >"/sys/fs/cgroup/$ID/cgroup.procs"
	fails runtime run "$ID"
	one_sentence
	said "$ID.*not empty.*linux.cgroupsPath"
	kill -0 $!
	kill -KILL $!
	empty() { grep -q 'populated 0' "/sys/fs/cgroup/$ID/cgroup.events"; }
	eventually empty
	rmdir "/sys/fs/cgroup/$ID"
}

@test "trap 61: swap is counted without memory: less, equal, unlimited, one of two" {
	require controller memory
	edit '.linux.resources = {memory: {limit: 67108864, swap: 67108864}}'
	start_sleeper
	[[ $(file memory.swap.max) == 0 ]]
	must runtime update --memory 64m --memory-swap -1 "$ID"
	[[ $(file memory.swap.max) == max && $(file memory.max) == 67108864 ]]
	is_dabba || return 0
	must runtime update --memory-swap 96m "$ID"
	[[ $(file memory.swap.max) == 33554432 && $(file memory.max) == 67108864 ]]
	must runtime update --memory 32m "$ID"
	[[ $(file memory.swap.max) == 33554432 && $(file memory.max) == 33554432 ]]
	fails runtime update --memory-swap 16m "$ID"
	said 'linux.resources.memory.swap.*less than'
	# No limit of memory is none of the sum.
	must runtime update --memory -1 "$ID"
	[[ $(file memory.swap.max) == max && $(file memory.max) == max ]]
	fails runtime update --memory-swap 16m "$ID"
	said 'linux.resources.memory.swap.*needs a memory limit'
}

@test "trap 62: no tasks at all is a limit" {
	require controller pids
	edit '.linux.resources = {pids: {limit: 0}}'
	run_sh 'echo here; true | cat'
	[[ $output == here* && $error == *fork* ]]
	edit '.process.args = ["sleep", "30"]'
	must runtime create "$ID"
	[[ $(file pids.max) == 0 && $(file pids.current) == 1 ]]
	must runtime start "$ID"
	must runtime delete --force "$ID"
	# So is one, also where a stage process makes init.
	if is_dabba && [[ -e /proc/self/ns/time ]]; then
		edit '.linux.resources.pids.limit = 1 | .process.args = ["true"] |
			.linux.namespaces += [{type: "time"}] |
			.linux.timeOffsets = {boottime: {secs: 5}}'
		must runtime run "$ID"
	fi
}

@test "trap 62: a quota of -1 is none, a lone period keeps the quota, limits shrink" {
	require controller cpu
	edit '.linux.resources = {cpu: {quota: -1, period: 50000}, pids: {limit: 50}}'
	start_sleeper
	[[ $(file cpu.max) == 'max 50000' ]]
	must runtime update --cpu-quota 20000 "$ID"
	[[ $(file cpu.max) == '20000 50000' ]]
	if is_dabba; then
		must runtime update --cpu-period 40000 "$ID"
		[[ $(file cpu.max) == '20000 40000' ]]
	fi
	# Below what is in use: what runs goes on, and nothing more.
	eventually has_tasks 2
	must runtime update --pids-limit 1 "$ID"
	[[ $(file pids.max) == 1 && $(file pids.current) == 2 ]]
	has_status running
}

@test "trap 63: unified is written as it is, line by line, and has the last word" {
	require controller memory
	edit '.linux.resources = {memory: {limit: 67108864}, unified: {
		"memory.max": "33554432", "memory.oom.group": "1"}}'
	start_sleeper
	[[ $(file memory.max) == 33554432 && $(file memory.oom.group) == 1 ]]
	must runtime delete --force "$ID"
	edit '.linux.resources = {unified: {"cgroup.subtree_control": "+memory\n+pids"}}'
	# A cgroup that hands controllers down takes no process, but both lines were written.
	is_dabba || return 0
	fails runtime run "$ID"
	one_sentence
	said 'controllers enabled'
	nothing_left
}

@test "trap 63: unified of a controller that is absent is an error" {
	edit '.linux.resources = {unified: {"nosuch.max": "1"}}'
	fails runtime run "$ID"
	one_sentence
	said 'nosuch.max'
	is_dabba || remove_leftovers
	nothing_left
}

@test "trap 63: on a hybrid host unified names the controller that cgroup v1 holds" {
	require dabba
	require no-controller memory
	edit '.linux.resources = {unified: {"memory.high": "1048576"}}'
	fails runtime run "$ID"
	one_sentence
	said 'linux.resources.unified\["memory.high"\].*memory controller is bound to a cgroup v1'
	nothing_left
}

@test "trap 64: huge pages are limited where reserved and where used" {
	require dabba
	require controller hugetlb
	edit '.linux.resources = {hugepageLimits: [{pageSize: "2MB", limit: 2097152},
		{pageSize: "1GB", limit: 0}]}'
	start_sleeper
	[[ $(file hugetlb.2MB.max) == 2097152 && $(file hugetlb.2MB.rsvd.max) == 2097152 ]]
	[[ $(file hugetlb.1GB.max) == 0 && $(file hugetlb.1GB.rsvd.max) == 0 ]]
}

@test "trap 65: the cgroup is given to the container's user, its limits are not" {
	require dabba
	map_users
	mount_cgroup rw
	start_sleeper
	local name
	for name in '' $(cat /sys/kernel/cgroup/delegate); do
		[[ ! -e /sys/fs/cgroup/$ID/$name ]] || [[ $(owner "$name") == 100000 ]]
	done
	for name in cgroup.freeze cgroup.max.depth cgroup.kill memory.max pids.max; do
		[[ ! -e /sys/fs/cgroup/$ID/$name ]] || [[ $(owner "$name") == 0 ]]
	done
	[[ $(stat -c %g "/sys/fs/cgroup/$ID") == 0 ]]
	# What it is good for: a cgroup of its own making, with a process in it.
	must runtime exec "$ID" sh -c 'cd /sys/fs/cgroup && mkdir below &&
		echo $$ >below/cgroup.procs && sed -n s/^0:://p /proc/self/cgroup'
	[[ $output == /below ]]
	fails runtime exec "$ID" sh -c 'echo 3 >/sys/fs/cgroup/cgroup.max.depth'
}

@test "trap 65: the user of the process owns it, not root" {
	require dabba
	map_users
	mount_cgroup rw
	edit '.process.user = {uid: 12, gid: 13}'
	start_sleeper
	[[ $(owner '') == 100012 && $(owner cgroup.procs) == 100012 ]]
	must runtime delete --force "$ID"
	# Without a user namespace too.
	edit '.linux.namespaces |= map(select(.type != "user")) |
		del(.linux.uidMappings, .linux.gidMappings)'
	start_sleeper
	[[ $(owner '') == 12 && $(owner cgroup.subtree_control) == 12 ]]
}

@test "trap 65: a read-only mount, none, or no cgroup namespace: the cgroup stays root's" {
	map_users
	start_sleeper
	[[ $(owner '') == 0 ]]
	must runtime delete --force "$ID"
	mount_cgroup ro
	start_sleeper
	[[ $(owner '') == 0 && $(owner cgroup.procs) == 0 ]]
	must runtime delete --force "$ID"
	edit '.mounts[-1].options = ["rw"] | .linux.namespaces |= map(select(.type != "cgroup"))'
	start_sleeper
	[[ $(owner '') == 0 && $(owner cgroup.procs) == 0 ]]
}

@test "trap 66: without a cgroup namespace the host's tree is bound, also in a user namespace" {
	map_users
	mount_cgroup ro
	edit '.linux.namespaces |= map(select(.type != "cgroup"))'
	run_sh 'cat /proc/self/cgroup; ls -d /sys/fs/cgroup/runner; mkdir /sys/fs/cgroup/x'
	[[ $output == *"0::/$ID"* && $output == */sys/fs/cgroup/runner* ]]
	[[ $error == *[Rr]ead-only* ]]
}

@test "trap 66: the namespace starts in the container's cgroup, which is what is mounted" {
	mount_cgroup rw
	run_sh 'cat /proc/self/cgroup; cat /sys/fs/cgroup/cgroup.procs; ls /sys/fs/cgroup/runner'
	[[ $output == *0::/$'\n'1* && $error == *runner* ]]
	map_users
	run_sh 'cat /proc/self/cgroup; grep -c . /sys/fs/cgroup/cgroup.procs'
	[[ $output == *0::/$'\n'[1-9]* ]]
}

@test "trap 67: exec follows an init that has moved below and handed controllers down" {
	require controller pids
	mount_cgroup rw
	edit '.linux.resources = {pids: {limit: 50}}'
	sh_args 'cd /sys/fs/cgroup && mkdir init && echo 1 >init/cgroup.procs &&
		echo +pids >cgroup.subtree_control && touch /tmp/moved && sleep 30'
	must runtime create "$ID"
	must runtime start "$ID"
	eventually test -e rootfs/tmp/moved
	must runtime exec "$ID" sed -n 's/^0:://p' /proc/self/cgroup
	[[ $output == /init ]]
	# Who asks for a cgroup that takes no processes is told.
	if is_dabba; then
		fails runtime exec --cgroup / "$ID" true
		one_sentence
		said "$ID.*takes no processes"
	fi
	must runtime exec --cgroup init "$ID" true
}

@test "trap 68: a paused container refuses exec, obeys KILL, can be deleted" {
	start_sleeper
	must runtime pause "$ID"
	fails runtime exec "$ID" true
	one_sentence
	said 'paused'
	must runtime kill "$ID" KILL
	eventually has_status stopped
	must runtime delete "$ID"
	start_sleeper
	must runtime pause "$ID"
	must runtime delete --force "$ID"
	nothing_left
}

@test "trap 68: --ignore-paused: the process waits until it is resumed" {
	[[ $RUNTIME != *crun* ]] || skip "crun has no --ignore-paused"
	start_sleeper
	eventually has_tasks 2
	must runtime pause "$ID"
	runtime exec --ignore-paused "$ID" sh -c 'echo done >/tmp/done' 3>&- &
	eventually has_tasks 3
	sleep 0.1
	[[ ! -e rootfs/tmp/done ]]
	must runtime resume "$ID"
	wait $!
	[[ $(cat rootfs/tmp/done) == 'done' ]]
}
