#!/usr/bin/env bats
# linux.namespaces: new ones, joined ones, none, time offsets.
load helpers/bundle

setup() {
	setup_bundle
}

# drop_namespace TYPE: the container shares the runtime's.
drop_namespace() {
	edit '.linux.namespaces |= map(select(.type != $type))' --arg type "$1"
}

# join_namespace TYPE PATH
join_namespace() {
	drop_namespace "$1"
	edit '.linux.namespaces += [{type: $type, path: $path}]' --arg type "$1" --arg path "$2"
}

@test "namespaces: each one listed is new" {
	local name
	start_sleeper
	for name in mnt pid net ipc uts cgroup; do
		[[ $(readlink "/proc/$(container_pid)/ns/$name") != "$(readlink "/proc/self/ns/$name")" ]]
	done
	[[ $(readlink "/proc/$(container_pid)/ns/user") == "$(readlink /proc/self/ns/user)" ]]
}

@test "namespaces: one not listed is inherited" {
	local type
	for type in network ipc uts cgroup; do
		drop_namespace $type
	done
	edit 'del(.hostname)'
	start_sleeper
	for type in net ipc uts cgroup; do
		[[ $(readlink "/proc/$(container_pid)/ns/$type") == "$(readlink "/proc/self/ns/$type")" ]]
	done
}

@test "namespaces: the container is pid 1 and sees itself alone" {
	run_sh 'echo $$; ls /proc | grep -c "^[0-9]"'
	# The shell, ls and grep.
	[[ $output == 1$'\n'3 ]]
}

@test "namespaces: joined by path" {
	local type file pid
	make_bundle "$BATS_TEST_TMPDIR/first" first
	(cd "$BATS_TEST_TMPDIR/first" && start_sleeper first)
	pid=$(container_pid first)
	for type in network:net ipc:ipc uts:uts; do
		file=${type#*:}
		join_namespace "${type%:*}" "/proc/$pid/ns/$file"
		[[ $type != uts:uts ]] || edit 'del(.hostname)'
		run_sh "readlink /proc/self/ns/$file"
		[[ $output == "$(readlink "/proc/$pid/ns/$file")" ]]
	done
	must runtime delete --force first
}

@test "namespaces: a pid namespace joined by path" {
	local pid
	make_bundle "$BATS_TEST_TMPDIR/first" first
	(cd "$BATS_TEST_TMPDIR/first" && start_sleeper first)
	pid=$(container_pid first)
	join_namespace pid "/proc/$pid/ns/pid"
	run_sh 'readlink /proc/self/ns/pid; echo $$'
	[[ ${output%%$'\n'*} == "$(readlink "/proc/$pid/ns/pid")" ]]
	[[ ${output##*$'\n'} != 1 ]]
	must runtime delete --force first
}

@test "namespaces: the loopback of a new network namespace is up" {
	run_sh 'ip link show lo'
	[[ $output == *LOOPBACK,UP* ]]
}

@test "namespaces: a path of the wrong type" {
	join_namespace network /proc/self/ns/ipc
	fails runtime run "$ID"
	one_sentence
	said '/proc/self/ns/ipc'
	nothing_left
}

@test "namespaces: a path that does not exist, one that is no namespace" {
	join_namespace network /nowhere
	fails runtime run "$ID"
	said '/nowhere.*[Nn]o such file'
	join_namespace network /etc/passwd
	fails runtime run "$ID"
	said '/etc/passwd'
	nothing_left
}

@test "namespaces: duplicates and unknown types" {
	edit '.linux.namespaces += [{type: "pid"}]'
	if is_dabba; then
		fails runtime run "$ID"
		said 'namespaces.*pid'
	fi
	edit '.linux.namespaces = [{type: "nosuch"}]'
	fails runtime run "$ID"
	one_sentence
	said 'linux.namespaces\[0\].type.*nosuch'
	nothing_left
}

@test "namespaces: a new time namespace with offsets" {
	require dabba
	require time-namespace
	edit '.linux.namespaces += [{type: "time"}] |
		.linux.timeOffsets = {boottime: {secs: 86400000}, monotonic: {secs: 172800000, nanosecs: 5}}'
	run_sh 'cut=$(cat /proc/uptime); echo ${cut%%.*}; cat /proc/self/timens_offsets'
	((status == 0))
	((${output%%$'\n'*} > 86400000))
	grep -qE 'monotonic +172800000 +5' <<<"$output"
	must runtime create "$ID"
	[[ $(readlink "/proc/$(container_pid)/ns/time") != "$(readlink /proc/self/ns/time)" ]]
	must runtime exec "$ID" cat /proc/uptime
	((${output%%.*} > 86400000))
}

@test "namespaces: offsets need a new time namespace" {
	require dabba
	edit '.linux.timeOffsets = {boottime: {secs: 1}}'
	fails runtime run "$ID"
	one_sentence
	said 'timeOffsets'
}

# in_own_net COMMAND...: with an interface "dabba-t0" that the host does not see; dummy may be
# missing from a kernel, a veth pair or a bridge seldom is.
in_own_net() {
	try unshare --net bash -c '
		ip link add dabba-t0 type dummy 2>/dev/null ||
			ip link add dabba-t0 type veth peer name dabba-t1 2>/dev/null ||
			ip link add dabba-t0 type bridge 2>/dev/null || exit 100
		ip addr add 192.0.2.7/24 dev dabba-t0 && ip addr add 192.0.2.8/24 dev dabba-t0 &&
			ip link set dabba-t0 mtu 1400 up || exit 101
		"$@"; code=$?; ip link show dabba-t0 >/dev/null 2>&1 && echo "still here"; exit $code' bash "$@"
	((status != 100)) || skip "this kernel makes no interface to move"
}

@test "namespaces: a network device moves in, with its addresses and its new name" {
	require dabba
	edit '.linux.netDevices = {"dabba-t0": {name: "eth7"}}'
	sh_args 'ip addr show eth7; ip link show dabba-t0 2>/dev/null && echo old name'
	in_own_net "$RUNTIME" --root "$ROOT" run "$ID"
	[[ $output == *"mtu 1400"*"inet 192.0.2.7/24"*"inet 192.0.2.8/24"* ]]
	[[ $output == *UP* && $output != *"old name"* && $output != *"still here"* ]]
	edit '.linux.netDevices = {"dabba-t0": {}}'
	sh_args 'ip addr show dabba-t0'
	in_own_net "$RUNTIME" --root "$ROOT" run "$ID"
	[[ $output == *"inet 192.0.2.7/24"* && $output != *"still here"* ]]
	nothing_left
}

@test "namespaces: a network device that is missing, or whose name is taken, is named" {
	require dabba
	edit '.linux.netDevices = {"dabba-t9": {}}'
	in_own_net "$RUNTIME" --root "$ROOT" run "$ID"
	((status == 1))
	said dabba-t9
	edit '.linux.netDevices = {"dabba-t0": {name: "lo"}}'
	in_own_net "$RUNTIME" --root "$ROOT" run "$ID"
	((status == 1))
	said '"lo" already'
	# Nothing is taken away from the caller by a create that failed.
	[[ $output == "still here" ]]
	nothing_left
}
