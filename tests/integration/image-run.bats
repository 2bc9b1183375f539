#!/usr/bin/env bats
# dabba-image run: what a container sees, how it ends, and that nothing is left.
load helpers/image

setup() {
	setup_app
}

teardown() {
	remove_containers
	image_nothing_left
}

# No mount, no container, no state of the runtime.
image_nothing_left() {
	not_mounted
	[[ -z $(ls -A "$STORE/containers"; ls -A "$STORE/tmp") ]]
}

not_mounted() {
	[[ -z $(grep -F " $STORE/" /proc/self/mountinfo) ]]
}

in_store() {
	find "$STORE/containers" -mindepth 1 -maxdepth 1 | wc -l
}

@test "image run: a command, its output and its status" {
	must image run app:1 cat /etc/greeting /data/new
	[[ $output == $'hello again\nnew' ]]
	try image run app:1 sh -c 'exit 37'
	((status == 37))
	try image run app:1 sh -c 'busybox kill -9 $$; busybox sleep 0; exit 3'
	((status == 3))
	! grep -qF " $STORE/" /proc/self/mountinfo || return 1
	(($(in_store) == 3))
}

@test "image run: the image's own command" {
	must image_from <(echo 'echo from stdin') run -i app:1
	[[ $output == 'from stdin' ]]
}

@test "image run: without -i standard input is empty" {
	must image_from <(echo 'echo from stdin') run app:1
	[[ -z $output ]]
}

@test "image run: environment, user, directory and host name" {
	must image run app:1 busybox env
	[[ $output == *PATH=/bin* && $output == *HOME=/* && $output != *TERM=* ]]
	must image run --name known app:1 busybox sh -c 'busybox id -u; busybox pwd; busybox hostname'
	[[ $output == $'0\n/\n'"$(image ps -a --no-trunc | awk '/known$/ {print substr($1, 1, 12)}')" ]]
}

@test "image run: resolv.conf and hosts are the host's and read-only" {
	[[ -r /etc/resolv.conf ]] || skip "the host has no /etc/resolv.conf"
	must image run app:1 cat /etc/resolv.conf
	[[ $output == "$(cat /etc/resolv.conf)" ]]
	fails image run app:1 sh -c 'echo >/etc/resolv.conf'
}

@test "image run: the network is the host's, the rest is the container's own" {
	must image run app:1 sh -c 'for n in net pid mnt uts ipc cgroup; do busybox readlink /proc/self/ns/$n; done'
	[[ $(sed -n 1p <<<"$output") == "$(readlink /proc/self/ns/net)" ]]
	for n in pid mnt uts ipc cgroup; do
		[[ $output != *"$(readlink /proc/self/ns/$n)"* ]]
	done
}

@test "image run: what a container writes stays its own" {
	must image run --name one app:1 sh -c 'echo changed >/etc/greeting; busybox rm /data/new'
	must image run app:1 cat /etc/greeting /data/new
	[[ $output == $'hello again\nnew' ]]
}

@test "image run: on a terminal" {
	must /usr/bin/python3 "$TOOLS/onpty.py" -x '# ' 'busybox tty; echo $TERM' -x '# ' 'exit 5' \
		"$TOP/dabba-image" --root "$STORE" run -ti app:1 || true
	((status == 5))
	[[ $output == */dev/pts/0* && $output == *xterm* ]]
	fails image run -t app:1 sh
	((status == 125))
	[[ $error == *'not a terminal'* ]]
}

@test "image run: in the background" {
	must image run -d --name back app:1 sh -c 'echo working; busybox sleep 0.5; exit 9'
	[[ $output =~ ^[0-9a-f]{64}$ ]]
	must image ps
	[[ $output == *back* && $output == *Up* ]]
	fails image rm back
	one_image_sentence
	eventually bash -c "'$TOP/dabba-image' --root '$STORE' ps -a | grep -q 'Exited (9)'"
	[[ $(cat "$STORE"/containers/*/log) == working ]]
	not_mounted
}

@test "image run: --rm takes the container away" {
	must image run --rm app:1 sh -c 'echo >/x'
	(($(in_store) == 0))
	must image run -d --rm app:1 sh -c 'busybox sleep 0.1'
	eventually bash -c "[[ -z \$(ls '$STORE/containers') ]]"
}

@test "image run: a signal reaches the program" {
	"$TOP/dabba-image" --root "$STORE" run --name sig app:1 sh -c \
		'trap "exit 41" TERM; echo ready; busybox sleep 20 & wait' >ready 3>&- &
	local pid=$! code=0
	eventually grep -q ready ready
	kill -TERM "$pid"
	wait "$pid" || code=$?
	((code == 41))
}

@test "image run: names are given once" {
	must image run --name same app:1 sh -c true
	fails image run --name same app:1 sh -c true
	((status == 125))
	one_image_sentence
	[[ $error == *'name same is used'* ]]
	fails image run --name 'not valid' app:1
	[[ $error == *'no name for a container'* ]]
	(($(in_store) == 1))
}

@test "image run: what cannot run leaves nothing" {
	fails image run app:1 nosuch
	((status == 127))
	fails image run app:1 /etc/greeting
	((status == 126))
	fails image run -d app:1 nosuch
	((status == 127))
	one_image_sentence
	fails image run nosuch
	((status == 125))
	one_image_sentence
	fails image run --runtime /nosuch/runtime app:1
	((status == 125))
	one_image_sentence
	try image run --runtime false app:1
	((status == 125))
	(($(in_store) == 0))
}

@test "image run: volumes are filled from the image and belong to the container" {
	docker_archive_with '.config.Volumes = {"/data": {}, "/fresh/one": {}}'
	must image import vol.tar vol
	must image run --name v vol sh -c 'cat /data/new; echo more >/data/more; echo 1 >/fresh/one/f; busybox ls /data'
	[[ $output == $'new\nmore\nnew' ]]
	must image commit v vol2
	must image run --rm vol2 sh -c 'busybox ls /data /fresh/one'
	[[ $output != *more* && $output != *$'\nf'* ]]
}

@test "image run: users of the image, by name and number" {
	docker_archive_with '.config.User = "nobody-here"'
	must image import vol.tar bad-user
	fails image run bad-user busybox id
	((status == 125))
	[[ $error == *'no such user'* && $error == *nobody-here* ]]
	docker_archive_with '.config.User = "1000:33"'
	must image import vol.tar by-number
	must image run by-number busybox id
	[[ $output == 'uid=1000 gid=33' ]]
	(($(in_store) == 1))
}

@test "image run: killed keepers leave what rm can take away" {
	must image run -d --name orphan app:1 busybox sleep 60
	local id=$output
	kill -KILL "$(keeper "$id")"
	eventually bash -c "'$TOP/dabba-image' --root '$STORE' ps -a | grep -q 'keeper was killed'"
	fails image rm orphan
	must image rm -f orphan
	(($(in_store) == 0))
	fails "$TOP/dabba" state "$id"
}

# keeper ID: the pid of the process that has the container's directory open.
keeper() {
	local fd
	for fd in /proc/[0-9]*/fd/*; do
		if [[ $(readlink "$fd") == "$STORE/containers/$1" ]]; then
			fd=${fd#/proc/}
			echo "${fd%%/*}"
			return
		fi
	done
}

# vol.tar: the image with its config changed by a jq filter.
docker_archive_with() {
	mkdir -p extra
	jq "$1" "$MADE/config.json" >extra/config.json
	docker_archive vol.tar
}
