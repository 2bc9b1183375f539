#!/usr/bin/env bats
# root and mounts: binds, every option, recursion, idmaps, propagation, order.
load helpers/bundle

setup() {
	setup_bundle
}

# add_mount DESTINATION TYPE SOURCE OPTION...
add_mount() {
	local destination=$1 type=$2 source=$3
	shift 3
	edit '.mounts += [{destination: $d, type: $t, source: $s, options: $ARGS.positional}]' \
		--arg d "$destination" --arg t "$type" --arg s "$source" --args "$@"
}

# options_of PATH: how the container sees the mount on PATH.
options_of() {
	run_sh "grep ' $1 ' /proc/self/mountinfo | tail -n 1"
	((status == 0)) && [[ -n $output ]]
}

@test "mounts: a bind of a directory, read and written" {
	mkdir source
	echo host >source/file
	add_mount /mnt none "$BUNDLE/source" bind
	run_sh 'cat /mnt/file; echo container >/mnt/new'
	[[ $output == host ]]
	[[ $(cat source/new) == container ]]
	[[ -d rootfs/mnt ]]
}

@test "mounts: a bind of a file onto a file that is made" {
	echo word >file
	add_mount /etc/deep/down/file bind "$BUNDLE/file" bind ro
	run_sh 'cat /etc/deep/down/file; echo x >/etc/deep/down/file'
	((status != 0))
	[[ $output == word ]]
	[[ $(cat file) == word ]]
	[[ -f rootfs/etc/deep/down/file ]]
}

@test "mounts: a relative source is relative to the bundle" {
	mkdir source
	echo word >source/file
	add_mount /mnt bind source bind
	cd /
	must runtime run --bundle "$BUNDLE" "$ID"
	cd "$BUNDLE"
	run_sh 'cat /mnt/file'
	[[ $output == word ]]
}

@test "mounts: flags of a bind" {
	local option
	mkdir source
	for option in ro nosuid nodev noexec noatime nodiratime; do
		jq --arg o "$option" --arg s "$BUNDLE/source" '.mounts += [{destination: "/mnt",
			type: "bind", source: $s, options: ["bind", $o]}]' "$HELPERS/config.json" >config.json
		options_of /mnt
		[[ $output == *[\ ,]"$option"[\ ,]* ]]
	done
}

@test "mounts: flags of a tmpfs, and data" {
	add_mount /mnt tmpfs tmpfs ro nosuid nodev noexec noatime size=4096k mode=1770
	options_of /mnt
	[[ $output == *\ ro,nosuid,nodev,noexec,noatime\ * ]]
	[[ $output == *size=4096k*mode=1770* ]]
}

@test "mounts: later options win" {
	add_mount /mnt tmpfs tmpfs ro rw noexec exec nosuid suid nodev dev
	options_of /mnt
	[[ $output == *\ rw,relatime\ * ]]
}

@test "mounts: options of one attribute are told apart" {
	local option
	require dabba
	for option in strictatime relatime noatime; do
		cp "$HELPERS/config.json" config.json
		add_mount /mnt tmpfs tmpfs "$option"
		options_of /mnt
		case $option in
		strictatime) [[ $output != *atime* ]] ;;
		*) [[ $output == *"$option"* ]] ;;
		esac
	done
	cp "$HELPERS/config.json" config.json
	add_mount /mnt tmpfs tmpfs nosymfollow
	options_of /mnt
	[[ $output == *nosymfollow* ]]
}

@test "mounts: bind does not bring submounts, rbind does, rro makes them read-only" {
	mkdir -p source/sub
	host_mount -t tmpfs none source/sub
	echo deep >source/sub/file
	add_mount /mnt bind "$BUNDLE/source" bind
	run_sh 'ls /mnt/sub'
	[[ -z $output ]]
	edit '.mounts[-1].options = ["rbind"]'
	run_sh 'cat /mnt/sub/file; echo x >/mnt/sub/file'
	((status == 0))
	[[ $output == deep ]]
	edit '.mounts[-1].options = ["rbind", "ro"]'
	run_sh 'echo x >/mnt/file || echo x >/mnt/sub/file && echo only-top'
	[[ $output == only-top ]]
	edit '.mounts[-1].options = ["rbind", "rro"]'
	run_sh 'echo x >/mnt/file || echo x >/mnt/sub/file || echo none'
	[[ $output == none ]]
}

@test "mounts: recursive options: rnosuid rnodev rnoexec rnoatime" {
	local option
	mkdir -p source/sub
	host_mount -t tmpfs none source/sub
	for option in rnosuid rnodev rnoexec rnoatime; do
		jq --arg o "$option" --arg s "$BUNDLE/source" '.mounts += [{destination: "/mnt",
			type: "bind", source: $s, options: ["rbind", $o]}]' "$HELPERS/config.json" >config.json
		options_of /mnt/sub
		[[ $output == *[\ ,]"${option#r}"[\ ,]* ]]
	done
}

@test "mounts: propagation options" {
	local option
	mkdir source
	host_mount --bind source source
	mount --make-shared source
	for option in private:none shared:shared slave:master unbindable:unbindable rshared:shared; do
		jq --arg o "${option%:*}" --arg s "$BUNDLE/source" '.mounts += [{destination: "/mnt",
			type: "bind", source: $s, options: ["rbind", $o]}]' "$HELPERS/config.json" >config.json
		options_of /mnt
		case $option in
		private:*) [[ $output != *shared:* && $output != *master:* ]] ;;
		*) [[ $output == *"${option#*:}"* ]] ;;
		esac
	done
}

@test "mounts: tmpcopyup" {
	require dabba
	mkdir rootfs/data
	echo word >rootfs/data/file
	chmod 751 rootfs/data
	add_mount /data tmpfs tmpfs tmpcopyup
	run_sh 'cat /data/file; echo x >/data/new; stat -c %a /data'
	[[ $output == word$'\n'751 ]]
	[[ ! -e rootfs/data/new ]]
}

@test "mounts: a tmpfs takes the mode of the directory it covers" {
	mkdir -m 1733 rootfs/data
	add_mount /data tmpfs tmpfs
	run_sh 'stat -c %a /data'
	[[ $output == 1733 ]]
	edit '.mounts[-1].options = ["mode=700"]'
	run_sh 'stat -c %a /data'
	[[ $output == 700 ]]
}

@test "mounts: idmap with mappings of its own" {
	require dabba
	require idmapped-mounts
	mkdir source
	touch source/file
	chown 0:0 source/file
	edit '.mounts += [{destination: "/mnt", type: "bind", source: $s, options: ["bind", "idmap"],
		uidMappings: [{containerID: 0, hostID: 1000, size: 10}],
		gidMappings: [{containerID: 0, hostID: 2000, size: 10}]}]' --arg s "$BUNDLE/source"
	run_sh 'stat -c %u:%g /mnt/file'
	[[ $output == 1000:2000 ]]
}

@test "mounts: ridmap reaches submounts, idmap does not" {
	require dabba
	require idmapped-mounts
	mkdir -p source/sub
	host_mount -t tmpfs none source/sub
	touch source/sub/file
	edit '.mounts += [{destination: "/mnt", type: "bind", source: $s, options: ["rbind", "idmap"],
		uidMappings: [{containerID: 0, hostID: 1000, size: 10}],
		gidMappings: [{containerID: 0, hostID: 2000, size: 10}]}]' --arg s "$BUNDLE/source"
	run_sh 'stat -c %u /mnt /mnt/sub/file'
	[[ $output == 1000$'\n'0 ]]
	edit '.mounts[-1].options = ["rbind", "ridmap"]'
	run_sh 'stat -c %u /mnt /mnt/sub/file'
	[[ $output == 1000$'\n'1000 ]]
}

@test "mounts: idmap without any mapping, mappings of one kind alone" {
	require dabba
	mkdir source
	add_mount /mnt bind "$BUNDLE/source" bind idmap
	fails runtime run "$ID"
	one_sentence
	said 'idmap'
	edit '.mounts[-1].uidMappings = [{containerID: 0, hostID: 1, size: 1}]'
	fails runtime run "$ID"
	one_sentence
	said 'gidMappings'
}

@test "mounts: in the order they are listed, onto each other" {
	mkdir source
	echo word >source/file
	add_mount /data tmpfs tmpfs
	add_mount /data/deeper/still bind "$BUNDLE/source" bind
	run_sh 'cat /data/deeper/still/file'
	[[ $output == word ]]
	[[ ! -e rootfs/data/deeper ]]
}

@test "mounts: symlinks in the root file system cannot lead out" {
	mkdir source outside
	echo word >source/file
	ln -s /../../../../../../../"$BUNDLE/outside" rootfs/link
	ln -s "$BUNDLE/outside" rootfs/absolute
	add_mount /link/a bind "$BUNDLE/source" bind
	add_mount /absolute/b bind "$BUNDLE/source" bind
	must runtime run "$ID"
	[[ -z $(ls -A outside) ]]
}

@test "mounts: a missing source" {
	add_mount /mnt bind "$BUNDLE/nowhere" bind
	fails runtime run "$ID"
	one_sentence
	said 'nowhere.*[Nn]o such file'
	nothing_left
}

@test "mounts: an unknown type, a wrong option, data on a bind" {
	add_mount /mnt nosuchfs none
	fails runtime run "$ID"
	one_sentence
	said 'nosuchfs'
	edit 'del(.mounts[-1])'
	add_mount /mnt tmpfs tmpfs size=banana
	fails runtime run "$ID"
	said 'banana'
	require dabba
	edit 'del(.mounts[-1])'
	mkdir source
	add_mount /mnt bind "$BUNDLE/source" bind size=1
	fails runtime run "$ID"
	said 'size=1'
	nothing_left
}

@test "mounts: nothing may cover parts of /proc" {
	mkdir source
	add_mount /proc/sys bind "$BUNDLE/source" bind
	fails runtime run "$ID"
	one_sentence
	said '/proc/sys'
	nothing_left
}

@test "mounts: /proc that is a symlink in the image" {
	rmdir rootfs/proc
	ln -s tmp rootfs/proc
	fails runtime run "$ID"
	one_sentence
	said '/proc'
	nothing_left
}

@test "root: readonly" {
	edit '.root.readonly = true'
	run_sh 'touch /file; echo x >/dev/shm/file && echo shm'
	[[ $output == shm ]]
	[[ $error == *[Rr]ead-only* ]]
}

@test "root: an absolute path, a mount point, missing, a file" {
	edit '.root.path = $p' --arg p "$BUNDLE/rootfs"
	run_sh 'echo ran'
	[[ $output == ran ]]
	host_mount --bind rootfs rootfs
	run_sh 'echo ran'
	[[ $output == ran ]]
	edit '.root.path = "nowhere"'
	fails runtime run "$ID"
	one_sentence
	said 'nowhere'
	edit '.root.path = "config.json"'
	fails runtime run "$ID"
	one_sentence
	edit 'del(.root)'
	fails runtime run "$ID"
	one_sentence
	said 'root'
}

@test "root: the old root is out of reach and not in the mount table" {
	run_sh 'cat /proc/self/mountinfo'
	[[ $output != *"$BUNDLE"* && $output != *old* ]]
	[[ $(wc -l <<<"$output") -lt 40 ]]
}

@test "root: rootfsPropagation" {
	local mode
	host_mount --bind rootfs rootfs
	mount --make-shared rootfs
	for mode in private:- slave:master shared:shared; do
		edit '.linux.rootfsPropagation = $m' --arg m "${mode%:*}"
		run_sh "grep ' / rw' /proc/self/mountinfo"
		((status == 0))
		[[ $mode != shared:* || $output == *shared:* ]]
		[[ $mode != private:* || $output != *shared:* ]]
	done
	edit '.linux.rootfsPropagation = "sideways"'
	fails runtime run "$ID"
	said 'rootfsPropagation.*sideways'
}

@test "root: mounts of the container do not reach the host" {
	local before
	before=$(wc -l </proc/self/mountinfo)
	edit '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	run_sh 'mount -t tmpfs none /tmp && echo mounted'
	[[ $output == mounted ]]
	[[ $(wc -l </proc/self/mountinfo) == "$before" ]]
}
