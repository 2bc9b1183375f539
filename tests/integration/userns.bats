#!/usr/bin/env bats
# User namespaces: mappings, ownership, what comes with them.
load helpers/bundle

setup() {
	setup_bundle
	edit '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
		.linux.gidMappings = [{containerID: 0, hostID: 200000, size: 65536}]'
	chown -R 100000:200000 rootfs
	chmod 755 "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR" "$BUNDLE" rootfs
	chmod 755 "$BATS_TEST_TMPDIR/.."
}

@test "userns: ids are mapped both ways" {
	run_sh 'id -u; id -g; grep -v "^ *0 *0" /proc/self/uid_map /proc/self/gid_map; touch /tmp/mine'
	((status == 0))
	[[ $output == 0$'\n'0* ]]
	grep -qE 'uid_map: +0 +100000 +65536' <<<"$output"
	grep -qE 'gid_map: +0 +200000 +65536' <<<"$output"
	[[ $(stat -c %u:%g rootfs/tmp/mine) == 100000:200000 ]]
}

@test "userns: the process of another user" {
	edit '.process.user = {uid: 12, gid: 13, additionalGids: [14]}'
	run_sh 'id; grep Groups /proc/self/status'
	((status == 0))
	[[ $output == *uid=12*gid=13*14* ]]
}

@test "userns: proc, sys, dev, devpts and mqueue are there" {
	run_sh 'set -e; test -e /proc/1; test -d /sys/class; echo x >/dev/null; ls /dev/pts/ptmx
		mount | grep -c -E " on (/proc|/sys|/dev|/dev/pts|/dev/shm|/dev/mqueue) "'
	((status == 0))
	[[ $output == *6 ]]
}

@test "userns: every mount in it is locked to it, devices are bound" {
	run_sh 'set -e; for d in null zero full random urandom tty; do test -c /dev/$d; done; echo ok'
	[[ $output == ok ]]
}

@test "userns: devices of the config have their owner, number and mode in it" {
	edit '.linux.devices = [
		{path: "/dev/foo", type: "b", major: 1, minor: 5, fileMode: 416, uid: 10, gid: 11},
		{path: "/dev/null", type: "c", major: 1, minor: 3, fileMode: 438, uid: 12},
		{path: "/opt/zero", type: "c", major: 1, minor: 5}]'
	run_sh 'stat -c "%n %u:%g %a %t:%T" /dev/foo /dev/null /opt/zero; echo x >/dev/null
		head -c 3 /opt/zero | wc -c'
	((status == 0))
	[[ -z $error ]]
	grep -qx '/dev/foo 10:11 640 1:5' <<<"$output"
	grep -qx '/dev/null 12:0 666 1:3' <<<"$output"
	grep -qx '/opt/zero 0:0 666 1:5' <<<"$output"
	[[ $output == *3 ]]
}

@test "userns: a device whose owner cannot be is a warning, of the host's" {
	require dabba
	edit '.linux.devices = [{path: "/dev/zero", type: "c", major: 1, minor: 5, uid: 70000}]'
	run_sh 'stat -c "%t:%T" /dev/zero'
	((status == 0))
	[[ $output == 1:5 ]]
	[[ $error == *level=warning*"/dev/zero keeps the owner"* ]]
}

@test "userns: several ranges" {
	edit '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1},
			{containerID: 1, hostID: 100005, size: 10}] |
		.process.user = {uid: 1, gid: 1}'
	chmod 1777 rootfs/tmp
	run_sh 'touch /tmp/mine'
	((status == 0))
	[[ $(stat -c %u rootfs/tmp/mine) == 100005 ]]
}

@test "userns: exec enters it" {
	start_sleeper
	must runtime exec "$ID" sh -c 'id -u; readlink /proc/self/ns/user'
	[[ $output == 0$'\n'"$(readlink "/proc/$(container_pid)/ns/user")" ]]
}

@test "userns: joined by path, together with its network" {
	local pid
	make_bundle "$BATS_TEST_TMPDIR/first" first
	jq --slurpfile ours config.json '.linux.namespaces = $ours[0].linux.namespaces |
		.linux.uidMappings = $ours[0].linux.uidMappings |
		.linux.gidMappings = $ours[0].linux.gidMappings' "$BATS_TEST_TMPDIR/first/config.json" >c
	mv c "$BATS_TEST_TMPDIR/first/config.json"
	chown -R 100000:200000 "$BATS_TEST_TMPDIR/first/rootfs"
	(cd "$BATS_TEST_TMPDIR/first" && start_sleeper first)
	pid=$(container_pid first)
	edit '.linux.namespaces |= map(select(.type != "user" and .type != "network")) +
		[{type: "user", path: "/proc/\($pid)/ns/user"},
		 {type: "network", path: "/proc/\($pid)/ns/net"}] |
		del(.linux.uidMappings) | del(.linux.gidMappings)' --arg pid "$pid"
	run_sh 'readlink /proc/self/ns/user; readlink /proc/self/ns/net; id -u'
	((status == 0))
	[[ $output == "$(readlink "/proc/$pid/ns/user")"$'\n'"$(readlink "/proc/$pid/ns/net")"$'\n'0 ]]
	must runtime delete --force first
}

@test "userns: mappings without a user namespace; a user without a mapping" {
	require dabba
	edit '.process.user.uid = 70000'
	fails runtime run "$ID"
	one_sentence
	said '70000'
	edit '.process.user.uid = 0 | .linux.namespaces |= map(select(.type != "user"))'
	fails runtime run "$ID"
	one_sentence
	said 'uidMappings'
	nothing_left
}

@test "userns: a user namespace without mappings is refused" {
	require dabba
	edit 'del(.linux.uidMappings) | del(.linux.gidMappings)'
	fails runtime run "$ID"
	one_sentence
	said 'uidMappings'
}
