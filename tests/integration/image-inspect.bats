#!/usr/bin/env bats
# dabba-image inspect.
load helpers/image

setup() {
	setup_app
}

@test "inspect: docker's keys" {
	must image inspect app:1
	jq -e --arg id "$(diff_id "$MADE/config.json")" --arg arch "$ARCH" '.[0] |
		.Id == $id and .RepoTags == ["app:1"] and .Created == "2024-05-06T07:08:09Z" and
		.Author == "somebody" and .Architecture == $arch and .Os == "linux" and
		.Config.Cmd == ["sh"] and .Config.Labels.purpose == "test" and
		.RootFS.Type == "layers" and .Size > 500000' <<<"$output"
	jq -e --slurpfile config "$MADE/config.json" \
		'.[0].RootFS.Layers == $config[0].rootfs.diff_ids' <<<"$output"
}

@test "inspect: several images, by name and by ID, with all their names" {
	must image import "$MADE/layer1.tar" base
	must image tag app:1 other:2
	id=$(diff_id "$MADE/config.json")
	must image inspect base "${id:7:8}"
	jq -e 'length == 2 and .[0].RepoTags == ["base:latest"] and
		(.[1].RepoTags | sort) == ["app:1", "other:2"]' <<<"$output"
}

@test "inspect: an unknown image is an error, and nothing is printed" {
	fails image inspect app:1 nothing
	[[ -z $output ]]
	said '"nothing" is not in the store'
	one_image_sentence
}

@test "inspect: a damaged config is an error" {
	path=$(blob "$STORE" "$(diff_id "$MADE/config.json")")
	sed -i 's/somebody/nobody12/' "$path"
	fails image inspect app:1
	said "damaged"
	one_image_sentence
}
