#!/usr/bin/env bats
# dabba list: the containers of one root.
load helpers/bundle

setup() {
	setup_bundle
}

@test "list: nothing yet: a header, an empty array, no output" {
	must runtime list
	is_dabba || output=${output/#NAME/ID}
	[[ $output == ID*PID*STATUS*BUNDLE*CREATED*OWNER* ]]
	must runtime list --format json
	[[ $(jq -c . <<<"$output") == '[]' || $output == null ]]
	must runtime list -q
	[[ -z $output ]]
}

two_containers() {
	make_bundle "$BATS_TEST_TMPDIR/second" second
	must runtime create --bundle "$BATS_TEST_TMPDIR/second" second
	sh_args 'sleep 30'
	must runtime create "$ID"
	must runtime start "$ID"
}

@test "list: a table" {
	two_containers
	must runtime list
	[[ $(wc -l <<<"$output") == 3 ]]
	grep -qE "^$ID +[0-9]+ +running +$BUNDLE +20[^ ]+ +root" <<<"$output"
	grep -qE "^second +[0-9]+ +created +" <<<"$output"
}

@test "list: -q gives the names alone" {
	two_containers
	must runtime list -q
	[[ $output == second$'\n'$ID ]]
	must runtime list --quiet
	[[ $output == second$'\n'$ID ]]
}

@test "list: -f json" {
	two_containers
	must runtime list -f json
	jq -e --arg id "$ID" 'map({(.id): .status}) | add == {($id): "running", second: "created"}' \
		<<<"$output"
	must runtime list --format=json
	jq -e 'length == 2 and all(.bundle and .pid > 0)' <<<"$output"
}

@test "list: -f table, and a format that does not exist" {
	must runtime list -f table
	[[ $output == *PID* ]]
	fails runtime list -f yaml
	said yaml
}

@test "list: stopped containers have pid 0" {
	must runtime create "$ID"
	must runtime start "$ID"
	eventually has_status stopped
	must runtime list -f json
	jq -e '.[0].pid == 0 and .[0].status == "stopped"' <<<"$output"
}

@test "list: a root that does not exist is an empty one" {
	must runtime --root "$BATS_TEST_TMPDIR/never" list -q
	[[ -z $output ]]
}

@test "list: one damaged container does not hide the others" {
	require dabba
	two_containers
	cp "$ROOT/second/state.json" saved
	echo nonsense >"$ROOT/second/state.json"
	try runtime list -q
	cp saved "$ROOT/second/state.json"
	grep -qx "$ID" <<<"$output"
}

@test "list: more containers than open files" {
	local i
	for ((i = 0; i < 12; i++)); do
		make_bundle "$BATS_TEST_TMPDIR/$i" "c$i"
		must runtime create --bundle "$BATS_TEST_TMPDIR/$i" "c$i"
	done
	few_files() {
		(ulimit -n 14 && runtime list)
	}
	must few_files
	[[ $(grep -c '^c' <<<"$output") == 12 ]]
}

@test "list: the dead whom nobody has waited for are stopped" {
	require dabba
	local runtime_pid init
	sh_args 'sleep 30'
	"$RUNTIME" --root "$ROOT" run "$ID" </dev/null >/dev/null 2>&1 3>&- &
	runtime_pid=$!
	eventually has_status running
	init=$(runtime state "$ID" | jq .pid)
	kill -STOP "$runtime_pid"
	kill -KILL "$init"
	eventually grep -q '^State:.*Z' "/proc/$init/status"
	try runtime list -f json
	kill -CONT "$runtime_pid"
	wait "$runtime_pid" || :
	jq -e '.[0].status == "stopped"' <<<"$output"
}

@test "list: a process is known by its start where its inode in /proc is another" {
	require dabba
	two_containers
	jq -e '.pidStartTime > 0' "$ROOT/$ID/state.json"
	with_other_proc() {
		unshare -m sh -c 'mount -t proc proc /proc && exec "$@"' - "$RUNTIME" --root "$ROOT" list
	}
	must with_other_proc
	grep -qE "^$ID +[0-9]+ +running +" <<<"$output"
	grep -qE "^second +[0-9]+ +created +" <<<"$output"
	jq -c 'del(.pidInode, .pidInodeTime)' "$ROOT/$ID/state.json" >other
	cp other "$ROOT/$ID/state.json"
	jq -c '.pidInode += 1 | .pidStartTime += 1' "$ROOT/second/state.json" >other
	cp other "$ROOT/second/state.json"
	must runtime list
	grep -qE "^$ID +[0-9]+ +running +" <<<"$output"
	grep -qE "^second +0 +stopped +" <<<"$output"
	jq -c '.pidInodeTime += 1' other >"$ROOT/second/state.json"
	must runtime list
	grep -qE "^second +0 +stopped +" <<<"$output"
}
