#!/usr/bin/env bats
# dabba-image rmi.
load helpers/image

setup() {
	setup_app
	ID=$(diff_id "$MADE/config.json")
}

@test "rmi: the last name takes the image, its blobs and its layers" {
	must image rmi app:1
	[[ $output == $'Untagged: app:1\nDeleted: '$ID ]]
	store_is_empty
}

@test "rmi: one of two names" {
	must image tag app:1 other
	must image rmi app:1
	[[ $output == 'Untagged: app:1' ]]
	same_tree other
	fails image inspect app:1
}

@test "rmi: an ID takes the image; with several names only by force" {
	must image tag app:1 other
	fails image rmi "${ID:7:12}"
	said 'several names: app:1, other'
	one_image_sentence
	same_tree app:1
	must image rmi --force "${ID:7:12}"
	grep -qx 'Untagged: app:1' <<<"$output"
	grep -qx 'Untagged: other:latest' <<<"$output"
	store_is_empty
}

@test "rmi: what another image needs stays" {
	must image import "$MADE/layer1.tar" base
	must image rmi app:1
	[[ -e $(blob "$STORE" "$(diff_id "$MADE/layer1.tar")") ]]
	[[ ! -e $(blob "$STORE" "$(diff_id "$MADE/layer2.tar")") ]]
	[[ $(ls "$STORE/layers") == "$(diff_id "$MADE/layer1.tar" | cut -d: -f2)" ]]
	umoci unpack --image "$STORE:base" bundle
	must image rmi base
	store_is_empty
}

@test "rmi: an image without a name" {
	must image import "$MADE/layer1.tar" app:1
	must image rmi "${ID:7:12}"
	[[ $output == "Deleted: $ID" ]]
	must image inspect app:1
}

@test "rmi: a container holds its image" {
	require overlay
	must image run --name holder app:1 cat /etc/greeting
	[[ $output == 'hello again' ]]
	fails image rmi app:1
	said 'is used by container "holder"'
	one_image_sentence
	# By force the name goes; what the container needs stays until it goes.
	must image rmi -f app:1
	[[ -e $(blob "$STORE" "$(diff_id "$MADE/layer1.tar")") ]]
	must image commit holder again
	must image rm holder
	must image rmi again
	store_is_empty
}

@test "rmi: several at once; the unknown one is an error, the others are gone" {
	must image tag app:1 a
	must image tag app:1 b
	fails image rmi a nothing b
	said '"nothing" is not in the store'
	[[ $output == 'Untagged: a:latest' ]]
	must image inspect b
}

@test "rmi: a damaged manifest can be removed" {
	path=$(blob "$STORE" "$(manifest_of "$STORE")")
	truncate -s 10 "$path"
	must image rmi app:1
	[[ $output == *'Untagged: app:1'* ]]
	store_is_empty
}

@test "rmi: garbage is not collected while another import is at work" {
	mkfifo pipe
	"$TOP/dabba-image" --root "$STORE" import - late <pipe >late 2>&1 3>&- &
	pid=$!
	exec 9>pipe
	head -c 1000 "$MADE/layer1.tar" >&9
	sleep 0.3
	must image rmi app:1
	[[ -e $(blob "$STORE" "$(diff_id "$MADE/layer1.tar")") ]]
	tail -c +1001 "$MADE/layer1.tar" >&9
	exec 9>&-
	wait "$pid"
	must image import "$MADE/layer2.tar" two
	must image rmi two late
	store_is_empty
}
