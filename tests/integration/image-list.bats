#!/usr/bin/env bats
# dabba-image list.
load helpers/image

setup() {
	setup_store
}

@test "image list: nothing yet" {
	must image list
	[[ $output == "REPOSITORY   TAG   IMAGE ID   CREATED   SIZE" ]]
	must image list -q
	[[ -z $output ]]
	must image list --format json
	[[ -z $output ]]
}

@test "image list: a table, the newest first" {
	docker_archive app.tar
	must image import app.tar
	must image import "$MADE/layer1.tar" base
	must image list
	[[ $(sed -n 2p <<<"$output") =~ ^base\ +latest\ +[0-9a-f]{12}\ +.*ago\ +[0-9.]+MB$ ]]
	[[ $(sed -n 3p <<<"$output") =~ ^app\ +1\ +[0-9a-f]{12}\ +.*years?\ ago\ +[0-9.]+MB$ ]]
	id=$(diff_id "$MADE/config.json")
	grep -q " ${id:7:12} " <<<"$output"
	must image list --no-trunc
	grep -q " $id " <<<"$output"
}

@test "image list: -q shows each image once, json all names" {
	docker_archive app.tar
	must image import app.tar
	must image tag app:1 other
	must image list -q
	[[ $output =~ ^[0-9a-f]{12}$ ]]
	must image list --format json
	[[ $(jq -r .Repository <<<"$output" | sort | xargs) == 'app other' ]]
	[[ $(jq -r .ID <<<"$output" | uniq | wc -l) == 1 ]]
	jq -e '.Digest | startswith("sha256:")' <<<"$output"
	fails image list --format yaml
	said yaml
}

@test "image list: a damaged image is a warning, and the others are shown" {
	docker_archive app.tar
	must image import app.tar
	must image import "$MADE/layer1.tar" base
	echo >>"$(blob "$STORE" "$(diff_id "$MADE/config.json")")"
	must image list
	[[ $error == *app:1* || $error == *"image app"* ]]
	[[ $(wc -l <<<"$output") == 2 ]]
	grep -q '^base ' <<<"$output"
}

@test "image list: a damaged index.json is one sentence with the place" {
	must image list
	echo '{"schemaVersion": 2, "manifests": [{}]}' >"$STORE/index.json"
	fails image list
	said "$STORE/index.json:1"
	one_image_sentence
}

@test "image list: a store that cannot be made" {
	: >file
	STORE=$PWD/file
	fails image list
	said "$STORE"
	one_image_sentence
}

@test "image list: a relative root is made with its parents" {
	mkdir here
	cd here
	STORE=../there/deep/store
	must image list
	[[ -e $BATS_TEST_TMPDIR/work/there/deep/store/oci-layout ]]
	must image import "$MADE/layer1.tar" base
	must image list -q
	[[ -n $output ]]
}
