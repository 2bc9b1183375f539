#!/usr/bin/env bats
# process.terminal: the container's pty, its console, who gets the master.
load helpers/bundle

setup() {
	setup_bundle
	edit '.process.terminal = true'
	require command /usr/bin/python3
}

# on_terminal [onpty.py options] COMMAND...
on_terminal() {
	try /usr/bin/python3 "$TOOLS/onpty.py" "$@"
}

# receive_console: an engine's end of the console socket; its output is in $CONSOLE.
receive_console() {
	SOCKET=$BATS_TEST_TMPDIR/console.sock
	CONSOLE=$BATS_TEST_TMPDIR/console
	/usr/bin/python3 "$TOOLS/recvtty.py" "$SOCKET" >"$CONSOLE" 2>&1 </dev/null 3>&- &
	eventually test -S "$SOCKET"
}

@test "terminal: run gives the container a terminal of its own" {
	sh_args 'tty; test -t 0 && test -t 1 && test -t 2 && echo three; ls -l /dev/console >/dev/null && echo console'
	on_terminal "$RUNTIME" --root "$ROOT" run "$ID"
	((status == 0))
	[[ $output == */dev/pts/0* && $output == *three* && $output == *console* ]]
}

@test "terminal: what is typed arrives, the exit code comes back" {
	sh_args 'echo ready; read line; echo "got $line"; exit 5'
	on_terminal -x ready hello "$RUNTIME" --root "$ROOT" run "$ID"
	((status == 5))
	[[ $output == *"got hello"* ]]
}

@test "terminal: no carriage returns are added inside" {
	require dabba
	sh_args 'stty -a'
	on_terminal "$RUNTIME" --root "$ROOT" run "$ID"
	[[ $output == *-onlcr* ]]
}

@test "terminal: the size is the caller's, and follows it" {
	sh_args 'echo ready; sleep 0.3; stty size; trap "stty size; exit" WINCH
		echo resize; while :; do sleep 0.05; done'
	on_terminal -s 33x77 -x resize RESIZE=44x88 "$RUNTIME" --root "$ROOT" run "$ID"
	((status == 0))
	[[ $output == *"33 77"*"44 88"* ]]
}

@test "terminal: control-C reaches the container" {
	sh_args 'trap "echo interrupted; exit 3" INT; echo ready; while :; do sleep 0.05; done'
	on_terminal -x ready $'\x03' "$RUNTIME" --root "$ROOT" run "$ID"
	((status == 3))
	[[ $output == *interrupted* ]]
}

@test "terminal: consoleSize of the config" {
	edit '.process.consoleSize = {height: 21, width: 65}'
	receive_console
	sh_args 'stty size; sleep 1'
	must runtime create --console-socket "$SOCKET" "$ID"
	must runtime start "$ID"
	eventually grep -q '21 65' "$CONSOLE"
}

@test "terminal: create hands the master to the console socket" {
	receive_console
	sh_args 'echo from inside; test -t 0 && echo yes; sleep 30'
	must runtime create --console-socket "$SOCKET" "$ID"
	must runtime start "$ID"
	eventually grep -q yes "$CONSOLE"
	grep -q 'from inside' "$CONSOLE"
}

@test "terminal: exec -t" {
	edit '.process.terminal = false'
	start_sleeper
	on_terminal "$RUNTIME" --root "$ROOT" exec -t "$ID" sh -c 'tty; exit 6'
	((status == 6))
	[[ $output == */dev/pts/0* ]]
}

@test "terminal: exec --tty --detach with a console socket" {
	edit '.process.terminal = false'
	start_sleeper
	receive_console
	must runtime exec --tty --detach --console-socket "$SOCKET" "$ID" sh -c 'tty; sleep 1'
	eventually grep -q /dev/pts/0 "$CONSOLE"
}

@test "terminal: create without a console socket is refused, as is one without need" {
	fails runtime create "$ID"
	one_sentence
	said 'console-socket'
	nothing_left
	edit '.process.terminal = false'
	fails runtime create --console-socket "$BATS_TEST_TMPDIR/none" "$ID"
	one_sentence
	said 'console-socket|terminal'
	nothing_left
}

@test "terminal: a console socket nobody listens on" {
	fails runtime create --console-socket "$BATS_TEST_TMPDIR/none" "$ID"
	one_sentence
	said "$BATS_TEST_TMPDIR/none"
	nothing_left
}

@test "terminal: it belongs to the user of the process" {
	edit '.process.user = {uid: 9, gid: 9}'
	receive_console
	sh_args 'stat -c owner=%u $(tty); sleep 1'
	must runtime run -d --console-socket "$SOCKET" "$ID"
	eventually grep -q owner=9 "$CONSOLE"
}

@test "terminal: a console that is a link in the image leads nowhere" {
	mkdir -p rootfs/dev
	touch outside
	edit '.mounts |= map(select(.destination != "/dev" and .destination != "/dev/shm" and
		.destination != "/dev/mqueue"))'
	mkdir -p rootfs/dev/pts
	ln -s "../../../../../..$BUNDLE/outside" rootfs/dev/console
	sh_args 'true'
	on_terminal "$RUNTIME" --root "$ROOT" run "$ID"
	[[ $(stat -c %F outside) == "regular empty file" ]]
}
