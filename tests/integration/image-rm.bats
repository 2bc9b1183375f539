#!/usr/bin/env bats
# dabba-image rm: containers found by name and ID, and removed.
load helpers/image

setup() {
	setup_app
}

teardown() {
	remove_containers
	! grep -F " $STORE/" /proc/self/mountinfo
}

@test "image rm: by name, ID and the beginning of it" {
	local ids
	must image run --name a app:1 busybox true
	must image run --name b app:1 busybox true
	must image run --name c app:1 busybox true
	mapfile -t ids < <(image ps -aq --no-trunc)
	must image rm a "${ids[1]}" "${ids[0]:0:8}"
	must image ps -aq
	[[ -z $output && -z $(ls "$STORE/containers") ]]
}

@test "image rm: one that runs only with -f" {
	must image run -d --name r app:1 sh -c 'trap "" TERM; busybox sleep 20'
	local id=$output
	fails image rm r
	one_image_sentence
	[[ $error == *'is running'* ]]
	must image rm -f r
	[[ -z $(ls "$STORE/containers") ]]
	! "$TOP/dabba" state "$id" 2>/dev/null
}

@test "image rm: unknown containers" {
	fails image rm nosuch
	one_image_sentence
	[[ $error == *'nosuch does not exist'* ]]
	must image rm -f nosuch
	must image run --name a app:1 busybox true
	fails image rm nosuch a
	one_image_sentence
	[[ -z $(ls "$STORE/containers") ]]
}

@test "image rm: an image in use stays" {
	must image run --name user app:1 busybox true
	fails image rmi app:1
	[[ $error == *user* ]]
	must image rm user
	must image rmi app:1
}
