#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Mounts without a mount namespace of the container's own: nothing else changes, nothing stays.

load helpers/bundle

setup() {
	setup_bundle
	require dabba
	inherit_mounts
	before=$(host_mounts)
}

inherit_mounts() {
	edit 'del(.linux.maskedPaths, .linux.readonlyPaths) |
		.linux.namespaces |= map(select(.type != "mount"))'
}

# join_mounts FILE
join_mounts() {
	edit '.linux.namespaces += [{type: "mount", path: $path}]' --arg path "$1"
}

# The ids, places and propagation of all mounts of this namespace.
host_mounts() {
	sort /proc/self/mountinfo
}

# mounts_of PID: how many mounts the state directory shows in its mount namespace.
mounts_of() {
	grep -c " $ROOT/" "/proc/$1/mountinfo"
}

host_unchanged() {
	diff <(echo "$before") <(host_mounts)
	[[ -z $(ls -A "$ROOT") ]]
}

# start_other [OPTION...]: a process in a mount namespace of its own, as $other.
start_other() {
	rm -f "$BATS_TEST_TMPDIR/in"
	unshare -m "$@" sh -c 'mount | grep -c . >"$0"; exec sleep 300' "$BATS_TEST_TMPDIR/in" 3>&- &
	other=$!
	eventually test -s "$BATS_TEST_TMPDIR/in"
}

# same_namespace PID PID
same_namespace() {
	[[ $(readlink "/proc/$1/ns/mnt") == "$(readlink "/proc/$2/ns/mnt")" ]]
}

end_other() {
	kill "$other"
	wait "$other" || true
}

@test "inherited mount namespace: the mounts are there, in order, and only the container sees them" {
	sh_args 'readlink /proc/self/ns/mnt; grep -c " /proc proc" /proc/mounts; ls -d /dev/pts /dev/null; pwd'
	try runtime run "$ID"
	((status == 0))
	[[ $output == "$(readlink /proc/self/ns/mnt)"$'\n'1$'\n'/dev/null$'\n'/dev/pts$'\n'/ ]]
	host_unchanged
	[[ -z $(ls -A rootfs/proc) && -z $(ls -A rootfs/sys) ]]
}

@test "inherited mount namespace: created, started, killed and deleted" {
	start_sleeper
	(($(mounts_of self) > 5))
	# Nothing of it would be passed on, and the rootfs is as it was.
	[[ $(grep " $ROOT/" /proc/self/mountinfo) != *shared:* ]]
	[[ -z $(ls -A rootfs/proc) ]]
	must runtime exec "$ID" cat /proc/1/comm
	must runtime kill "$ID" KILL
	eventually has_status stopped
	must runtime delete "$ID"
	host_unchanged
}

@test "inherited mount namespace: exec is in the container's root, with its mounts" {
	start_sleeper
	echo word >rootfs/here
	must runtime exec "$ID" sh -c 'cat /here; cd /; pwd; ls -d /dev/pts'
	[[ $output == word$'\n'/$'\n'/dev/pts ]]
	must runtime delete --force "$ID"
	host_unchanged
}

@test "inherited mount namespace: without mounts exec is in the container's root too" {
	edit '.mounts = []'
	start_sleeper
	echo word >rootfs/here
	must runtime exec "$ID" cat /here
	[[ $output == word ]]
	must runtime delete --force "$ID"
	host_unchanged
}

@test "inherited mount namespace: a shared mount above is not changed, what it passed on goes" {
	mkdir shared
	host_mount -t tmpfs none shared
	mount --make-shared shared
	before=$(host_mounts)
	# shellcheck disable=SC2030,SC2031
	ROOT=$PWD/shared/state
	start_other --propagation unchanged
	start_sleeper
	[[ $(grep " $ROOT/" /proc/self/mountinfo) != *shared:* ]]
	(($(mounts_of self) > 5))
	(($(mounts_of "$other") == 1))
	must runtime delete --force "$ID"
	host_unchanged
	(($(mounts_of "$other") == 0))
	end_other
}

@test "inherited mount namespace: read-only root, rootfsPropagation, and the host's stay as they are" {
	edit '.root.readonly = true | .linux.rootfsPropagation = "shared"'
	sh_args 'touch /x; grep " / / " /proc/self/mountinfo || cat /proc/self/mountinfo'
	try runtime run "$ID"
	[[ $error == *[Rr]ead-only* ]]
	[[ $output == *shared:* ]]
	touch rootfs/writable
	host_unchanged
}

@test "inherited mount namespace: two containers on one rootfs do not disturb each other" {
	sh_args 'trap "exit 0" TERM; sleep 300 & wait'
	must runtime create "$ID"
	must runtime start "$ID"
	edit '.linux.cgroupsPath += "-2"'
	must runtime create "$ID-2"
	must runtime start "$ID-2"
	must runtime delete --force "$ID"
	must runtime exec "$ID-2" ls -d /dev/pts /proc/1/comm
	must runtime delete --force "$ID-2"
	host_unchanged
}

@test "inherited mount namespace: a create that fails leaves nothing" {
	edit '.mounts += [{destination: "/data", type: "nosuchfs", source: "x"}]'
	fails runtime create "$ID"
	one_sentence
	said 'nosuchfs'
	host_unchanged
	edit 'del(.mounts[-1]) | .process.args = ["/no/such/program"]'
	fails runtime create "$ID"
	host_unchanged
}

@test "inherited mount namespace: a create that is killed leaves what delete takes away" {
	mkdir hooks
	printf '#!/bin/sh\ntouch %q\nexec sleep 300\n' "$PWD/hooks/reached" >hooks/wait
	chmod +x hooks/wait
	edit '.hooks.createContainer = [{path: $path}]' --arg path "$PWD/hooks/wait"
	# shellcheck disable=SC2031
	"$RUNTIME" --root "$ROOT" create "$ID" </dev/null >/dev/null 2>&1 3>&- &
	creator=$!
	eventually test -e hooks/reached
	kill -KILL "$creator"
	wait "$creator" || true
	(($(mounts_of self) > 5))
	echo precious >rootfs/file
	must runtime delete --force "$ID"
	host_unchanged
	[[ $(<rootfs/file) == precious ]]
}

@test "joined mount namespace: the mounts are made there, and are gone from there after delete" {
	start_other
	join_mounts "/proc/$other/ns/mnt"
	start_sleeper
	same_namespace "$(container_pid)" "$other"
	(($(mounts_of "$other") > 5))
	(($(mounts_of self) == 0))
	must runtime exec "$ID" sh -c 'readlink /proc/self/ns/mnt; ls -d /dev/pts'
	[[ $output == "$(readlink "/proc/$other/ns/mnt")"$'\n'/dev/pts ]]
	must runtime delete --force "$ID"
	(($(mounts_of "$other") == 0))
	host_unchanged
	end_other
}

@test "joined mount namespace: whose path is gone at delete, and which goes on" {
	start_other
	nsenter -t "$other" -m sleep 300 3>&- &
	inside=$!
	eventually same_namespace "$other" "$inside"
	join_mounts "/proc/$other/ns/mnt"
	start_sleeper
	end_other
	(($(mounts_of "$inside") > 5))
	must runtime delete --force "$ID"
	(($(mounts_of "$inside") == 0))
	host_unchanged
	kill "$inside"
	wait "$inside" || true
}

@test "joined mount namespace: one that does not show the state directory is refused" {
	start_other
	nsenter -t "$other" -m mount -t tmpfs none "$BATS_TEST_TMPDIR"
	join_mounts "/proc/$other/ns/mnt"
	fails runtime create "$ID"
	one_sentence
	said 'not in sight'
	host_unchanged
	end_other
}

@test "joined mount namespace: one of another user namespace is refused" {
	start_other -U
	join_mounts "/proc/$other/ns/mnt"
	fails runtime create "$ID"
	one_sentence
	said 'another user namespace'
	host_unchanged
	end_other
}

@test "inherited mount namespace: not with a user namespace" {
	edit '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
		.linux.gidMappings = .linux.uidMappings'
	fails runtime create "$ID"
	one_sentence
	said 'user namespace.*mount namespace'
	host_unchanged
}
