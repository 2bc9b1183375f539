#!/usr/bin/env bats
# dabba state: one JSON document about a container.
load helpers/bundle

setup() {
	setup_bundle
}

@test "state: what the spec asks for" {
	edit '.annotations = {"org.example.key": "value \"quoted\""}'
	start_sleeper
	must runtime state "$ID"
	jq -e --arg id "$ID" --arg bundle "$BUNDLE" '
		.id == $id and .bundle == $bundle and .status == "running" and
		(.pid | type == "number" and . > 1) and (.ociVersion | test("^1\\.[0-9]+\\.[0-9]+")) and
		.annotations["org.example.key"] == "value \"quoted\""' <<<"$output"
}

@test "state: what the engines read: rootfs, created, owner" {
	must runtime create "$ID"
	must runtime state "$ID"
	jq -e '.rootfs and has("owner") and
		(.created | test("^20..-..-..T..:..:..(\\.[0-9]+)?(Z|[+-]..:..)$"))' <<<"$output"
}

@test "state: created, running, stopped; a stopped one has pid 0" {
	sh_args 'sleep 0.3'
	must runtime create "$ID"
	has_status created
	[[ $(container_pid) != 0 ]]
	must runtime start "$ID"
	has_status running
	eventually has_status stopped
	[[ $(container_pid) == 0 ]]
}

@test "state: an unknown container" {
	fails runtime state nobody
	one_sentence
	said 'nobody.*does not exist'
	[[ -z $output ]]
}

@test "state: a damaged state directory is an error, not a guess" {
	require dabba
	must runtime create "$ID"
	pid=$(container_pid)
	cp "$ROOT/$ID/state.json" saved
	echo '{"id": ' >"$ROOT/$ID/state.json"
	fails runtime state "$ID"
	one_sentence
	said 'state.json'
	cp saved "$ROOT/$ID/state.json"
	[[ $(container_pid) == "$pid" ]]
}
