#!/usr/bin/env bats
# Many at once: the same name, many names, verbs that race.
load helpers/bundle

setup() {
	setup_bundle
}

@test "concurrency: of many creates of one name exactly one succeeds" {
	local i pid won=0 pids=()
	for i in 1 2 3 4 5 6 7 8; do
		"$RUNTIME" --root "$ROOT" create "$ID" >/dev/null 2>"err.$i" </dev/null 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" && ((++won)) || true
	done
	((won == 1))
	has_status created
	must runtime start "$ID"
}

@test "concurrency: twenty containers side by side" {
	local i pid pids=()
	edit 'del(.linux.cgroupsPath)'
	for i in {1..20}; do
		"$RUNTIME" --root "$ROOT" run "many-$i" >"out.$i" 2>&1 </dev/null 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
	eventually nothing_left
}

@test "concurrency: one start wins" {
	local i pid won=0 pids=()
	sh_args 'echo x >>/tmp/ran; sleep 1'
	must runtime create "$ID"
	for i in 1 2 3 4 5; do
		"$RUNTIME" --root "$ROOT" start "$ID" >/dev/null 2>&1 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" && ((++won)) || true
	done
	((won == 1))
	eventually test -s rootfs/tmp/ran
	[[ $(cat rootfs/tmp/ran) == x ]]
}

@test "concurrency: deletes that race all end, and nothing is left" {
	local i pid pids=()
	start_sleeper
	for i in 1 2 3 4; do
		"$RUNTIME" --root "$ROOT" delete --force "$ID" >/dev/null 2>&1 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || true
	done
	eventually nothing_left
}

@test "concurrency: list and state while containers come and go" {
	local i pids=()
	edit 'del(.linux.cgroupsPath)'
	for i in {1..15}; do
		"$RUNTIME" --root "$ROOT" run "many-$i" >/dev/null 2>&1 </dev/null 3>&- &
		pids+=($!)
	done
	for i in {1..15}; do
		must runtime list -f json
		jq -e type <<<"$output"
	done
	wait "${pids[@]}"
	eventually nothing_left
}

@test "concurrency: a start during the create waits for its end" {
	edit '.hooks.createRuntime = [{path: "/bin/sleep", args: ["sleep", "0.5"]}] |
		.process.args = ["sleep", "30"]'
	runtime create "$ID" >/dev/null 2>&1 3>&- &
	is_there() { runtime state "$ID" >/dev/null 2>&1; }
	eventually is_there
	must runtime start "$ID"
	wait $!
	has_status running
}

@test "concurrency: delete --force during the create leaves nothing" {
	edit '.hooks.createRuntime = [{path: "/bin/sleep", args: ["sleep", "0.5"]}]'
	runtime create "$ID" >/dev/null 2>&1 3>&- &
	is_there() { runtime state "$ID" >/dev/null 2>&1; }
	eventually is_there
	must runtime delete --force "$ID"
	wait $! || true
	must runtime delete --force "$ID"
	eventually nothing_left
}
