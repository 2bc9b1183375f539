#!/usr/bin/env bats
# Round trips: what dabba-image writes goes through another tool and comes back with the
# same config, history and file tree, and with the same digests where nothing had to change.
load helpers/image

setup() {
	setup_store
	hard_archive hard.tar
	must image import hard.tar
	tree_of hard:1 >tree
	# Nothing above is empty, and it is the tree that the layers say.
	grep -q "^b'./links/fourth' .*links/first" tree
	grep -q "security.capability" tree
}

# private NAME: an array of that name, which keeps to this test's directories.
private() {
	mkdir -p "$TMPDIR/r"
	declare -ga "$1=($1 --root '$PWD/storage' --runroot '$TMPDIR/r' --storage-driver vfs)"
}

# same_image STORE NAME: config and history byte for byte, and the tree to the last xattr.
same_image() {
	local first=$STORE
	STORE=$1
	[[ $(image inspect "$2" | jq -r '.[0].Id') == $(diff_id "$BATS_TEST_TMPDIR/hard/config.json") ]] ||
		same_config "$first" "$1" "$2" || return
	diff tree <(tree_of "$2") || return
	store_verifies || return
	STORE=$first
}

# same_config STORE STORE NAME: the same to a reader, though not byte for byte.
same_config() {
	diff <(config_text "$1" hard:1) <(config_text "$2" "$3")
}

config_text() {
	jq -S . "$(blob "$1" "$("$TOP/dabba-image" --root "$1" inspect "$2" | jq -r '.[0].Id')")"
}

@test "peers: skopeo, from an oci-archive to a layout and from a docker-archive to an archive" {
	must image export hard:1 out.tar
	must skopeo copy -q --dest-oci-accept-uncompressed-layers oci-archive:out.tar oci:layout:hard
	[[ $(manifest_of layout) == "$(manifest_of "$STORE")" ]]
	diff -r layout/blobs "$STORE/blobs"
	must image --root "$PWD/s2" import layout hard
	same_image "$PWD/s2" hard
	must image export --format docker-archive hard:1 docker.tar
	must skopeo copy -q docker-archive:docker.tar docker-archive:back.tar:hard:1
	must image --root "$PWD/s3" import back.tar
	same_image "$PWD/s3" hard:1
}

@test "peers: skopeo reads each compression of ours" {
	for form in gzip zstd none; do
		must image export --compress "$form" hard:1 "$form.tar"
		must skopeo copy -q "oci-archive:$form.tar" "oci:$form:hard"
		must image --root "$PWD/s-$form" import "$form" hard
		same_image "$PWD/s-$form" hard
	done
}

@test "peers: a registry, through skopeo, keeps every digest" {
	require command docker-registry
	mkdir registry
	port=$((20000 + $$ % 20000))
	cat >registry.yml <<-END
		version: 0.1
		storage: {filesystem: {rootdirectory: $PWD/registry}}
		http: {addr: "127.0.0.1:$port"}
	END
	docker-registry serve registry.yml >registry.log 2>&1 3>&- &
	registry=$!
	eventually bash -c "exec 9<>/dev/tcp/127.0.0.1/$port" 2>/dev/null
	must image export --compress gzip hard:1 zipped/
	for source in "oci:zipped:hard:1" "oci:$STORE:hard:1"; do
		must skopeo copy -q --dest-tls-verify=false "$source" "docker://127.0.0.1:$port/team/hard:1"
		rm -rf back
		must skopeo copy -q --src-tls-verify=false "docker://127.0.0.1:$port/team/hard:1" oci:back:hard
		must image --root "$PWD/s2" import back hard
		same_image "$PWD/s2" hard
	done
	must skopeo copy -q --dest-tls-verify=false oci:zipped:hard:1 "docker://127.0.0.1:$port/team/hard:2"
	must skopeo inspect --raw --tls-verify=false "docker://127.0.0.1:$port/team/hard:2"
	[[ sha256:$(printf %s "$output" | sha256sum | cut -d' ' -f1) == "$(manifest_of zipped)" ]]
	kill "$registry"
}

@test "peers: podman loads ours, and we take what it saves" {
	private podman
	for form in docker-archive oci-archive; do
		must image export --format "$form" hard:1 "$form.tar"
		must "${podman[@]}" load -q -i "$form.tar"
		must "${podman[@]}" save -q --format "$form" -o "back-$form.tar" hard:1
		must image --root "$PWD/s-$form" import "back-$form.tar"
		[[ $output == localhost/hard:1 || $output == docker.io/library/hard:1 ]]
		same_image "$PWD/s-$form" hard:1
		must "${podman[@]}" rmi -f hard:1
	done
}

@test "peers: buildah takes ours, adds a layer, and we take the result" {
	private buildah
	must image export --compress gzip hard:1 out.tar
	must "${buildah[@]}" from --name work oci-archive:out.tar
	must "${buildah[@]}" mount work
	root=$output
	# It has neither times before 1970 nor those of directories that a layer adds to.
	diff <(without_times <tree) <("$TOOLS/treelist.py" "$root" | without_times)
	echo added >"$root/added"
	must "${buildah[@]}" umount work
	must "${buildah[@]}" commit -q work oci:back:new
	must image --root "$PWD/s2" import back new
	must image --root "$PWD/s2" unpack new bundle
	[[ $(cat bundle/rootfs/added) == added && $(cat bundle/rootfs/d/x) == 'new x' ]]
	getfattr -h --absolute-names -n security.capability bundle/rootfs/bin/ping
	must image --root "$PWD/s2" history --format json new
	[[ $(wc -l <<<"$output") == 3 ]]
}

@test "peers: umoci unpacks the store as we do, and we take what it repacks" {
	must image export --compress gzip hard:1 layout/
	umoci unpack --image layout:hard:1 umoci >/dev/null 2>&1
	diff tree <("$TOOLS/treelist.py" umoci/rootfs)
	echo changed >umoci/rootfs/d/x
	rm umoci/rootfs/empty
	umoci repack --image layout:changed umoci >/dev/null 2>&1
	"$TOOLS/treelist.py" umoci/rootfs >changed-tree
	must image --root "$PWD/s2" import layout
	[[ $output == *changed:latest* ]]
	STORE=$PWD/s2
	# It writes whole seconds.
	diff <(without_times <changed-tree) <(tree_of changed | without_times)
}

@test "peers: containerd imports ours, and we take what it exports" {
	require command containerd
	mkdir c
	cat >c/config.toml <<-END
		version = 2
		root = "$PWD/c/root"
		state = "$PWD/c/state"
		disabled_plugins = ["io.containerd.grpc.v1.cri"]
		[grpc]
		address = "$TMPDIR/c.sock"
		[ttrpc]
		address = "$TMPDIR/c.ttrpc"
	END
	containerd --config c/config.toml >c/log 2>&1 3>&- &
	containerd=$!
	eventually test -S "$TMPDIR/c.sock"
	for form in docker-archive oci-archive; do
		must image export --format "$form" hard:1 "$form.tar"
		must ctr -a "$TMPDIR/c.sock" images import --snapshotter native "$form.tar"
		must ctr -a "$TMPDIR/c.sock" images ls -q
		[[ $output == *hard:1 ]]
		must ctr -a "$TMPDIR/c.sock" images export "back-$form.tar" "$output"
		must image --root "$PWD/s-$form" import "back-$form.tar" hard:1
		same_image "$PWD/s-$form" hard:1
		must ctr -a "$TMPDIR/c.sock" images rm "$(ctr -a "$TMPDIR/c.sock" images ls -q)"
	done
	kill "$containerd"
	wait "$containerd" || true
}
