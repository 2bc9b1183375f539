#!/usr/bin/env bats
# The container's mount namespace: made of the rootfs alone where the kernel can
# (OPEN_TREE_NAMESPACE, Linux 7.0), else a copy of the host's that is thrown away. A hook
# before the pivot asks for the second, so that the two can be compared.
load helpers/bundle

setup() {
	setup_bundle
}

# The calls that tell one way from the other, of a run of the bundle, are in "trace".
trace_run() {
	require command strace
	must strace -f -qq -e trace=clone3,open_tree,setns,pivot_root,umount2 -o trace \
		"$RUNTIME" --root "$ROOT" run "$ID"
}

old_way() {
	edit '.hooks.createRuntime = [{path: "/bin/true"}]'
}

# Mount points, roots, options, types and how they propagate, without ids of this one run.
mount_table() {
	sed -E 's/^[0-9]+ [0-9]+ [0-9]+:[0-9]+ //; s/:[0-9]+//g' <<<"$output"
}

@test "mount namespace: of the rootfs alone, nothing of the host is copied" {
	require dabba
	require tree-namespace
	trace_run
	[[ $(grep -c -e pivot_root -e umount2 -e 'clone3.*CLONE_NEWNS' trace) == 0 ]]
	grep 'setns(.*CLONE_NEWNS) *= 0' trace
	nothing_left
}

@test "mount namespace: what needs the host's mounts gets a copy of them" {
	local way
	require dabba
	for way in '.hooks.createContainer = [{path: "/bin/true"}]' \
		'.hooks = {prestart: [{path: "/bin/true"}]}' \
		'del(.hooks) | .linux.rootfsPropagation = "shared"' \
		'.linux.rootfsPropagation = "private" | .mounts = [{destination: "/", type: "bind",
			source: "rootfs", options: ["bind"]}] + .mounts'; do
		edit "$way"
		trace_run
		grep pivot_root trace
		grep 'clone3.*CLONE_NEWNS' trace
	done
}

@test "mount namespace: the same table of mounts both ways" {
	local new
	host_mount --bind rootfs rootfs
	mkdir rootfs/below
	host_mount -t tmpfs -o nosuid below rootfs/below
	run_sh 'cat /proc/self/mountinfo'
	((status == 0))
	new=$(mount_table)
	grep ' /below ' <<<"$new"
	old_way
	must runtime run "$ID"
	diff <(mount_table) - <<<"$new"
}

@test "mount namespace: /dev/null and the masks are the host's" {
	echo words | tee rootfs/etc/secret >rootfs/etc/other
	touch rootfs/tmp/words rootfs/root/words
	edit '.linux.maskedPaths = ["/etc/secret", "/etc/other", "/tmp", "/root"]'
	run_sh 'stat -c "%F %t:%T" /etc/secret /etc/other /dev/null; cat /etc/secret; ls -A /tmp /root'
	((status == 0))
	[[ $(grep -c 'character special file 1:3' <<<"$output") == 3 && $output != *words* ]]
}

@test "mount namespace: without CAP_MKNOD the devices are the host's" {
	require dabba
	sh_args 'stat -c "%F %t:%T" /dev/null /dev/tty && echo >/dev/null && grep -c " /dev/null " /proc/self/mountinfo'
	must setpriv --bounding-set -mknod "$RUNTIME" --root "$ROOT" run "$ID"
	[[ $output == *" 1:3"$'\n'*" 5:0"$'\n'1 ]]
	nothing_left
}

@test "mount namespace: the host's later mounts reach a slave alone, the container's nobody" {
	local mode seen
	host_mount --bind rootfs rootfs
	mount --make-shared rootfs
	mkdir rootfs/later
	edit '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	for mode in private:0 slave:1; do
		edit '.linux.rootfsPropagation = $m' --arg m "${mode%:*}"
		start_sleeper
		mount -t tmpfs later rootfs/later
		seen=$(runtime exec "$ID" grep -c ' /later ' /proc/self/mountinfo || true)
		umount rootfs/later
		[[ $seen == "${mode#*:}" ]]
		must runtime exec "$ID" mount -t tmpfs mine /tmp
		[[ $(grep -c "$BUNDLE/rootfs/tmp " /proc/self/mountinfo) == 0 ]]
		must runtime delete --force "$ID"
	done
}

@test "mount namespace: nothing of the host is above the root or in an fd" {
	local proc fd link
	edit '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN", "CAP_SYS_CHROOT"])'
	run_sh 'ls /proc/self/fd | wc -l; mkdir /tmp/d; cd /
		chroot /tmp/d /bin/true; ls ../../..; umount -l / && ls /; true'
	[[ ${output%%$'\n'*} == 4 && $output != *"${TOP%"${TOP#/*/}"}"* && $output != *initrd* ]]
	nothing_left
	must runtime create "$ID"
	# No way back is left open while the container waits for its start.
	proc=/proc/$(container_pid)
	for fd in "$proc"/fd/*; do
		link=$(readlink "$fd")
		[[ $link != mnt:* ]]
		[[ $link != / || $(stat -L -c %d:%i "$fd") == "$(stat -L -c %d:%i "$proc/root/.")" ]]
	done
	[[ $(stat -L -c %i "$proc/root/.") == "$(stat -c %i rootfs)" ]]
	must runtime delete --force "$ID"
}

@test "mount namespace: exec and user namespaces inside work" {
	start_sleeper
	must runtime exec "$ID" ls -A /
	[[ $output == *bin* && $output == *proc* ]]
	must nsenter -t "$(container_pid)" -m -r -w busybox unshare -U busybox true
	must runtime delete --force "$ID"
	nothing_left
}
