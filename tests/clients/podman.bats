#!/usr/bin/env bats
# podman and conmon with dabba: the life of a container as people type it.
load helpers/podman

setup_file() {
	setup_podman
}

teardown() {
	remove_all
	nothing_leaked
}

@test "podman info names dabba and its version" {
	must podman info --format '{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Path}} {{.Host.OCIRuntime.Version}}'
	[[ $output == "dabba /usr/local/bin/dabba dabba version "* ]]
}

@test "podman --runtime: a path, and another name than the default's" {
	cp /usr/local/bin/dabba "$BATS_TEST_TMPDIR/runtime"
	# It is looked for beside the runtime.
	cp /usr/local/bin/dabba-systemd "$BATS_TEST_TMPDIR"
	must podman --runtime "$BATS_TEST_TMPDIR/runtime" run --name box --net=none bb echo by path
	[[ $output == 'by path' ]]
	must podman inspect box --format '{{.OCIRuntime}}'
	[[ $output == "$BATS_TEST_TMPDIR/runtime" ]]
}

@test "podman run: output, input, status" {
	must run_bb -- sh -c 'echo out; echo err >&2'
	[[ $output == out && $error == err ]]
	echo input | podman run -i --rm --net=none bb cat >"$BATS_TEST_TMPDIR/copy"
	[[ $(<"$BATS_TEST_TMPDIR/copy") == input ]]
	try run_bb -- sh -c 'exit 37'
	((status == 37))
	try run_bb -- sh -c 'kill -9 $$; exit 1'
	((status == 1 || status == 137))
}

@test "podman run: 125, 126 and 127 and the reasons" {
	fails run_bb -- /etc/passwd
	((status == 126))
	[[ $error == *dabba*"/etc/passwd"*"ermission denied"* ]]
	fails run_bb -- /etc
	((status == 126))
	fails run_bb -- no-such-program
	((status == 127))
	[[ $error == *dabba*"no-such-program"*"not found"* ]]
	fails run_bb --cap-add nonsense -- true
	((status == 125))
}

@test "podman run and exec: 128 and the signal" {
	must podman run -d --net=none --name box bb sleep 1000
	try podman exec box sh -c 'kill -KILL $$'
	((status == 137))
	try podman exec box sh -c 'kill -TERM $$'
	((status == 143))
	podman run --net=none --name victim bb sleep 1000 </dev/null 3>&- &
	within "$PATIENCE" has_status victim running
	must podman kill -s KILL victim
	status=0
	wait $! || status=$?
	((status == 137))
}

# has_restarted CONTAINER TIMES: and has ended since.
has_restarted() {
	[[ $(podman inspect "$1" --format '{{.RestartCount}} {{.State.Status}}') == "$2 exited" ]]
}

@test "podman create, init, start with input, rename, restarts of its own" {
	must podman create --net=none --name made -i bb sh -c 'read x; echo got $x; exit 6'
	must podman init made
	must podman inspect made --format '{{.State.Status}} {{.State.Pid}}'
	[[ $output == *ed\ [1-9]* ]]
	status=0
	echo hello | podman start -a -i made >"$BATS_TEST_TMPDIR/out" || status=$?
	((status == 6))
	[[ $(<"$BATS_TEST_TMPDIR/out") == 'got hello' ]]
	must podman rename made other
	must podman run -d --net=none --name again --restart on-failure:2 bb sh -c 'echo x; exit 1'
	within "$PATIENCE" has_restarted again 2
	must podman logs again
	[[ $output == $'x\nx\nx' ]]
}

@test "podman run -it: a terminal with its size, and detach keys" {
	try on_terminal -s 30x100 -x READY RESIZE=20x70 podman run -it --rm --net=none bb sh -c '
		until [ "$(stty size)" = "30 100" ]; do sleep 0.1; done
		tty && echo READY
		until [ "$(stty size)" = "20 70" ]; do sleep 0.1; done
		exit 7'
	((status == 7))
	[[ $output == */dev/pts/0*READY* ]]
	# The return key alone.
	try on_terminal -x '/ #' '' podman run -it --name left --detach-keys ctrl-m --net=none bb sh
	((status == 0))
	must podman inspect left --format '{{.State.Status}}'
	[[ $output == running ]]
}

@test "podman start, stop, restart, kill, rm and what inspect says" {
	must podman run -d --net=none --name life bb sh -c 'trap "exit 3" TERM; while :; do sleep 0.1; done'
	must podman inspect life --format '{{.State.Status}} {{.OCIRuntime}} {{.State.Pid}}'
	[[ $output == "running dabba "[1-9]* ]]
	must podman stop life
	must podman inspect life --format '{{.State.Status}} {{.State.ExitCode}}'
	[[ $output == "exited 3" ]]
	must podman start life
	must podman restart -t 5 life
	must podman kill -s KILL life
	must podman wait life
	[[ $output == 137 ]]
	must podman start life
	must podman rm -f -t 0 life
}

@test "podman stop: a program that ignores the signal is killed in time" {
	must podman run -d --net=none --name stubborn bb sh -c 'trap "" TERM; while :; do sleep 0.1; done'
	must podman stop -t 1 stubborn
	must podman inspect stubborn --format '{{.State.ExitCode}}'
	[[ $output == 137 ]]
}

@test "podman pause and unpause" {
	must podman run -d --net=none --name box bb sleep 1000
	must podman pause box
	must podman inspect box --format '{{.State.Status}}'
	[[ $output == paused ]]
	fails podman exec box true
	must podman unpause box
	must podman exec box true
}

@test "podman exec: output, input, status, user, directory, environment, terminal" {
	must podman run -d --net=none --name box bb sleep 1000
	must podman exec -u user -w /tmp -e GREETING=hello box sh -c 'id -un; pwd; echo $GREETING'
	[[ $output == $'user\n/tmp\nhello' ]]
	try podman exec box sh -c 'exit 42'
	((status == 42))
	echo input | podman exec -i box cat >"$BATS_TEST_TMPDIR/copy"
	[[ $(<"$BATS_TEST_TMPDIR/copy") == input ]]
	must podman exec -d box touch /tmp/detached
	within "$PATIENCE" podman exec box test -e /tmp/detached
	fails podman exec box no-such-program
	((status == 127))
	[[ $error == *no-such-program*not\ found* ]]
	fails podman exec box /etc/passwd
	((status == 126))
	try on_terminal -s 33x99 podman exec -it box sh -c "$(await_size '33 99')"
	((status == 7))
	must podman exec --privileged box grep CapEff /proc/self/status
	[[ $output != *00000000a80425fb ]]
}

@test "podman logs, attach, top, stats, diff, cp and commit" {
	must podman run -d --net=none --name box bb sh -c 'echo one; echo two >&2; sleep 1000'
	within "$PATIENCE" logged box two
	must podman logs box
	[[ $output == one && $error == two ]]
	must podman top box pid comm
	[[ $output == *1\ *sleep* ]]
	must podman stats --no-stream --format '{{.Name}} {{.PIDs}}' box
	[[ $output == box\ * ]]
	must podman exec box touch /new
	must podman diff box
	[[ $output == *'A /new'* ]]
	must podman cp box:/etc/passwd "$BATS_TEST_TMPDIR/passwd"
	grep -q ^user: "$BATS_TEST_TMPDIR/passwd"
	must podman commit -q box localhost/changed
	must podman run --rm --net=none localhost/changed ls /new
	must podman rmi -f localhost/changed
}

@test "podman generate systemd, export, top by the container's ps" {
	must podman run -d --net=none --name box bb sleep 1000
	must podman generate systemd --name box
	[[ $output == *ExecStart=*podman\ start\ box* ]]
	podman export box | tar -t >"$BATS_TEST_TMPDIR/list"
	grep -qx bin/busybox "$BATS_TEST_TMPDIR/list"
	must podman top box -o pid,comm
	[[ $output == *1\ sleep* ]]
	must podman top box capeff seccomp hpid
	[[ $output == *CHOWN*filter* ]]
}

# It needs CRIU, which dabba does not drive.
@test "podman checkpoint: refused, and the container goes on" {
	must podman run -d --net=none --name box bb sleep 1000
	fails podman container checkpoint box
	[[ $error == *"does not support checkpoint"* ]]
	must podman exec box true
}

@test "podman attach: input reaches the program" {
	must podman run -di --net=none --name talk bb sh -c 'read line; echo "got $line"; exit 9'
	echo hello | podman attach talk >"$BATS_TEST_TMPDIR/out" || ((status = $?))
	must podman wait talk
	[[ $output == 9 ]]
	must podman logs talk
	[[ $output == "got hello" ]]
}
