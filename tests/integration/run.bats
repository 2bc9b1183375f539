#!/usr/bin/env bats
# dabba run: create, start, wait and delete in one.
load helpers/bundle

setup() {
	setup_bundle
}

@test "run: prints what the container prints and leaves nothing" {
	run_sh 'echo out; echo err >&2'
	((status == 0))
	[[ $output == out ]]
	[[ $error == err ]]
	nothing_left
}

@test "run: passes on the exit code" {
	run_sh 'exit 42'
	((status == 42))
	nothing_left
}

@test "run: a killed container gives 128 + the signal" {
	run_sh 'kill -KILL $$; sleep 1'
	# pid 1 of a pid namespace cannot kill itself.
	((status == 0))
	edit '.linux.namespaces |= map(select(.type != "pid"))'
	run_sh 'kill -KILL $$'
	((status == 137))
	nothing_left
}

@test "run: stdin reaches the container" {
	sh_args 'cat'
	output=$(echo hello | runtime run "$ID")
	[[ $output == hello ]]
}

@test "run: --bundle from elsewhere, --pid-file" {
	sh_args 'echo here'
	cd /
	must runtime run --bundle "$BUNDLE" --pid-file "$BATS_TEST_TMPDIR/pid" "$ID"
	[[ $output == here ]]
	[[ $(cat "$BATS_TEST_TMPDIR/pid") =~ ^[0-9]+$ ]]
}

@test "run: --detach returns while the container runs" {
	sh_args 'sleep 30'
	must runtime run --detach --pid-file pid "$ID"
	has_status running
	[[ $(container_pid) == "$(cat pid)" ]]
	must runtime delete --force "$ID"
	nothing_left
}

@test "run: --keep keeps the stopped container" {
	require_keep
	must runtime run --keep "$ID"
	has_status stopped
	must runtime delete "$ID"
	nothing_left
}

require_keep() {
	[[ $("$RUNTIME" run --help) == *--keep* ]] || skip "this runtime has no --keep"
}

@test "run: a signal to the runtime reaches the container" {
	sh_args 'trap "echo caught; exit 7" TERM; echo ready; while :; do sleep 0.05; done'
	"$RUNTIME" --root "$ROOT" run "$ID" >out 2>&1 3>&- &
	eventually grep -q ready out
	kill -TERM $!
	status=0
	wait $! || status=$?
	((status == 7))
	grep -q caught out
	nothing_left
}

@test "run: the program is looked up in the container's PATH" {
	edit '.process.args = ["echo", "found"] | .process.env = ["PATH=/nowhere:/bin"]'
	must runtime run "$ID"
	[[ $output == found ]]
}

@test "run: environment is exactly the one of the config, HOME is added" {
	edit '.process.args = ["/bin/busybox", "env"] | .process.env = ["A=1", "B=two words", "A=last"]'
	must runtime run "$ID"
	[[ $output == *"B=two words"* ]]
	[[ $output == *A=last* ]]
	[[ $output == *HOME=/root* ]]
	[[ $output != *PATH=* ]]
}

@test "run: cwd is used, and made when it is missing" {
	edit '.process.cwd = "/made/here" | .process.args = ["/bin/pwd"]'
	must runtime run "$ID"
	[[ $output == /made/here ]]
	[[ -d rootfs/made/here ]]
}

@test "run: no file descriptor of the runtime reaches the container" {
	sh_args 'ls /proc/self/fd | wc -l'
	# 0, 1, 2 and the directory that ls reads.
	must runtime run "$ID" 9</etc/passwd
	[[ $output == 4 ]]
}
