#!/usr/bin/env bats
# podman of a user without privilege, whose other ids come from /etc/subuid. dabba is root of
# podman's user namespace there, which is not root of the machine.
load helpers/podman

setup_file() {
	podman_defaults
	sed -i 's/^cgroup_manager = .*/cgroup_manager = "cgroupfs"/' /etc/containers/containers.conf.d/machine.conf
	make_user
	podman load -qi "$USER_DIR/images.tar"
	podman tag localhost/busybox:1 bb
}

# Ends the process that keeps podman's user namespace.
teardown_file() {
	podman system migrate
}

teardown() {
	podman rm -af -t 0
}

# "tester", with files of its own for those of the machine that name users.
make_user() {
	local file
	export USER_DIR=$BATS_FILE_TMPDIR/user
	install -d -m 755 "$USER_DIR"
	# Podman refuses the name of a directory for its state that is longer than 50.
	install -d -m 700 -o 4321 -g 4321 "$USER_DIR/home" /run/podman/tester
	install -m 644 "$CLIENT_IMAGES" "$USER_DIR/images.tar"
	install -m 644 /etc/{passwd,group} "$USER_DIR"
	echo "tester:x:4321:4321::$USER_DIR/home:/bin/sh" >>"$USER_DIR/passwd"
	echo 'tester:x:4321:' >>"$USER_DIR/group"
	install -m 644 <(echo 'tester:500000:65536') "$USER_DIR/subuid"
	cp "$USER_DIR/subuid" "$USER_DIR/subgid"
	for file in passwd group subuid subgid; do
		[[ -e /etc/$file ]] || touch "/etc/$file"
		mount --bind "$USER_DIR/$file" "/etc/$file"
	done
	for ((file = 1; file < 5; file++)); do
		chmod a+x "$(realpath "$USER_DIR/$(printf '../%.0s' $(seq "$file"))")"
	done
}

# Sets $as_user, in front of a command of the user.
user_environment() {
	as_user=(setpriv --reuid 4321 --regid 4321 --clear-groups env -i -C "$USER_DIR/home"
		PATH=/usr/local/bin:/usr/bin:/usr/sbin:/bin HOME="$USER_DIR/home"
		XDG_RUNTIME_DIR=/run/podman/tester)
}

podman() {
	user_environment
	patiently "${as_user[@]}" podman --log-level=error "$@"
}

@test "podman of a user: output, status, ids, and no privilege on the machine" {
	must run_bb -- sh -c 'id -u; cat /proc/self/uid_map'
	[[ $(tr -s ' ' <<<"$output") == $'0\n 0 4321 1\n 1 500000 65536' ]]
	try run_bb -- sh -c 'exit 37'
	((status == 37))
	fails run_bb -- no-such-program
	((status == 127))
	must run_bb -v "$USER_DIR/home:/data" -- touch /data/file
	[[ $(stat -c %u "$USER_DIR/home/file") == 4321 ]]
	must run_bb -v "$USER_DIR/home:/data" -u user -- sh -c '! touch /data/other 2>/dev/null && echo refused'
	[[ $output == refused ]]
	must run_bb --cgroupns=host -v /sys/fs/cgroup:/host -- sh -c \
		'! mkdir /sys/fs/cgroup/mine 2>/dev/null && ! mkdir /host/mine 2>/dev/null && echo refused'
	[[ $output == refused ]]
}

@test "podman of a user: --userns=keep-id, auto, nomap" {
	must run_bb --userns=keep-id -v "$USER_DIR/home:/data" -- sh -c 'id -u; touch /data/kept'
	[[ $output == 4321 && $(stat -c %u "$USER_DIR/home/kept") == 4321 ]]
	must run_bb --userns=auto -- sh -c 'id -u; grep -c " 1024$" /proc/self/uid_map'
	[[ $output == $'0\n1' ]]
	must run_bb --userns=nomap -v "$USER_DIR/home:/data" -- stat -c %u /data
	[[ $output == 65534 ]]
}

@test "podman of a user: a container in the background, exec, logs, stop, start" {
	must podman run -d --net=none --name box bb sh -c 'trap "exit 3" TERM; echo begun; while :; do sleep 0.1; done'
	within "$PATIENCE" logged box begun
	must podman exec -u user -w /tmp box sh -c 'id -un; pwd'
	[[ $output == $'user\n/tmp' ]]
	user_environment
	try on_terminal -s 33x99 "${as_user[@]}" podman exec -it box sh -c "$(await_size '33 99')"
	((status == 7))
	must podman stop box
	must podman inspect box --format '{{.State.Status}} {{.State.ExitCode}} {{.OCIRuntime}}'
	[[ $output == 'exited 3 dabba' ]]
	must podman start box
	must podman rm -f -t 0 box
}

@test "podman of a user: a pod shares its namespaces" {
	must podman pod create --name pod --network none --infra-image localhost/pause:1 --infra-command 'sleep infinity'
	must podman run -d --pod pod --name one bb sh -c 'nc -l -p 5000 -e echo welcome'
	must podman run --rm --pod pod bb sh -c 'until nc 127.0.0.1 5000 </dev/null; do sleep 0.3; done'
	[[ $output == welcome ]]
	must podman pod rm -f -t 0 pod
}
