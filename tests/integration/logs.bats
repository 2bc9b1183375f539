#!/usr/bin/env bats
# --log, --log-format, --log-level, --debug: what engines read.
load helpers/bundle

setup() {
	setup_bundle
	LOG=$BATS_TEST_TMPDIR/log
}

@test "logs: an error is on stderr and in the log" {
	fails runtime --log "$LOG" state nobody
	[[ $error == *nobody* ]]
	grep -q nobody "$LOG"
}

@test "logs: --log-format json: one record per line, level, msg, time" {
	fails runtime --log "$LOG" --log-format json state nobody
	[[ $error == *nobody* ]]
	tail -n 1 "$LOG" | jq -e '.level == "error" and (.msg | contains("nobody")) and
		(.time | test("^20..-..-..T..:..:.."))'
}

@test "logs: with = too, options in any order" {
	fails runtime --log-format=json --log="$LOG" state nobody
	tail -n 1 "$LOG" | jq -e '.level == "error"'
}

@test "logs: quotes and control characters stay one JSON record" {
	require dabba
	fails runtime --log "$LOG" --log-format json state $'a"b\\c\nd'
	[[ $(wc -l <"$LOG") == 1 ]]
	jq -e '.msg | contains("a\"b")' "$LOG"
}

@test "logs: the log is appended to" {
	echo first >"$LOG"
	fails runtime --log "$LOG" state nobody
	[[ $(head -n 1 "$LOG") == first ]]
	(($(wc -l <"$LOG") > 1))
}

@test "logs: success writes nothing" {
	must runtime --log "$LOG" --log-format json run "$ID"
	[[ ! -s $LOG ]]
	[[ -z $error ]]
}

@test "logs: --debug" {
	must runtime --debug --log "$LOG" --log-format json run "$ID"
	require dabba
	jq -es 'any(.level == "debug")' "$LOG"
}

@test "logs: --log-level" {
	require dabba
	edit '.process.capabilities.bounding += ["CAP_NOSUCH"]'
	must runtime --log "$LOG" --log-level error run "$ID"
	[[ ! -s $LOG ]]
	must runtime --log "$LOG" --log-level warning run "$ID"
	grep -q CAP_NOSUCH "$LOG"
	fails runtime --log-level nosuch list
	said 'nosuch'
}

@test "logs: an unknown format, a file that cannot be opened" {
	fails runtime --log "$LOG" --log-format xml list
	said xml
	fails runtime --log /no/such/dir/log list
	said /no/such/dir/log
}

@test "logs: a failure inside the container is in the log of create" {
	edit '.process.args = ["/no/such"]'
	fails runtime --log "$LOG" --log-format json create "$ID"
	tail -n 1 "$LOG" | jq -e '.level == "error" and
		(.msg | test("/no/such.*no such file or directory"; "i"))'
}

@test "logs: a JSON record has the phase, step, system call, error, path, place and hint" {
	require dabba
	edit '.mounts += [{destination: "/data", source: "/no/such", options: ["bind"]}]'
	fails runtime --log "$LOG" --log-format json create "$ID"
	tail -n 1 "$LOG" | jq -e '.phase == "build" and .step == "mount sources" and
		.errno == "ENOENT" and .path == "/no/such" and (.syscall | length) > 0 and
		(.pointer | startswith("mounts["))'
	edit '.mounts |= .[:-1] | .process.args = ["/no/such"]'
	fails runtime --log "$LOG" --log-format json create "$ID"
	tail -n 1 "$LOG" | jq -e '.phase == "init" and .step == "process" and .path == "/no/such" and
		.pointer == "process.args[0]" and (.hint | length) > 0'
	fails runtime --log "$LOG" --log-format json state nobody
	tail -n 1 "$LOG" | jq -e '.phase == "state" and .errno == "ENOENT"'
}

@test "logs: what is no failure is a line of runc's log on standard error" {
	require dabba
	edit '.process.capabilities.bounding += ["CAP_NOSUCH"]'
	must runtime run "$ID"
	[[ $error == time=\"*\"\ level=warning\ msg=\"*CAP_NOSUCH* ]]
	must runtime --debug run "$ID"
	[[ $error == *level=debug* ]]
}
