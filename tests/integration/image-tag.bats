#!/usr/bin/env bats
# dabba-image tag.
load helpers/image

setup() {
	setup_app
}

@test "tag: another name, read by other tools too" {
	must image tag app:1 team/other:2
	must image tag app:1 plain
	[[ -z $output ]]
	same_tree team/other:2
	same_tree plain
	must skopeo inspect "oci:$STORE:plain"
	must image inspect plain:latest
}

@test "tag: by ID; the name moves, and the old image stays" {
	must image import "$MADE/layer1.tar" base
	id=$(diff_id "$MADE/config.json")
	must image tag "${id:7:12}" base
	must image inspect base
	[[ $(jq -r '.[0].Id' <<<"$output") == "$id" ]]
	must image list
	grep -qE '^<none> +<none>' <<<"$output"
}

@test "tag: the same name twice is one" {
	must image tag app:1 x
	must image tag app:1 x
	[[ $(jq '.manifests | length' "$STORE/index.json") == 2 ]]
}

@test "tag: what the index says of others stays" {
	jq '.annotations = {"keep": "me"} | .["x-unknown"] = [1, 2]
		| .manifests[0].annotations.also = "this"' "$STORE/index.json" >index
	cp index "$STORE/index.json"
	must image tag app:1 x
	jq -e '.annotations.keep == "me" and .["x-unknown"] == [1, 2] and
		.manifests[0].annotations.also == "this"' "$STORE/index.json"
}

@test "tag: unknown images and invalid names" {
	fails image tag nothing x
	said '"nothing" is not in the store'
	for name in 'X' 'a b' '' ':1' 'a:b:c' '../x'; do
		fails image tag app:1 "$name"
		one_image_sentence
	done
	[[ $(jq '.manifests | length' "$STORE/index.json") == 1 ]]
}

@test "tag: many at once lose none" {
	local pids=()
	for n in {1..20}; do
		image tag app:1 "name:$n" 3>&- &
		pids+=($!)
	done
	wait "${pids[@]}"
	must image list -q
	[[ $(jq '.manifests | length' "$STORE/index.json") == 21 ]]
}
