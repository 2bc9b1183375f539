#!/usr/bin/env bats
# hooks: six kinds, their order, their state document, time-outs, failures.
load helpers/bundle

setup() {
	setup_bundle
	LOG=$BUNDLE/hooks.log
	: >"$LOG"
}

# add_hook KIND SCRIPT [TIMEOUT]
add_hook() {
	edit '.hooks[$kind] += [{path: "/bin/sh", args: ["sh", "-c", $script],
		env: ["PATH=/usr/bin:/bin", "LOG=\($log)"]} +
		if $timeout == "" then {} else {timeout: ($timeout | tonumber)} end]' \
		--arg kind "$1" --arg script "$2" --arg timeout "${3-}" --arg log "$LOG"
}

@test "hooks: all six, in order" {
	local kind
	for kind in prestart createRuntime poststart poststop; do
		add_hook $kind "cat >/dev/null; echo $kind >>\$LOG"
	done
	# These two are resolved in the container, one before and one after pivot_root.
	add_hook createContainer 'cat >/dev/null; echo createContainer >>$LOG'
	edit '.mounts += [{destination: "/log", type: "bind", source: $log, options: ["bind"]}]' \
		--arg log "$LOG"
	add_hook startContainer 'cat >/dev/null; echo startContainer >>/log'
	sh_args 'echo process >>/log'
	must runtime run "$ID"
	cat "$LOG"
	[[ $(tr '\n' ' ' <"$LOG") == \
		"prestart createRuntime createContainer startContainer process poststart poststop " ||
		$(tr '\n' ' ' <"$LOG") == \
		"prestart createRuntime createContainer startContainer poststart process poststop " ]]
}

@test "hooks: several of a kind run in the order of the list" {
	add_hook createRuntime 'echo 1 >>$LOG'
	add_hook createRuntime 'echo 2 >>$LOG'
	add_hook createRuntime 'echo 3 >>$LOG'
	must runtime run "$ID"
	[[ $(tr -d '\n' <"$LOG") == 123 ]]
}

@test "hooks: the state document on stdin" {
	add_hook createRuntime 'cat >$LOG.createRuntime'
	add_hook poststart 'cat >$LOG.poststart'
	add_hook poststop 'cat >$LOG.poststop'
	edit '.annotations = {a: "b"}'
	must runtime run "$ID"
	jq -e --arg id "$ID" --arg bundle "$BUNDLE" '.id == $id and .bundle == $bundle and
		.pid > 1 and .ociVersion and .annotations.a == "b" and
		(.status | IN("creating", "created"))' "$LOG.createRuntime"
	jq -e '.status | IN("running", "stopped")' "$LOG.poststart"
	jq -e '.status == "stopped"' "$LOG.poststop"
}

@test "hooks: args[0] and the environment are the hook's own" {
	edit '.hooks.createRuntime = [{path: "/bin/sh",
		args: ["myname", "-c", "echo $0 >>\($log); /usr/bin/env >>\($log)"], env: ["ONLY=this"]}]' \
		--arg log "$LOG"
	LEAK=yes must runtime run "$ID"
	grep -qx ONLY=this "$LOG"
	! grep -q LEAK "$LOG" || return 1
}

@test "hooks: one that does not read its stdin is no error" {
	add_hook createRuntime 'exec <&-; true'
	must runtime run "$ID"
}

@test "hooks: a time-out kills the hook and fails the create" {
	local began=$SECONDS
	add_hook createRuntime 'sleep 20' 1
	fails runtime create "$ID"
	one_sentence
	said 'createRuntime.*(time|second)'
	((SECONDS - began < 8))
	nothing_left
}

@test "hooks: a time-out must be greater than 0" {
	require dabba
	add_hook createRuntime true 0
	fails runtime create "$ID"
	one_sentence
	said 'timeout'
}

@test "hooks: a failure before start undoes the create" {
	local kind
	for kind in prestart createRuntime createContainer; do
		edit 'del(.hooks)'
		add_hook $kind 'exit 3'
		fails runtime create "$ID"
		one_sentence
		said "$kind.*3"
		nothing_left
	done
}

@test "hooks: a failing startContainer hook fails the start" {
	add_hook startContainer 'exit 3'
	sh_args 'touch /tmp/ran'
	must runtime create "$ID"
	fails runtime start "$ID"
	one_sentence
	said 'startContainer.*3'
	[[ ! -e rootfs/tmp/ran ]]
}

@test "hooks: a failing poststart hook stops the container" {
	require dabba
	add_hook poststart 'exit 3'
	sh_args 'sleep 30'
	must runtime create "$ID"
	fails runtime start "$ID"
	one_sentence
	said 'poststart.*3'
	eventually nothing_left
}

@test "hooks: a failing poststop hook is a warning, the next one still runs" {
	require dabba
	add_hook poststop 'exit 3'
	add_hook poststop 'echo second >>$LOG'
	must runtime create "$ID"
	must runtime delete --force "$ID"
	said 'poststop'
	[[ $(cat "$LOG") == second ]]
	nothing_left
}

@test "hooks: a path that is missing or not absolute" {
	edit '.hooks.createRuntime = [{path: "/no/such/hook"}]'
	fails runtime create "$ID"
	one_sentence
	said '/no/such/hook'
	nothing_left
	require dabba
	edit '.hooks.createRuntime = [{path: "relative"}]'
	fails runtime create "$ID"
	said 'relative'
}

@test "hooks: createRuntime hooks run outside, createContainer hooks in its namespaces" {
	local ours
	ours=$(readlink /proc/self/ns/net)
	add_hook createRuntime 'readlink /proc/self/ns/net >>$LOG'
	add_hook createContainer 'readlink /proc/self/ns/net >>$LOG'
	must runtime run "$ID"
	[[ $(sed -n 1p "$LOG") == "$ours" ]]
	[[ $(sed -n 2p "$LOG") != "$ours" && -n $(sed -n 2p "$LOG") ]]
}

@test "hooks: poststop runs on delete --force and when the run is over" {
	add_hook poststop 'echo stopped >>$LOG'
	must runtime run "$ID"
	start_sleeper
	must runtime delete --force "$ID"
	[[ $(grep -c stopped "$LOG") == 2 ]]
}
