#!/usr/bin/env bats
# /dev: the default devices and links, linux.devices; masked and read-only paths.
load helpers/bundle

setup() {
	setup_bundle
}

@test "devices: the default ones, with type, number and mode" {
	run_sh 'cd /dev; stat -c "%n %F %t:%T %a" null zero full random urandom tty'
	((status == 0))
	grep -qx 'null character special file 1:3 666' <<<"$output"
	grep -qx 'zero character special file 1:5 666' <<<"$output"
	grep -qx 'full character special file 1:7 666' <<<"$output"
	grep -qx 'random character special file 1:8 666' <<<"$output"
	grep -qx 'urandom character special file 1:9 666' <<<"$output"
	grep -qx 'tty character special file 5:0 666' <<<"$output"
}

@test "devices: the links" {
	run_sh 'cd /dev; for l in fd stdin stdout stderr ptmx; do readlink $l; done; echo word >/dev/null; echo through >>/dev/stderr'
	((status == 0))
	[[ $output == /proc/self/fd$'\n'/proc/self/fd/0$'\n'/proc/self/fd/1$'\n'/proc/self/fd/2$'\n'*pts/ptmx ]]
	[[ $error == through ]]
}

@test "devices: a symlinked /dev in the image is refused or stays inside" {
	mkdir outside
	rmdir rootfs/dev
	ln -s "../../../../../../..$BUNDLE/outside" rootfs/dev
	try runtime run "$ID"
	[[ -z $(ls -A outside) ]]
	nothing_left
}

@test "devices: one of the config, in /dev and elsewhere" {
	edit '.linux.devices = [
		{path: "/dev/sub/mine", type: "c", major: 1, minor: 3, fileMode: 432, uid: 3, gid: 4},
		{path: "/opt/zero", type: "u", major: 1, minor: 5, fileMode: 438},
		{path: "/dev/pipe", type: "p", fileMode: 384}]'
	run_sh 'stat -c "%n %F %t:%T %a %u:%g" /dev/sub/mine /opt/zero /dev/pipe'
	((status == 0))
	[[ $output == *"/dev/sub/mine character special file 1:3 660 3:4"* ]]
	[[ $output == *"/opt/zero character special file 1:5 666 0:0"* ]]
	[[ $output == *"/dev/pipe fifo 0:0 600 0:0"* ]]
}

@test "devices: fileMode may carry the type bits" {
	edit '.linux.devices = [{path: "/dev/mine", type: "c", major: 1, minor: 3, fileMode: 8624}]'
	run_sh 'stat -c "%a" /dev/mine'
	[[ $output == 660 ]]
}

@test "devices: an unknown type, a missing number" {
	edit '.linux.devices = [{path: "/dev/mine", type: "x", major: 1, minor: 3}]'
	fails runtime run "$ID"
	one_sentence
	said 'linux.devices\[0\].type.*x'
	nothing_left
}

@test "devices: a different file is in the way" {
	require dabba
	edit '.linux.devices = [{path: "/etc/passwd", type: "c", major: 1, minor: 3}]'
	fails runtime run "$ID"
	one_sentence
	said '/etc/passwd'
	[[ -f rootfs/etc/passwd ]]
}

@test "devices: /dev bound from outside is left as it is" {
	mkdir mydev
	mknod mydev/null c 1 3
	edit '.mounts |= map(select(.destination | startswith("/dev") | not)) +
		[{destination: "/dev", type: "bind", source: $s, options: ["bind"]}]' --arg s "$BUNDLE/mydev"
	must runtime run "$ID"
	[[ $(ls mydev) == null ]]
}

@test "masked paths: files are empty, directories are empty and read-only" {
	mkdir rootfs/secret
	echo word >rootfs/secret/file
	echo word >rootfs/private
	edit '.linux.maskedPaths = ["/secret", "/private", "/not/there", "/secret"]'
	run_sh 'ls /secret; cat /private; touch /secret/x'
	((status != 0))
	[[ -z $output ]]
	[[ $error == *[Rr]ead-only* ]]
}

@test "masked paths: a /dev/null of the image that is a link masks nothing else" {
	echo word >rootfs/private
	edit '.linux.maskedPaths = ["/private"] |
		.mounts |= map(select(.destination | startswith("/dev") | not))'
	ln -s /etc/passwd rootfs/dev/null
	try runtime run "$ID"
	sh_args 'cat /private'
	try runtime run "$ID"
	[[ $output != *root* ]]
}

@test "read-only paths: can be read, cannot be written, below them neither" {
	mkdir -p rootfs/data/deep
	echo word >rootfs/data/deep/file
	edit '.linux.readonlyPaths = ["/data", "/not/there"]'
	run_sh 'cat /data/deep/file; echo x >/data/deep/file'
	((status != 0))
	[[ $output == word ]]
	[[ $error == *[Rr]ead-only* ]]
}

@test "read-only paths: /proc/sys" {
	run_sh 'echo 1 >/proc/sys/kernel/msgmax'
	((status != 0))
	[[ $error == *[Rr]ead-only* ]]
}

@test "masked paths need a mount namespace of the container" {
	require dabba
	edit '.linux.namespaces |= map(select(.type != "mount"))'
	fails runtime run "$ID"
	one_sentence
	said 'maskedPaths|mount namespace'
}
