#!/usr/bin/env bats
# dabba-image unpack: a bundle as image-spec's conversion.md has it.
load helpers/image

setup() {
	setup_app
}

@test "image unpack: the bundle runs" {
	must image unpack app:1 bundle
	[[ $(cat bundle/rootfs/etc/greeting) == 'hello again' && ! -e bundle/rootfs/etc/old ]]
	cd bundle
	jq '.process.args = ["cat", "/data/new"]' config.json >c && mv c config.json
	must "$TOP/dabba" --root "$BATS_TEST_TMPDIR/state" run "unpack-$BATS_TEST_NUMBER"
	[[ $output == new ]]
}

@test "image unpack: the conversion" {
	mkdir extra
	jq '.config += {User: "5:6", WorkingDir: "/tmp", Entrypoint: ["/bin/busybox"], Cmd: ["sh", "-l"],
		ExposedPorts: {"80/tcp": {}, "81/udp": {}}, StopSignal: "SIGHUP", Volumes: {"/vol": {}},
		Env: ["HOME=/own", "A=1"], Labels: {"org.opencontainers.image.author": "label", x: "y"}}' \
		"$MADE/config.json" >extra/config.json
	docker_archive app.tar
	must image import app.tar
	must image unpack app:1 bundle
	jq -c . bundle/config.json >config
	[[ $(jq -c '.process | [.args, .cwd, .user.uid, .user.gid]' config) == \
		'[["/bin/busybox","sh","-l"],"/tmp",5,6]' ]]
	[[ $(jq -c .process.env config) == \
		'["HOME=/own","A=1","PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]' ]]
	[[ $(jq -c '.process.capabilities | [has("effective"), (.bounding | length)]' config) == '[false,14]' ]]
	[[ $(jq -c '.annotations | [.["org.opencontainers.image.os"], .["org.opencontainers.image.author"],
		.["org.opencontainers.image.stopSignal"], .["org.opencontainers.image.exposedPorts"],
		.["org.opencontainers.image.created"], .x]' config) == \
		'["linux","label","SIGHUP","80/tcp,81/udp","2024-05-06T07:08:09Z","y"]' ]]
	[[ $(jq -c '[.mounts[] | select(.destination == "/vol") | .type]' config) == '["tmpfs"]' ]]
	[[ $(jq -c '[.linux.namespaces[].type]' config) == \
		'["pid","ipc","uts","mount","cgroup","network"]' ]]
}

@test "image unpack: only into what is new or empty" {
	mkdir empty full
	touch full/file
	must image unpack app:1 empty
	fails image unpack app:1 full
	one_image_sentence
	[[ $(ls full) == file ]]
	fails image unpack app:1 no/such/place
	one_image_sentence
	fails image unpack nosuch bundle
	one_image_sentence
	[[ ! -e bundle ]]
}

@test "image unpack: a layer that is not what its digest says" {
	local layer
	layer=$(blob "$STORE" "$(skopeo inspect --raw "oci:$STORE:app:1" | jq -r '.layers[1].digest')")
	printf X | dd of="$layer" bs=1 seek=1600 conv=notrunc 2>/dev/null
	fails image unpack app:1 bundle
	one_image_sentence
	[[ $error == *"${layer##*/}"* && ! -e bundle ]]
	truncate -s -512 "$layer"
	fails image unpack app:1 bundle
	one_image_sentence
	[[ ! -e bundle ]]
}

@test "image unpack: a full disk leaves nothing" {
	mkdir small
	host_mount -t tmpfs -o size=1m none small
	fails image unpack app:1 small/bundle
	one_image_sentence
	[[ $error == *'No space left'* && -z $(ls -A small) ]]
	umount -l small
}

xattrs() {
	python3 -c 'import os, sys
for name in "hard", "sparse":
	path = sys.argv[1] + "/" + name
	print(name, [(x, os.getxattr(path, x)) for x in sorted(os.listxattr(path))])' "$1"
}

@test "image unpack: hard links, sparse files, long names and ids as GNU tar writes them" {
	mkdir -p tree/long/"$(printf 'd%.0s' {1..120})"
	echo x >tree/long/"$(printf 'd%.0s' {1..120})"/"$(printf 'f%.0s' {1..200})"
	ln tree/long/d*/f* tree/hard
	truncate -s 3M tree/sparse
	printf end >>tree/sparse
	chown 3000000:4000000 tree/hard
	touch -d '1960-01-02 03:04:05.678 UTC' tree/sparse
	python3 -c 'import os
os.setxattr("tree/sparse", "user.name", b"value")
os.setxattr("tree/hard", "security.capability", b"\1\0\0\2\0\40\0\0" + bytes(12))'
	for format in gnu 'posix --xattrs --xattrs-include=*'; do
		# shellcheck disable=SC2086 # several words
		tar --sparse --format=$format -C tree -cf tree.tar .
		must image import tree.tar "tree-${format:0:3}"
		must image unpack "tree-${format:0:3}" "bundle-${format:0:3}"
		rm -rf plain && mkdir plain
		tar --xattrs --xattrs-include='*' -C plain -xpf tree.tar
		diff <(cd plain && find . -mindepth 1 -printf '%p %y %m %U:%G %s %n %T@\n' | sort) \
			<(cd "bundle-${format:0:3}/rootfs" && find . -mindepth 1 -printf '%p %y %m %U:%G %s %n %T@\n' | sort)
		cmp plain/sparse "bundle-${format:0:3}/rootfs/sparse"
		diff <(xattrs plain) <(xattrs "bundle-${format:0:3}/rootfs")
	done
	[[ $(stat -c %b bundle-gnu/rootfs/sparse) -lt 1000 ]]
}
