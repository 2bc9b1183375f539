#!/usr/bin/env bats
# --timing: how long each step took, as text and as a trace for Chrome.
load helpers/bundle

setup() {
	setup_bundle
	require dabba
	TIMES=$BATS_TEST_TMPDIR/times
}

# steps FILE: "PROCESS PHASE STEP" of each step in a trace.
steps() {
	jq -r '.traceEvents[] | select(.ph == "X") |
		"\(if .tid == 1 then "runtime" else "init" end) \(.cat) \(.name)"' "$1"
}

@test "timing: run prints a table on standard error and nothing else changes" {
	sh_args 'echo out; exit 3'
	try runtime run --timing text "$ID"
	((status == 3))
	[[ $output == out ]]
	[[ $error == *START/us*TOOK/us*PROCESS*PHASE*STEP* ]]
	grep -Eq '^ +[0-9.]+ +[0-9.]+  runtime  plan     config.json$' <<<"$error"
	grep -Eq '^ +[0-9.]+ +[0-9.]+  init     init     pivot$' <<<"$error"
	[[ $error == *"in total"* ]]
	nothing_left
}

@test "timing: a trace for Chrome of create and of start, both with init's steps" {
	must runtime create --timing=chrome --timing-file "$TIMES.create" "$ID"
	[[ -z $error ]]
	must runtime start --timing chrome --timing-file="$TIMES.start" "$ID"
	[[ -z $error$output ]]
	jq -e '[.traceEvents[] | select(.ph == "X") | .dur >= 0 and .ts >= 0] | all' \
		"$TIMES.create" "$TIMES.start"
	for step in 'runtime plan config.json' 'runtime build cgroup' 'runtime build clone' \
		'init init mounts' 'init init pivot'; do
		steps "$TIMES.create" | grep -qx "$step"
	done
	for step in 'runtime start find the container' 'runtime start await execve' \
		'init init credentials'; do
		steps "$TIMES.start" | grep -qx "$step"
	done
}

@test "timing: exec" {
	start_sleeper
	must runtime exec --timing chrome --timing-file "$TIMES" "$ID" echo hello
	[[ $output == hello ]]
	for step in 'runtime start clone' 'init init join namespaces' 'init init credentials'; do
		steps "$TIMES" | grep -qx "$step"
	done
}

@test "timing: of a failure too; a file that cannot be written is a warning" {
	edit '.process.args = ["/no/such"]'
	fails runtime run --timing chrome --timing-file "$TIMES" "$ID"
	steps "$TIMES" | grep -qx 'runtime build clone'
	edit '.process.args = ["true"]'
	must runtime run --timing text --timing-file /no/such/dir/file "$ID"
	said '/no/such/dir/file'
	fails runtime run --timing xml "$ID"
	said 'xml.*text'
}

@test "timing: without it nothing is said" {
	must runtime run "$ID"
	[[ -z $error$output ]]
}
