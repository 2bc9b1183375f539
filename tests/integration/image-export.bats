#!/usr/bin/env bats
# dabba-image export: archives and layouts, their bytes, and failures that leave nothing.
load helpers/image

setup() {
	setup_app
}

# config_of LAYOUT: the digest of its first image's config.
config_of() {
	jq -r .config.digest "$(blob "$1" "$(manifest_of "$1")")"
}

# media_types LAYOUT: of the layers.
media_types() {
	jq -r '.layers[].mediaType' "$(blob "$1" "$(manifest_of "$1")")" | sed 's/.*\.//' | xargs
}

@test "export: an oci-archive holds the same manifest, config and layers" {
	must image export app:1 out.tar
	[[ -z $output ]]
	[[ $(tar tf out.tar) == "$(tar tf out.tar | LC_ALL=C sort)" ]]
	mkdir out
	tar -C out -xf out.tar
	[[ $(manifest_of out) == "$(manifest_of "$STORE")" ]]
	diff -r out/blobs "$STORE/blobs"
	jq -e '.manifests[0].annotations["org.opencontainers.image.ref.name"] == "app:1"' out/index.json
	STORE=$STORE-2
	must image import out.tar
	[[ $output == app:1 ]]
	same_tree app:1
}

@test "export: a docker-archive has plain layers and the config as it was" {
	oci_layout layout:zipped
	must image import layout
	must image export --format docker-archive zipped out.tar
	mkdir out
	tar -C out -xf out.tar
	[[ $(jq -r '.[0].RepoTags[0]' out/manifest.json) == zipped:latest ]]
	cmp "$(blob layout "$(config_of layout)")" "out/$(jq -r '.[0].Config' out/manifest.json)"
	cmp "$MADE/layer1.tar" "out/$(jq -r '.[0].Layers[0]' out/manifest.json)"
	cmp "$MADE/layer2.tar" "out/$(jq -r '.[0].Layers[1]' out/manifest.json)"
	STORE=$STORE-2
	must image import out.tar
	same_tree zipped
}

@test "export: an OCI layout, new, and one that has images already" {
	must image export app:1 out/
	diff -r out/blobs "$STORE/blobs"
	skopeo inspect oci:out:app:1 >/dev/null
	must image tag app:1 other
	must image export other out
	[[ $(jq -r '.manifests[].annotations["org.opencontainers.image.ref.name"]' out/index.json |
		sort | xargs) == 'app:1 other' ]]
	mkdir full
	touch full/file
	fails image export app:1 full
	said 'neither empty nor an OCI image layout'
	[[ $(ls full) == file ]]
	fails image export app:1 "$STORE"
	said 'is a store of dabba-image'
}

@test "export: each compression, and the level" {
	for form in gzip zstd none; do
		must image export --compress "$form" app:1 "$form/"
		must skopeo copy -q "oci:$form:app:1" "dir:$form-dir"
		[[ $(config_of "$form") == "$(diff_id "$MADE/config.json")" ]]
	done
	[[ $(media_types gzip) == 'tar+gzip tar+gzip' ]]
	[[ $(media_types zstd) == 'tar+zstd tar+zstd' ]]
	[[ $(media_types none) == 'tar tar' ]]
	cmp <(gzip -dc "$(blob gzip "$(jq -r '.layers[0].digest' "$(blob gzip "$(manifest_of gzip)")")")") \
		"$MADE/layer1.tar"
	[[ $(manifest_of none) == "$(manifest_of "$STORE")" ]]
	must image export --compress zstd --level 19 app:1 hard/
	(($(du -b hard | tail -n 1 | cut -f1) < $(du -b zstd | tail -n 1 | cut -f1)))
	fails image export --compress gzip --level 77 app:1 x.tar
	one_image_sentence
	fails image export --level 1 app:1 x.tar
	said '--level needs --compress'
	[[ ! -e x.tar ]]
}

@test "export: the same images give the same bytes; SOURCE_DATE_EPOCH is their time" {
	must image export app:1 one.tar
	sleep 1.1
	must image export app:1 two.tar
	cmp one.tar two.tar
	must image export --compress gzip app:1 one.tar
	must image export --compress gzip app:1 two.tar
	cmp one.tar two.tar
	[[ $(tar tvf one.tar | awk '{print $2, $4}' | sort -u) == '0/0 1970-01-01' ]]
	SOURCE_DATE_EPOCH=86400 must image export app:1 dated.tar
	[[ $(tar tvf dated.tar | awk '{print $4}' | sort -u) == 1970-01-02 ]]
}

@test "export: several images share their layers; to standard output" {
	must image import app.tar other:2
	must image tag app:1 app:3
	must image run --name worker app:1 sh -c 'echo >/more'
	must image commit worker changed
	must image rm worker
	must image export --format docker-archive app:1 app:3 changed all.tar
	[[ $(tar xOf all.tar manifest.json | jq -c '[.[].RepoTags]') == '[["app:1","app:3"],["changed:latest"]]' ]]
	[[ $(tar tf all.tar | sort | uniq -d | wc -l) == 0 ]]
	[[ $(tar tf all.tar | grep -c '\.tar$') == 3 ]]
	image export --format docker-archive app:1 app:3 changed - >piped.tar
	cmp all.tar piped.tar
	STORE=$STORE-2
	must image import all.tar
	[[ $output == $'app:1\napp:3\nchanged:latest' ]]
}

@test "export: no such image, a damaged blob, a place that is not there" {
	fails image export nothing out.tar
	said 'is not in the store'
	one_image_sentence
	fails image export app:1 missing/out.tar
	said 'missing/out.tar'
	fails image export --format oci app:1 -
	said 'is a directory'
	printf X | dd of="$(blob "$STORE" "$(diff_id "$MADE/layer1.tar")")" bs=1 seek=3000 conv=notrunc status=none
	for form in oci-archive docker-archive oci; do
		fails image export --format "$form" app:1 out
		said "$(diff_id "$MADE/layer1.tar")"
		one_image_sentence
		[[ ! -e out ]]
	done
	fails image export --compress gzip app:1 out
	said "$(diff_id "$MADE/layer1.tar")"
	[[ -z $(ls out* 2>/dev/null) && -z $(ls -A "$STORE/tmp") ]]
}

@test "export: a signal leaves nothing, and a file that was there stays" {
	mkdir big
	head -c 200000000 /dev/urandom >big/random
	tar -C big -cf big.tar .
	must image import big.tar big
	echo precious >out.tar
	for form in oci-archive oci; do
		rm -rf layout
		[[ $form == oci ]] && place=layout || place=out.tar
		"$TOP/dabba-image" --root "$STORE" export --format "$form" --compress zstd --level 15 \
			big "$place" 2>stderr 3>&- &
		pid=$!
		sleep 0.4
		kill -INT "$pid" || true
		kill -TERM "$pid" || true
		status=0
		wait "$pid" || status=$?
		((status == 143 || status == 130))
		grep -q 'stopped by SIG' stderr
		[[ $(cat out.tar) == precious && ! -e layout ]]
		[[ -z $(ls out.tar.* 2>/dev/null) && -z $(ls -A "$STORE/tmp") ]]
	done
}
