#!/usr/bin/env bats
# --format of list, history, inspect and ps: JSON, templates, tables of one's own.
load helpers/image

setup() {
	setup_app
	ID=$(diff_id "$MADE/config.json")
	ID=${ID#sha256:}
}

teardown() {
	remove_containers
}

@test "format: list" {
	must image tag app:1 registry.example:5000/team/other:2
	must image list --format '{{.Repository}}:{{.Tag}} {{ .ID }}'
	[[ $output == "app:1 ${ID:0:12}
registry.example:5000/team/other:2 ${ID:0:12}" ]]
	must image list --no-trunc -f '{{.ID}}\t{{"a\tb"}}\n{{json .Tag}}'
	[[ $(head -n 2 <<<"$output") == "sha256:$ID"$'\ta\tb\n"1"' ]]
	must image list --format json
	[[ $(jq -rs '.[0].Tag' <<<"$output") == 1 ]]
	must image list --format '{{json .}}'
	[[ $(jq -rs '.[0] | .Tag, keys_unsorted[0]' <<<"$output") == $'1\nCreatedAt' ]]
	must image list --format 'table {{.Tag}}\t{{.CreatedSince}}'
	[[ $(sed -n 1p <<<"$output") == 'TAG   CREATED SINCE' ]]
	[[ $(sed -n 2p <<<"$output") =~ ^1\ +.*years?\ ago$ ]]
	must image rmi --force "$ID"
	must image list --format 'table {{.Tag}}'
	[[ $output == TAG ]]
	must image list --format '{{.Tag}}'
	[[ -z $output ]]
}

@test "format: history, and -H=false" {
	must image history --format '{{.CreatedBy}}|{{.Size}}|{{.Comment}}' app:1
	[[ $(sed -n 2p <<<"$output") == 'ENV PATH=/bin|0B|' ]]
	must image history -H=false --format '{{.CreatedAt}} {{.Size}}' app:1
	[[ $(sed -n 1p <<<"$output") == '2024-05-06T07:08:09Z 16' ]]
	must image history -H=true app:1
	[[ $output == *' ago '* ]]
	must image history -qH=false app:1
	[[ $(sed -n 1p <<<"$output") == "${ID:0:12}" ]]
	fails image history -H=maybe app:1
	said 'neither true nor false'
	fails image history -= app:1
	said 'unknown option'
}

@test "format: inspect" {
	must image inspect -f '{{.Id}} {{.Os}} {{.Config.Labels.purpose}}' app:1
	[[ $output == "sha256:$ID linux test" ]]
	must image inspect -f '{{.Config.Cmd}} {{json .Config.Cmd}} {{.Config.Labels}} {{.RepoTags}}' app:1
	[[ $output == '[sh] ["sh"] map[purpose:test] [app:1]' ]]
	must image inspect -f '{{.Config.Nothing}} {{json .Config.Nothing}} {{.Config.Nothing.More}}' app:1
	[[ $output == '<no value> null <no value>' ]]
	must image inspect -f json app:1 app:1
	[[ $(jq -rs 'length, .[1].Id' <<<"$output") == "2"$'\n'"sha256:$ID" ]]
	must image run --name odd app:1 true || true
	must image run --name odd app:1 sh -c true
	must image commit -c $'LABEL q="say \\"hi\\" \\\\ é\tx"' odd odd
	must image inspect -f '{{.Config.Labels.q}}' odd
	[[ $output == $'say "hi" \\ é\tx' ]]
}

@test "format: ps" {
	must image run --name one app:1 sh -c 'exit 3' || true
	must image run -d --name two app:1 busybox sleep 30
	must image ps -a --format '{{.Names}} {{.State}} {{.Image}} {{.Command}}'
	[[ $output == $'two running app:1 "busybox sleep 30"\none exited app:1 "sh -c exit 3"' ]]
	must image ps --format '{{.Names}}'
	[[ $output == two ]]
	must image ps -a --format json
	jq -es 'map(.Status) | (.[0] | startswith("Up ")) and (.[1] | startswith("Exited (3)"))' <<<"$output"
	must image ps --format 'table {{.Names}}\t{{.ID}}'
	[[ $(sed -n 1p <<<"$output") =~ ^NAMES\ +ID$ && $(sed -n 2p <<<"$output") =~ ^two\ +[0-9a-f]{12}$ ]]
}

@test "format: what is not known is said" {
	fails image list --format '{{.Nothing}}'
	said 'no field .Nothing.*.Repository'
	one_image_sentence
	for bad in '{{range .X}}' '{{.ID' '{{}}' '{{ID}}' '{{.ID | json}}' '{{"x}}' '{{..}}'; do
		fails image list --format "$bad"
		one_image_sentence
		said '--format'
	done
}
