#!/usr/bin/env bats
# dabba-image import: every kind of archive, and archives that are broken or lie.
load helpers/image

setup() {
	setup_store
}

@test "import: a docker-archive keeps its name, config and layers" {
	docker_archive app.tar
	must image import app.tar
	[[ $output == app:1 ]]
	must image inspect app:1
	[[ $(jq -r '.[0].Id' <<<"$output") == $(diff_id "$MADE/config.json") ]]
	# The layers are plain, so that blob and diffID are the same.
	cmp "$MADE/layer1.tar" "$(blob "$STORE" "$(diff_id "$MADE/layer1.tar")")"
	cmp "$MADE/config.json" "$(blob "$STORE" "$(diff_id "$MADE/config.json")")"
	store_verifies
	same_tree app:1
}

@test "import: a name of ours replaces the one in the archive" {
	docker_archive app.tar
	must image import app.tar mine
	[[ $output == mine:latest ]]
	must image import app.tar team/app:2.0
	must image list --format json
	[[ $(jq -r '"\(.Repository):\(.Tag)"' <<<"$output" | sort | xargs) == 'mine:latest team/app:2.0' ]]
	same_tree mine
	fails image import app.tar Not/Valid
	said 'not an image name'
}

@test "import: compressed docker-archives, by file and by stdin" {
	docker_archive app.tar
	gzip -k app.tar
	zstd -q app.tar
	xz -0k app.tar
	for form in tar tar.gz tar.zst tar.xz; do
		must image import "app.$form" "${form//./-}"
		same_tree "${form//./-}"
		must image_from "app.$form" import - stdin
		must image rmi stdin
	done
	must bash -c "cat app.tar.gz | '$TOP/dabba-image' --root '$STORE' import - piped"
	[[ $output == piped:latest ]]
	store_verifies
}

@test "import: compressed layers in a docker-archive stay as they are" {
	mkdir extra
	gzip -c "$MADE/layer1.tar" >extra/layer1.tar
	zstd -qc "$MADE/layer2.tar" >extra/layer2.tar
	docker_archive app.tar
	must image import app.tar
	cmp extra/layer1.tar "$(blob "$STORE" "$(diff_id extra/layer1.tar)")"
	skopeo inspect --raw "oci:$STORE:app:1" | jq -e '[.layers[].mediaType] ==
		["application/vnd.oci.image.layer.v1.tar+gzip",
		 "application/vnd.oci.image.layer.v1.tar+zstd"]'
}

@test "import: layers that are links, manifest.json first, two images" {
	mkdir extra
	ln -s layer1.tar extra/link.tar
	docker_archive app.tar '[.[0] | .Layers[0] = "link.tar", (.RepoTags = ["second:2", "third:3"])]'
	must image import app.tar
	[[ $output == $'app:1\nsecond:2\nthird:3' ]]
	same_tree app:1
	same_tree third:3
	fails image import app.tar one-name
	said '2 images'
}

@test "import: an OCI layout keeps every digest" {
	oci_layout layout:app
	must image import layout
	[[ $output == app:latest ]]
	[[ $(manifest_of layout) == "$(manifest_of "$STORE")" ]]
	diff -r layout/blobs "$STORE/blobs"
	same_tree app
	must image import layout other
	must image list -q
	[[ $(wc -l <<<"$output") == 1 ]]
}

@test "import: an oci-archive, plain and compressed" {
	oci_layout layout:app
	tar -C layout -cf app.tar .
	must image import app.tar
	[[ $output == app:latest ]]
	STORE=$STORE-2
	gzip app.tar
	must image_from app.tar.gz import - renamed
	[[ $(manifest_of layout) == "$(manifest_of "$STORE")" ]]
	same_tree renamed
}

@test "import: what docker 25 writes, both at once, is taken as OCI" {
	oci_layout both
	cp "$MADE"/{config.json,layer1.tar,layer2.tar} both/
	jq -n '[{Config: "config.json", RepoTags: ["app:1"], Layers: ["layer1.tar", "layer2.tar"]}]' \
		>both/manifest.json
	jq '.manifests[0].annotations = {"io.containerd.image.name": "docker.io/library/app:1",
		"org.opencontainers.image.ref.name": "1"}' both/index.json >index && mv index both/index.json
	tar -C both -cf both.tar .
	must image import both.tar
	[[ $(manifest_of both) == "$(manifest_of "$STORE")" ]]
	must image inspect app:1
	jq -e '.[0].RepoTags == ["docker.io/library/app:1"]' <<<"$output"
}

@test "import: an index for many platforms: this machine's image" {
	oci_layout layout:app
	manifest=$(manifest_of layout)
	jq --arg arch "$ARCH" '.manifests[0] as $m | .manifests = [
		($m + {digest: "sha256:\("0" * 64)", platform: {os: "linux", architecture: "never"}}),
		($m + {platform: {os: "linux", architecture: $arch}})] | del(.manifests[].annotations)' \
		layout/index.json >nested.json
	digest=$(diff_id nested.json)
	size=$(stat -c %s nested.json)
	mv nested.json "$(blob layout "$digest")"
	jq -n --arg digest "$digest" --argjson size "$size" '{schemaVersion: 2, manifests: [{
		mediaType: "application/vnd.oci.image.index.v1+json", digest: $digest, size: $size,
		annotations: {"org.opencontainers.image.ref.name": "many"}}]}' >layout/index.json
	must image import layout
	[[ $output == many:latest ]]
	[[ $(manifest_of "$STORE") == "$manifest" ]]
	jq '.manifests[0].platform = {os: "linux", architecture: "never"}
		| .manifests[0].mediaType = "application/vnd.oci.image.manifest.v1+json"' \
		layout/index.json >index && mv index layout/index.json
	fails image import layout
	said 'no image for linux/.*never'
}

# for_two LAYOUT [OTHER]: makes app's image there into an index, nested twice, for this
# machine and for OTHER, where the same manifest has another config.
for_two() {
	local manifest config digest size
	oci_layout "$1:app"
	manifest=$(manifest_of "$1")
	jq -c '.architecture = "arm" | .variant = "v7"' "$(blob "$1" "$(jq -r .config.digest "$(blob "$1" "$manifest")")")" >config
	put_blob "$1" config
	jq -c --arg digest "$digest" --argjson size "$size" '.config.digest = $digest | .config.size = $size' \
		"$(blob "$1" "$manifest")" >other
	put_blob "$1" other
	jq -c --arg arch "$ARCH" --arg digest "$digest" --argjson size "$size" '.manifests[0] as $m | .manifests = [
		($m + {mediaType: "application/vnd.in-toto+json"}),
		($m + {digest: $digest, size: $size, platform: {os: "linux", architecture: "arm", variant: "v7"}}),
		($m + {platform: {os: "linux", architecture: $arch}})] | del(.manifests[].annotations)' \
		"$1/index.json" >nested
	put_blob "$1" nested
	jq -nc --arg digest "$digest" --argjson size "$size" '{schemaVersion: 2, manifests: [{
		mediaType: "application/vnd.oci.image.index.v1+json", digest: $digest, size: $size}]}' >index
	put_blob "$1" index
	jq -n --arg digest "$digest" --argjson size "$size" '{schemaVersion: 2, manifests: [{
		mediaType: "application/vnd.oci.image.index.v1+json", digest: $digest, size: $size,
		annotations: {"org.opencontainers.image.ref.name": "many"}}]}' >"$1/index.json"
}

# put_blob LAYOUT FILE: sets $digest and $size.
put_blob() {
	digest=$(diff_id "$2")
	size=$(stat -c %s "$2")
	cp "$2" "$(blob "$1" "$digest")"
}

@test "import: --platform, through nested indexes" {
	for_two layout
	must image import layout
	must image inspect many
	[[ $(jq -r '.[0].Architecture' <<<"$output") == "$ARCH" ]]
	for platform in linux/arm/v7 linux/arm; do
		must image import --platform "$platform" layout other
		must image inspect other
		jq -e '.[0] | .Architecture == "arm" and .Variant == "v7"' <<<"$output"
	done
	fails image import --platform linux/s390x layout
	said 'no image for linux/s390x, only for linux/arm, linux/'
	fails image import --platform linux/arm/v6 layout
	said 'no image for linux/arm/v6'
	fails image import --platform 'linux arm' layout
	said 'no platform'
	docker_archive app.tar
	fails image import --platform linux/s390x app.tar
	said "is for linux/$ARCH, not for linux/s390x"
	must image import --platform "linux/$ARCH" app.tar
	must image unpack --platform linux/arm other arm
	fails image unpack --platform linux/arm app:1 bundle
	said "app:1 is for linux/$ARCH, not for linux/arm"
	fails image run --platform linux/arm app:1
	((status == 125))
	one_image_sentence
}

@test "import: an index that another tool put into the store" {
	for_two layout
	must image list
	cp layout/blobs/sha256/* "$STORE/blobs/sha256/"
	cp layout/index.json "$STORE/"
	must image list
	[[ $output == *many* ]]
	must image run --rm many cat /etc/greeting
	[[ $output == 'hello again' ]]
	must image unpack --platform linux/arm many arm
	must image export many out.tar
	must image export many out/
	must image rmi many
	[[ $(ls "$STORE/blobs/sha256" | wc -l) == 0 ]]
	must image import out.tar
	same_tree many
}

@test "import: layers that are other links, and manifest.json at any place" {
	mkdir -p docker/one docker/two
	cp "$MADE/config.json" docker/
	cp "$MADE/layer1.tar" docker/one/layer.tar
	cp "$MADE/layer2.tar" docker/two.tar
	ln -s ../two.tar docker/two/layer.tar
	ln docker/one/layer.tar docker/hard.tar
	echo '[{"Config": "config.json", "RepoTags": ["app:1"], "Layers": ["hard.tar", "two/layer.tar"]}]' \
		>docker/manifest.json
	echo '{"app": {"1": "x"}}' >docker/repositories
	for order in 'manifest.json config.json one/layer.tar hard.tar two/layer.tar two.tar repositories' \
		'one/layer.tar hard.tar manifest.json two/layer.tar two.tar repositories config.json' \
		'repositories two/layer.tar two.tar one/layer.tar hard.tar config.json manifest.json'; do
		# shellcheck disable=SC2086 # words
		tar -C docker -cf order.tar $order
		STORE=$BATS_TEST_TMPDIR/store-${order%%[./]*}
		must image import order.tar
		same_tree app:1
	done
}

@test "import: gzip in several members, in layers and around archives" {
	mkdir extra
	{ head -c 700000 "$MADE/layer1.tar" | gzip; tail -c +700001 "$MADE/layer1.tar" | gzip; } >extra/layer1.tar
	docker_archive app.tar
	must image import app.tar
	same_tree app:1
	{ head -c 99999 app.tar | gzip; tail -c +100000 app.tar | gzip; } >app.tar.gz
	must image import app.tar.gz zipped
	same_tree zipped
	printf 'garbage behind' >>extra/layer1.tar
	docker_archive bad.tar
	STORE=$STORE-2
	fails image import bad.tar
	said 'layer1.tar: .*the gzip data is damaged: garbage after its end'
}

@test "import: a compression that is not the media type's" {
	docker_archive app.tar
	for pair in none:gzip gzip:zstd zstd:gzip; do
		rm -rf layout
		STORE=$BATS_TEST_TMPDIR/store
		must image import app.tar
		must image export --compress "${pair%:*}" app:1 layout/
		manifest=$(blob layout "$(manifest_of layout)")
		jq -c --arg type "application/vnd.oci.image.layer.v1.tar+${pair#*:}" \
			'.layers[].mediaType = $type' "$manifest" >changed
		put_blob layout changed
		jq -c --arg digest "$digest" --argjson size "$size" \
			'.manifests[0].digest = $digest | .manifests[0].size = $size' layout/index.json >index
		mv index layout/index.json
		STORE=$BATS_TEST_TMPDIR/store-${pair%:*}
		must image import layout
		grep -q "is compressed with ${pair%:*}, but its mediaType is .*${pair#*:}" <<<"$error"
		must image unpack app:1 "bundle-${pair%:*}"
		[[ $(cat "bundle-${pair%:*}/rootfs/etc/greeting") == 'hello again' ]]
	done
}

@test "import: a root file system, of each compression" {
	cp "$MADE/layer1.tar" root.tar
	gzip -k root.tar
	zstd -q root.tar
	xz -0k root.tar
	for form in tar tar.gz tar.zst tar.xz; do
		must image import "root.$form" "root-${form//./-}"
	done
	# The file is the layer, but for xz, which is none for other tools.
	[[ -e $(blob "$STORE" "$(diff_id root.tar)") ]]
	[[ -e $(blob "$STORE" "$(diff_id root.tar.gz)") ]]
	[[ -e $(blob "$STORE" "$(diff_id root.tar.zst)") ]]
	[[ ! -e $(blob "$STORE" "$(diff_id root.tar.xz)") ]]
	must image inspect root-tar-xz
	jq -e '.[0] | .Config.Cmd == ["/bin/sh"] and .Os == "linux"
		and .Comment == "Imported from root.tar.xz"' <<<"$output"
	must image list -q
	[[ $(wc -l <<<"$output") == 4 ]]
	umoci unpack --image "$STORE:root-tar" bundle
	[[ $(cat bundle/rootfs/etc/greeting) == hello ]]
	fails image import root.tar
	said 'no name of its own'
	one_image_sentence
}

@test "import: the same again changes nothing; a moved name leaves the old image" {
	docker_archive app.tar
	must image import app.tar
	before=$(cd "$STORE" && find . -type f -printf '%p %s\n' | sort)
	must image import app.tar
	[[ $(cd "$STORE" && find . -type f -printf '%p %s\n' | sort) == "$before" ]]
	must image import "$MADE/layer1.tar" app:1
	must image list
	grep -qE '^<none> +<none> ' <<<"$output"
	grep -qE '^app +1 ' <<<"$output"
}

@test "import: podman reads the store" {
	local podman
	docker_archive app.tar
	must image import app.tar app
	# It takes no run root of more than 50 characters, and makes a name of the path.
	mkdir "$TMPDIR/p"
	ln -s "$STORE" store
	podman=(podman --root "$PWD/podman" --runroot "$TMPDIR/p" --storage-driver vfs)
	must "${podman[@]}" pull -q oci:store:app
	must "${podman[@]}" image inspect "$output"
	jq -e '.[0].Labels.purpose == "test" and (.[0].RootFS.Layers | length) == 2' <<<"$output"
}

@test "import: skopeo reads the store" {
	docker_archive app.tar
	must image import app.tar
	must image import app.tar app
	must skopeo inspect "oci:$STORE:app"
	jq -e '.Labels.purpose == "test" and (.Layers | length) == 2' <<<"$output"
	must skopeo copy -q "oci:$STORE:app:1" docker-archive:back.tar:back:1
	must image import back.tar
	must image inspect app
	[[ $(jq -r '.[0].Id' <<<"$output") == $(diff_id "$MADE/config.json") ]]
}

# --- bad input ---

# refused WORDS FILE: import fails with one sentence and leaves nothing behind.
refused() {
	fails image import "$2"
	said "$1"
	one_image_sentence
	store_is_empty
}

@test "import: no such file, no archive, an empty file, a directory of no layout" {
	refused 'missing.tar.*No such file' missing.tar
	echo nonsense >text
	refused 'text is not a tar archive' text
	: >empty
	refused 'empty is empty' empty
	mkdir directory
	refused 'no OCI image layout' directory
	head -c 100000 /dev/zero >zeroes
	fails image import zeroes zeroes
	one_image_sentence
	store_is_empty
}

@test "import: a truncated archive, wherever it ends" {
	docker_archive app.tar
	gzip -k app.tar
	size=$(stat -c %s app.tar)
	for n in 300 700 $((size / 2)) $((size - 11000)); do
		head -c "$n" app.tar >cut.tar
		refused cut.tar cut.tar
	done
	for n in 5 100 $(($(stat -c %s app.tar.gz) - 4)); do
		head -c "$n" app.tar.gz >cut.tar.gz
		refused 'cut.tar.gz.*ends too early' cut.tar.gz
	done
	head -c 100000 "$MADE/layer1.tar" >cut.tar
	fails image import cut.tar cut
	said 'cut.tar'
	one_image_sentence
	store_is_empty
}

@test "import: a layer that is not what the config says" {
	mkdir extra
	cp "$MADE/layer2.tar" extra/
	printf X | dd of=extra/layer2.tar bs=1 seek=1600 conv=notrunc status=none
	docker_archive lie.tar
	refused 'lie.tar.*layer2.tar.*diffID' lie.tar
}

@test "import: missing layer, missing config, missing manifest, wrong count" {
	docker_archive lie.tar '.[0].Layers[1] = "gone.tar"'
	refused 'lie.tar has no file gone.tar' lie.tar
	docker_archive lie.tar '.[0].Config = "gone.json"'
	refused 'lie.tar has no file gone.json' lie.tar
	docker_archive lie.tar 'del(.[0].Layers[1])'
	refused 'diff_ids has 2 entries.*1 layers' lie.tar
	docker_archive lie.tar '[]'
	refused 'lists no image' lie.tar
	docker_archive lie.tar '.[0].Layers = 5'
	refused 'manifest.json.*Layers' lie.tar
}

@test "import: an OCI layout with a wrong digest, a wrong size, a missing blob" {
	for part in manifest config layer; do
		rm -rf layout
		oci_layout layout:app
		digest=$(manifest_of layout)
		manifest=$(blob layout "$digest")
		[[ $part == manifest ]] || digest=$(jq -r ".$part // .layers[1] | .digest" "$manifest")
		path=$(blob layout "$digest")
		cp "$path" kept
		printf X | dd of="$path" bs=1 seek=20 conv=notrunc status=none
		refused "${digest#sha256:}" layout
		truncate -s -1 "$path"
		refused "${digest#sha256:}.*bytes, but" layout
		rm "$path"
		refused "no file blobs/sha256/${digest#sha256:}" layout
	done
}

@test "import: documents that contradict each other" {
	oci_layout layout:app
	manifest=$(blob layout "$(manifest_of layout)")
	jq '.manifests = []' "$manifest" >two
	cp two "$(blob layout "$(diff_id two)")"
	jq --arg digest "$(diff_id two)" --argjson size "$(stat -c %s two)" \
		'.manifests[0].digest = $digest | .manifests[0].size = $size' layout/index.json >index
	mv index layout/index.json
	refused 'both "layers" and "manifests"' layout
	jq '.mediaType = "application/vnd.oci.image.index.v1+json"' "$manifest" >two
	cp two "$(blob layout "$(diff_id two)")"
	jq --arg digest "$(diff_id two)" --argjson size "$(stat -c %s two)" \
		'.manifests[0].digest = $digest | .manifests[0].size = $size' layout/index.json >index
	mv index layout/index.json
	refused 'mediaType is .*descriptor says' layout
}

@test "import: a failure leaves the images that were there" {
	docker_archive app.tar
	must image import app.tar
	before=$(cd "$STORE" && find . -type f | sort)
	head -c 100000 "$MADE/layer1.tar" >cut.tar
	fails image import cut.tar app:1
	[[ $(cd "$STORE" && find . -type f | sort) == "$before" ]]
	same_tree app:1
}

@test "import: a full disk" {
	docker_archive app.tar
	gzip -k app.tar
	mkdir small
	host_mount -t tmpfs -o size=2500k none small
	STORE=$PWD/small/store
	for form in app.tar app.tar.gz; do
		fails image import "$form"
		said 'No space left on device'
		one_image_sentence
		store_is_empty
	done
	must image list
	umount small
}

@test "import: killed, and interrupted: the next one finds a clean store" {
	docker_archive app.tar
	mkfifo pipe
	image import - <pipe 3>&- &
	pid=$!
	exec 9>pipe
	head -c 1500000 app.tar >&9
	kill -KILL $(pgrep -P "$pid")
	wait "$pid" || true
	exec 9>&-
	must image import app.tar
	store_verifies
	same_tree app:1
	"$TOP/dabba-image" --root "$STORE" import - <pipe 2>stderr 3>&- &
	pid=$!
	exec 9>pipe
	head -c 100 app.tar >&9
	sleep 0.3
	kill -TERM "$pid"
	status=0
	wait "$pid" || status=$?
	exec 9>&-
	[[ $status == 143 ]]
	grep -q 'stopped by SIGTERM' stderr
	store_verifies
}
