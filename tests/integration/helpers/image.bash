# shellcheck shell=bash
# A store of the test's own, and archives of every kind, made without a network.
#
# The image "app" has two layers: a busybox root file system, and one that
# changes /etc/greeting, removes /etc/old and brings /data/new.
# shellcheck source=tests/integration/helpers/bundle.bash
source "$BATS_TEST_DIRNAME/helpers/bundle.bash"

# setup_store: $STORE, the archives in the current directory, $MADE for what they hold.
setup_store() {
	require sandbox
	require dabba
	STORE=$BATS_TEST_TMPDIR/store
	MADE=$BATS_FILE_TMPDIR/made
	[[ -d $MADE ]] || make_app "$MADE"
	mkdir -p "$BATS_TEST_TMPDIR/work"
	cd "$BATS_TEST_TMPDIR/work" || return
}

# setup_app: and app.tar, imported as app:1.
setup_app() {
	setup_store
	docker_archive app.tar
	must image import app.tar
}

# remove_containers: whatever the test has left, from outside.
remove_containers() {
	cd / || return
	image ps -aq | xargs -r "$TOP/dabba-image" --root "$STORE" rm -f
}

image() {
	PATH=$TOP:$PATH timeout --foreground -k 5 60 "$TOP/dabba-image" --root "$STORE" "$@"
}

# image_from FILE ARGUMENT...: with FILE as stdin, which "try" takes away.
image_from() {
	local file=$1
	shift
	image "$@" <"$file"
}

# one_image_sentence: exactly one line of error, which names the program.
one_image_sentence() {
	[[ $(grep -c . <<<"$error") == 1 && $error == dabba-image:* ]]
}

# make_app DIRECTORY: layer1.tar, layer2.tar and config.json in it.
make_app() {
	local root=$1/root upper=$1/upper
	mkdir -p "$root"/{bin,etc,tmp,proc,sys,dev} "$upper"/{etc,data}
	cp "$(command -v busybox)" "$root/bin/busybox"
	ln -s busybox "$root/bin/sh"
	ln -s busybox "$root/bin/cat"
	echo hello >"$root/etc/greeting"
	echo old >"$root/etc/old"
	echo hello again >"$upper/etc/greeting"
	touch "$upper/etc/.wh.old"
	echo new >"$upper/data/new"
	tar --numeric-owner -C "$root" -cf "$1/layer1.tar" .
	tar --numeric-owner -C "$upper" -cf "$1/layer2.tar" .
	jq -n --arg one "$(diff_id "$1/layer1.tar")" --arg two "$(diff_id "$1/layer2.tar")" '{
		architecture: $ENV.ARCH, os: "linux", created: "2024-05-06T07:08:09Z",
		author: "somebody",
		config: {Cmd: ["sh"], Env: ["PATH=/bin"], Labels: {purpose: "test"}},
		rootfs: {type: "layers", diff_ids: [$one, $two]},
		history: [
			{created: "2024-05-06T07:08:07Z", created_by: "ADD root /", comment: "the base"},
			{created: "2024-05-06T07:08:08Z", created_by: "ENV PATH=/bin", empty_layer: true},
			{created: "2024-05-06T07:08:09Z", created_by:
				"RUN change a greeting, remove what is old and bring new data"}],
		"x-unknown": {kept: true}}' >"$1/config.json"
}

ARCH=$(dpkg --print-architecture)
export ARCH

diff_id() {
	echo "sha256:$(sha256sum "$1" | cut -d' ' -f1)"
}

# docker_archive FILE [JQ-FILTER]: app as "docker save" writes it, its manifest.json
# changed by the filter. Files in ./extra take the place of those made here.
docker_archive() {
	local dir=$BATS_TEST_TMPDIR/docker
	rm -rf "$dir"
	mkdir "$dir"
	cp "$MADE"/{config.json,layer1.tar,layer2.tar} "$dir/"
	jq -n '[{Config: "config.json", RepoTags: ["app:1"], Layers: ["layer1.tar", "layer2.tar"]}]' |
		jq "${2:-.}" >"$dir/manifest.json"
	[[ ! -d extra ]] || cp -P extra/* "$dir/"
	tar -C "$dir" -cf "$1" .
}

# oci_layout DIRECTORY[:NAME]: app as an OCI layout with gzip layers.
oci_layout() {
	docker_archive "$BATS_TEST_TMPDIR/for-layout.tar"
	skopeo copy -q "docker-archive:$BATS_TEST_TMPDIR/for-layout.tar" "oci:$1"
}

# blob LAYOUT DIGEST: its path.
blob() {
	echo "$1/blobs/sha256/${2#sha256:}"
}

# manifest_of LAYOUT: the digest of its first manifest.
manifest_of() {
	jq -r '.manifests[0].digest' "$1/index.json"
}

# same_tree IMAGE: what umoci unpacks from the store is what the layers say.
same_tree() {
	local dir=$BATS_TEST_TMPDIR/unpacked
	rm -rf "$dir"
	umoci unpack --image "$STORE:$1" "$dir" >/dev/null 2>&1 || return
	cmp "$dir/rootfs/bin/busybox" "$(command -v busybox)" || return
	[[ $(cat "$dir/rootfs/etc/greeting") == 'hello again' ]] || return
	[[ $(cat "$dir/rootfs/data/new") == new ]] || return
	[[ ! -e $dir/rootfs/etc/old ]]
}

# store_is_empty: nothing was left behind by what failed.
store_is_empty() {
	[[ -z $(find "$STORE"/blobs "$STORE"/layers "$STORE"/tmp -mindepth 1 ! -path '*/blobs/sha256') ]] || {
		find "$STORE"
		return 1
	}
	[[ $(jq -c .manifests "$STORE/index.json") == '[]' ]]
}

# store_verifies: every blob has the digest it is called by, and tmp/ is empty.
store_verifies() {
	local path
	for path in "$STORE"/blobs/sha256/*; do
		[[ $(sha256sum <"$path") == "${path##*/}  -" ]] || return
	done
	[[ -z $(ls -A "$STORE/tmp") ]]
}

# hard_archive FILE: a docker-archive "hard:1" with everything a layer can hold (mklayers.py).
hard_archive() {
	local dir=$BATS_TEST_TMPDIR/hard
	mkdir -p "$dir"
	python3 "$TOOLS/mklayers.py" "$dir"
	jq -n --arg one "$(diff_id "$dir/layer1.tar")" --arg two "$(diff_id "$dir/layer2.tar")" '{
		architecture: $ENV.ARCH, os: "linux", created: "2024-05-06T07:08:09Z",
		config: {Cmd: ["tool"], Env: ["PATH=/bin", "EMPTY="], Labels: {a: "1 \"2\"", b: ""},
			ExposedPorts: {"80/tcp": {}}, Volumes: {"/data": {}}, WorkingDir: "/d",
			StopSignal: "SIGUSR1", User: "1:2"},
		rootfs: {type: "layers", diff_ids: [$one, $two]},
		history: [{created: "2024-05-06T07:08:07Z", created_by: "ADD lower"},
			{created: "2024-05-06T07:08:09Z", created_by: "ADD upper", comment: "hard"}]}' \
		>"$dir/config.json"
	jq -n '[{Config: "config.json", RepoTags: ["hard:1"], Layers: ["layer1.tar", "layer2.tar"]}]' \
		>"$dir/manifest.json"
	tar -C "$dir" -cf "$1" config.json layer1.tar layer2.tar manifest.json
}

# tree_of IMAGE: everything that "unpack" makes of it, one line for each file.
tree_of() {
	local dir=$BATS_TEST_TMPDIR/tree
	rm -rf "$dir"
	image unpack "$1" "$dir" >/dev/null || return
	"$TOOLS/treelist.py" "$dir/rootfs"
}

# without_times: what tree_of printed, but for when the files were changed.
without_times() {
	sed -E "s/^(b[^ ]+ '[^ ]+' [0-9]+ [0-9]+) [^ ]+/\1/"
}
