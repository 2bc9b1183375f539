#!/usr/bin/env bats
# dabba-image convert: from each kind of archive to each other, with no store.
load helpers/image

setup() {
	setup_store
	docker_archive app.tar
}

# media_types LAYOUT: of the layers.
media_types() {
	jq -r '.layers[].mediaType' "$(blob "$1" "$(manifest_of "$1")")" | sed 's/.*\.//' | xargs
}

# is_app LAYOUT: as another program reads it.
is_app() {
	must image import "$1"
	same_tree "$output"
	[[ $(image inspect "$output" | jq -r '.[0].Id') == "$(diff_id "$MADE/config.json")" ]]
}

# holds LAYOUT PROGRAM: its layers are app's, inflated by PROGRAM.  umoci knows no zstd.
holds() {
	local manifest
	manifest=$(blob "$1" "$(manifest_of "$1")")
	for i in 0 1; do
		cmp "$MADE/layer$((i + 1)).tar" \
			<("$2" -dc <"$(blob "$1" "$(jq -r ".layers[$i].digest" "$manifest")")") || return
	done
}

# only_files NAME...: no file in this directory but these.
only_files() {
	[[ $(ls) == "$(printf '%s\n' "$@" | sort)" ]] || { ls && return 1; }
}

@test "convert: a docker-archive into a layout, as it is and in each compression" {
	must image convert app.tar out/
	[[ -z $output && ! -e $STORE ]]
	[[ $(media_types out) == 'tar tar' ]]
	cmp "$MADE/layer1.tar" "$(blob out "$(diff_id "$MADE/layer1.tar")")"
	skopeo inspect oci:out:app:1 >/dev/null
	is_app out
	for form in gzip zstd; do
		must image convert --compress "$form" app.tar "$form/"
		[[ $(media_types "$form") == "tar+$form tar+$form" ]]
		holds "$form" "$form"
	done
	rm -r out gzip zstd
	only_files app.tar
}

@test "convert: an oci-archive keeps every digest in a layout, an archive, and back" {
	oci_layout layout:zipped
	tar -C layout -cf zipped.tar .
	for target in out/ out.tar; do
		must image convert zipped.tar "$target"
	done
	diff -r layout/blobs out/blobs
	mkdir again
	tar -C again -xf out.tar
	diff -r layout/blobs again/blobs
	must image convert --format docker-archive --name new:2 zipped.tar docker.tar
	mkdir docker
	tar -C docker -xf docker.tar
	[[ $(jq -r '.[0].RepoTags[0]' docker/manifest.json) == new:2 ]]
	cmp "$MADE/layer1.tar" "docker/$(jq -r '.[0].Layers[0]' docker/manifest.json)"
	must image convert --compress zstd layout zstd/
	[[ $(media_types zstd) == 'tar+zstd tar+zstd' ]]
	holds zstd zstd
}

@test "convert: what is the same as import and export makes" {
	must image import app.tar
	must image export --compress gzip app:1 one.tar
	must image convert --compress gzip app.tar two.tar
	cmp one.tar two.tar
	image convert --compress gzip app.tar - >three.tar
	cmp one.tar three.tar
	must image_from app.tar convert --compress gzip - four.tar
	cmp one.tar four.tar
}

@test "convert: layers of a docker-archive that are compressed are checked" {
	mkdir extra
	gzip -c "$MADE/layer1.tar" >extra/layer1.tar
	docker_archive zipped.tar
	must image convert zipped.tar out/
	[[ $(media_types out) == 'tar+gzip tar' ]]
	is_app out
	gzip -c "$MADE/layer2.tar" >extra/layer1.tar
	docker_archive wrong.tar
	fails image convert wrong.tar wrong/
	said 'but the image config says'
	one_image_sentence
	[[ ! -e wrong ]]
}

@test "convert: a failure leaves nothing, and an older layout as it was" {
	oci_layout layout:zipped
	layer=$(jq -r '.layers[1].digest' "$(blob layout "$(manifest_of layout)")")
	must image convert app.tar out/
	before=$(cd out && find . -type f -exec sha256sum {} + | sort)
	printf X | dd of="$(blob layout "$layer")" bs=1 seek=100 conv=notrunc status=none
	fails image convert layout out
	said 'its digest is'
	one_image_sentence
	[[ $(cd out && find . -type f -exec sha256sum {} + | sort) == "$before" ]]
	fails image convert layout new.tar
	fails image convert "$MADE/layer1.tar" rootfs.tar
	said 'is a root file system, not an image'
	fails image convert nothing.tar new/
	said 'nothing.tar'
	only_files app.tar layout out
}

@test "convert: a layer compressed in many pieces is one layer, and always the same" {
	mkdir big
	seq 2500000 >big/numbers
	tar -C big -cf big.tar .
	must image import big.tar big
	must image export big plain.tar
	for form in gzip zstd; do
		for n in 1 2; do
			must image convert --compress "$form" plain.tar "$form-$n/"
		done
		diff -r "$form-1" "$form-2"
		layer=$(jq -r '.layers[0].digest' "$(blob "$form-1" "$(manifest_of "$form-1")")")
		cmp big.tar <("$form" -dc <"$(blob "$form-1" "$layer")")
	done
}
