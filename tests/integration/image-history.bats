#!/usr/bin/env bats
# dabba-image history.
load helpers/image

setup() {
	setup_app
	ID=$(diff_id "$MADE/config.json")
	ID=${ID#sha256:}
}

@test "history: docker's columns, the newest first" {
	must image history app:1
	[[ $(sed -n 1p <<<"$output") =~ ^IMAGE\ +CREATED\ +CREATED\ BY\ +SIZE\ +COMMENT$ ]]
	[[ $(sed -n 2p <<<"$output") =~ ^${ID:0:12}\ +.*years?\ ago\ +RUN\ change ]]
	[[ $(sed -n 3p <<<"$output") =~ ^\<missing\>\ .*\ ENV\ PATH=/bin\ +0B$ ]]
	[[ $(sed -n 4p <<<"$output") =~ ^\<missing\>\ .*\ ADD\ root\ /\ +[0-9.]+MB\ +the\ base$ ]]
	[[ $(wc -l <<<"$output") == 4 ]]
}

@test "history: what is long is cut, unless --no-trunc" {
	must image history app:1
	grep -qF 'RUN change a greeting, remove what is old an…  ' <<<"$output"
	must image history --no-trunc app:1
	grep -qF 'RUN change a greeting, remove what is old and bring new data' <<<"$output"
	grep -qF "sha256:$ID" <<<"$output"
}

@test "history: -q, by ID" {
	must image history -q "${ID:0:6}"
	[[ $output == "${ID:0:12}"$'\n<missing>\n<missing>' ]]
	must image history -q "sha256:$ID"
	must image history -q "$ID"
}

@test "history: bytes and dates for programs" {
	must image history --human=false app:1
	# "hello again" and "new", each with its newline.
	grep -qE ' 2024-05-06T07:08:09Z .* 16$' <<<"$output"
	must image history --format json app:1
	[[ $(jq -rs '.[2].Comment' <<<"$output") == 'the base' ]]
	[[ $(jq -rs '.[1].Size' <<<"$output") == 0B ]]
	[[ $(jq -rs '.[0].CreatedAt' <<<"$output") == 2024-05-06T07:08:09Z ]]
}

@test "history: an image without any" {
	jq 'del(.history)' "$MADE/config.json" >config.json
	mkdir extra
	cp config.json extra/
	docker_archive plain.tar '.[0].RepoTags = []'
	must image import plain.tar
	[[ $output == "$(diff_id config.json)" ]]
	must image history "$output"
	[[ $(wc -l <<<"$output") == 3 ]]
}

@test "history: an unknown image, an ambiguous and a wrong ID" {
	fails image history nothing
	said 'image "nothing" is not in the store'
	one_image_sentence
	fails image history "${ID:0:5}zz"
	fails image history abc
	fails image history
	said 'too few arguments'
}
