#!/usr/bin/env bats
# cgroup v2: made, entered at the clone, joined by exec, frozen, killed, removed.
load helpers/bundle

setup() {
	setup_bundle
}

member() {
	grep -qx "$2" "/sys/fs/cgroup/$1/cgroup.procs"
}

@test "cgroup: made at the path of the config, with init inside, removed by delete" {
	edit '.linux.cgroupsPath = "/deep/er/box"'
	start_sleeper
	member deep/er/box "$(container_pid)"
	must runtime delete --force "$ID"
	[[ ! -e /sys/fs/cgroup/deep/er/box ]]
	rmdir /sys/fs/cgroup/deep/er /sys/fs/cgroup/deep 2>/dev/null || true
}

@test "cgroup: without a limit it is counted too, when what is above it is made for it" {
	require controller memory
	require controller pids
	edit '.linux.cgroupsPath = "/above/box" | del(.linux.resources)'
	start_sleeper
	(($(cat /sys/fs/cgroup/above/box/memory.current) > 0))
	(($(cat /sys/fs/cgroup/above/box/pids.current) > 0))
	must runtime delete --force "$ID"
	rmdir /sys/fs/cgroup/above
}

@test "cgroup: the program never ran anywhere else" {
	sh_args 'sed -n s/^0:://p /proc/self/cgroup'
	edit '.linux.namespaces |= map(select(.type != "cgroup"))'
	must runtime run "$ID"
	[[ $output == "/$ID" ]]
}

@test "cgroup: without a path it has one of its own, which goes too" {
	edit 'del(.linux.cgroupsPath)'
	start_sleeper
	pid=$(container_pid)
	path=$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
	[[ $path != /runner && $path == *"$ID"* ]]
	must runtime delete --force "$ID"
	nothing_left
}

@test "cgroup: a new cgroup namespace starts at the container's cgroup" {
	run_sh 'sed -n s/^0:://p /proc/self/cgroup'
	[[ $output == / ]]
}

@test "cgroup: mounted in the container" {
	edit '.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup",
		options: ["nosuid", "noexec", "nodev", "relatime", "ro"]}]'
	run_sh 'cat /sys/fs/cgroup/cgroup.procs; mkdir /sys/fs/cgroup/x'
	((status != 0))
	[[ $output == 1* ]]
	[[ $error == *[Rr]ead-only* ]]
	edit '.mounts[-1].options -= ["ro"]'
	run_sh 'mkdir /sys/fs/cgroup/x && rmdir /sys/fs/cgroup/x && echo writable'
	[[ $output == writable || $error == *rmdir* ]]
}

@test "cgroup: exec enters it, also when init has moved to a child of it" {
	start_sleeper
	must runtime exec -d --pid-file pid "$ID" sleep 20
	member "$ID" "$(cat pid)"
	mkdir "/sys/fs/cgroup/$ID/child"
	container_pid >"/sys/fs/cgroup/$ID/child/cgroup.procs"
	must runtime exec "$ID" true
}

@test "cgroup: exec --cgroup runs below the container's own, and nowhere else" {
	start_sleeper
	mkdir -p "/sys/fs/cgroup/$ID/a/b"
	must runtime exec -d --pid-file pid --cgroup a/b "$ID" sleep 20
	member "$ID/a/b" "$(cat pid)"
	must runtime exec -d --pid-file pid --cgroup / "$ID" sleep 20
	member "$ID" "$(cat pid)"
	local sub
	mkdir /sys/fs/cgroup/other
	for sub in ../other a/../../other /../other; do
		fails runtime exec --cgroup "$sub" "$ID" true
		one_sentence
		said "${sub#/}"
	done
	rmdir /sys/fs/cgroup/other
	fails runtime exec --cgroup missing "$ID" true
	one_sentence
	said 'missing.*No such file'
}

@test "cgroup: a cgroup with processes in it is refused" {
	mkdir "/sys/fs/cgroup/$ID"
	sleep 30 3>&- &
	echo $! >"/sys/fs/cgroup/$ID/cgroup.procs"
	try runtime run "$ID"
	kill -KILL $! || true
	if is_dabba; then
		((status != 0))
		one_sentence
		said "$ID"
	fi
	eventually rmdir_or_gone
}

rmdir_or_gone() {
	[[ ! -e /sys/fs/cgroup/$ID ]] || rmdir "/sys/fs/cgroup/$ID"
}

@test "cgroup: a frozen one is refused" {
	require dabba
	mkdir "/sys/fs/cgroup/$ID"
	echo 1 >"/sys/fs/cgroup/$ID/cgroup.freeze"
	fails runtime run "$ID"
	one_sentence
	said 'frozen'
	echo 0 >"/sys/fs/cgroup/$ID/cgroup.freeze"
	rmdir_or_gone
}

@test "cgroup: a limit whose controller is missing names it" {
	require no-controller memory
	edit '.linux.resources = {memory: {limit: 67108864}}'
	fails runtime run "$ID"
	one_sentence
	said 'linux.resources.memory.limit.*the memory controller is bound to a cgroup v1 hierarchy'
	is_dabba || remove_leftovers
	nothing_left
}

@test "cgroup: limits reach the files" {
	require controller memory
	edit '.linux.resources = {memory: {limit: 67108864}, pids: {limit: 33}, cpu: {shares: 512}}'
	start_sleeper
	[[ $(cat "/sys/fs/cgroup/$ID/memory.max") == 67108864 ]]
	[[ $(cat "/sys/fs/cgroup/$ID/pids.max") == 33 ]]
}

@test "cgroup: unified keys" {
	edit '.linux.resources = {unified: {"cgroup.max.depth": "7", "cgroup.max.descendants": "9"}}'
	start_sleeper
	[[ $(cat "/sys/fs/cgroup/$ID/cgroup.max.depth") == 7 ]]
	[[ $(cat "/sys/fs/cgroup/$ID/cgroup.max.descendants") == 9 ]]
}

@test "cgroup: unified keys that leave the cgroup, or do not exist" {
	require dabba
	local key
	for key in ../cgroup.procs a/b nosuch.file .. ''; do
		edit '.linux.resources = {unified: {($k): "1"}}' --arg k "$key"
		fails runtime run "$ID"
		one_sentence
		said 'unified'
	done
	nothing_left
}

@test "cgroup: a path that leaves the root of the cgroups" {
	edit '.linux.cgroupsPath = "/../../escape"'
	try runtime run "$ID"
	[[ ! -e /sys/fs/escape && ! -e /sys/escape ]]
	rmdir /sys/fs/cgroup/escape 2>/dev/null || true
}

@test "cgroup: device rules are enforced" {
	edit '.linux.devices = [{path: "/dev/kmsg", type: "c", major: 1, minor: 11, fileMode: 438}]'
	run_sh ': >/dev/kmsg && echo opened'
	[[ $output == opened ]]
	edit '.linux.resources.devices = [{allow: false, access: "rwm"},
		{allow: true, type: "c", major: 1, minor: 11, access: "rwm"}]'
	run_sh ': >/dev/kmsg && echo opened; echo x >/dev/null && echo null'
	if ! is_dabba && ((status != 0)); then
		remove_leftovers
		skip "this runtime cannot load device rules without CAP_SYS_RESOURCE"
	fi
	[[ $output == opened$'\n'null ]]
	edit '.linux.resources.devices = [{allow: false, access: "rwm"}]'
	run_sh ': >/dev/kmsg && echo opened'
	((status != 0))
	[[ -z $output && $error == *"ot permitted"* ]]
}

@test "cgroup: on a hybrid host, the first cgroup2 mount is used" {
	require dabba
	mkdir -p "$BATS_TEST_TMPDIR/hybrid"
	must unshare -m --propagation private sh -c '
		mount --move /sys/fs/cgroup "$1" && mount -t tmpfs none /sys/fs/cgroup &&
		mkdir /sys/fs/cgroup/unified && mount --move "$1" /sys/fs/cgroup/unified &&
		shift && exec "$@"' sh "$BATS_TEST_TMPDIR/hybrid" "$RUNTIME" --root "$ROOT" run "$ID"
}

@test "cgroup: no cgroup2 mount at all" {
	require dabba
	fails unshare -m --propagation private sh -c 'umount -l /sys/fs/cgroup && exec "$@"' sh \
		"$RUNTIME" --root "$ROOT" run "$ID"
	one_sentence
	said 'no cgroup2 file system is mounted.*version 1 alone.*not supported.*boot with'
}

@test "cgroup: --cgroup-manager=disabled leaves the process where it is" {
	[[ $RUNTIME != *runc ]] || skip "runc has no --cgroup-manager"
	edit '.linux.namespaces |= map(select(.type != "cgroup"))'
	sh_args 'sed -n s/^0:://p /proc/self/cgroup'
	must runtime --cgroup-manager=disabled run "$ID"
	[[ $output == /runner ]]
	[[ ! -e /sys/fs/cgroup/$ID ]]
}
