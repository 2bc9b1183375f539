#!/usr/bin/env bats
# dabba-image gc, verify, df, mount, umount, diff.
load helpers/image

setup() {
	setup_app
}

teardown() {
	remove_containers
	! grep -F " $STORE/" /proc/self/mountinfo
}

blobs() {
	ls "$STORE/blobs/sha256"
}

@test "gc: what nothing needs goes, what an image or a container needs stays" {
	must image gc
	[[ $output == 'Removed 0 blobs and 0 layers, 0B' ]]
	before=$(blobs)
	echo garbage >garbage
	cp garbage "$(blob "$STORE" "$(diff_id garbage)")"
	mkdir "$STORE/layers/$(printf '0%.0s' {1..64})"
	must image gc --dry-run
	[[ $output == "layer sha256:$(printf '0%.0s' {1..64})
blob $(diff_id garbage)
Would remove 1 blobs and 1 layers, 8B" ]]
	[[ -e $(blob "$STORE" "$(diff_id garbage)") ]]
	must image gc
	[[ $(tail -n 1 <<<"$output") == 'Removed 1 blobs and 1 layers, 8B' ]]
	[[ $(blobs) == "$before" ]]
	must image run --name keeps app:1 sh -c true
	must image rmi --force app:1
	must image gc
	must image commit keeps again
	must image rm keeps
	must image run --rm again cat /data/new
	[[ $output == new ]]
}

@test "gc: --untagged takes images without a name, but those in use" {
	must image run --name keeps app:1 sh -c true
	must image import "$MADE/layer1.tar" app:1
	must image import "$MADE/layer2.tar" app:1
	must image list
	(($(grep -c '<none>' <<<"$output") == 2))
	must image gc
	must image gc --untagged --dry-run
	(($(grep -c '^image ' <<<"$output") == 2))
	must image gc --untagged
	must image list
	(($(grep -c '<none>' <<<"$output") == 1))
	must image commit keeps mine
}

@test "gc: not while another command adds to the store" {
	mkfifo pipe
	image import - <pipe 3>&- &
	exec 9>pipe
	# More than the pipe holds: the import has the store, and reads.
	head -c 200000 app.tar >&9
	fails image gc
	said 'is in use'
	must image gc --dry-run
	exec 9>&-
	# Not for all: the timer of bats is a child too.
	wait $! || true
}

@test "verify: a store that is right" {
	must image run --name one app:1 sh -c 'echo >/x'
	must image commit one more
	must image run --rm more true || true
	must image verify
	[[ $output == '7 blobs, 2 images, 3 layers, 3 unpacked: all right' ]]
}

@test "verify: a damaged blob of each kind is found, removed, and brought back by an import" {
	manifest=$(manifest_of "$STORE")
	for digest in "$manifest" "$(jq -r .config.digest "$(blob "$STORE" "$manifest")")" \
		"$(diff_id "$MADE/layer1.tar")"; do
		path=$(blob "$STORE" "$digest")
		printf X | dd of="$path" bs=1 seek=30 conv=notrunc status=none
		fails image verify
		grep -q "^blob $digest: is damaged" <<<"$output"
		said 'problem'
		one_image_sentence
		fails image verify --repair
		grep -q "^blob $digest was removed" <<<"$output"
		[[ ! -e $path ]]
		fails image verify
		grep -q "$digest is missing" <<<"$output"
		must image import app.tar
		must image verify
		same_tree app:1
	done
}

@test "verify: a blob that was cut off is brought back too" {
	oci_layout layout:zipped
	must image import layout
	layer=$(jq -r '.layers[1].digest' "$(blob layout "$(manifest_of layout)")")
	truncate -s -1 "$(blob "$STORE" "$layer")"
	fails image verify
	grep -q "^blob $layer: is damaged" <<<"$output"
	must image import layout
	must image verify
}

@test "verify: a damaged tree is found and unpacked again" {
	hard_archive hard.tar
	must image import hard.tar
	for change in 'echo more >>d/x' 'rm empty' 'touch added' 'chmod 600 d' \
		'setfattr -n user.new -v x sticky' 'setfattr -x trusted.overlay.opaque opaque' \
		'rm gone' 'mknod whiteout c 0 0' 'touch d/x' 'chown 5 big-ids'; do
		for fs in "$STORE"/layers/*/fs; do
			[[ ! -e $fs/big-ids ]] || (cd "$fs" && eval "$change")
		done
		fails image verify
		(($(wc -l <<<"$output") == 1))
		grep -q '^image hard:1: the tree of layer .* is damaged: ' <<<"$output"
		fails image verify --repair
		grep -q 'was unpacked again' <<<"$output"
		must image verify
	done
	[[ -z $(ls -A "$STORE/tmp") ]]
}

@test "df: what there is and what could be had back" {
	must image df
	[[ $(awk '{print $1, $2, $3}' <<<"$output") == $'TYPE TOTAL ACTIVE\nBlobs 4 4\nLayers 2 2\nContainers 0 0\nVolumes 0 0' ]]
	echo garbage >garbage
	cp garbage "$(blob "$STORE" "$(diff_id garbage)")"
	must image run app:1 sh -c 'busybox dd if=/dev/zero of=/big bs=1M count=5 2>/dev/null'
	must image run -d app:1 busybox sleep 30
	must image df
	grep -Eq '^Blobs +5 +4 .* 8B \(0%\)$' <<<"$output"
	grep -Eq '^Containers +2 +1 +5.2.MB +5.2.MB' <<<"$output"
	must image run --rm -v idle:/v app:1 busybox dd if=/dev/zero of=/v/big bs=1M count=3
	must image run -v kept:/v app:1 busybox dd if=/dev/zero of=/v/big bs=1M count=1
	must image df
	grep -Eq '^Volumes +2 +1 +4.1.MB +3.1.MB \(7[0-9]%\)$' <<<"$output"
}

@test "mount: a container, to be written to and read; umount" {
	must image run --name box app:1 sh -c 'echo one >/one'
	must image mount box
	root=$output
	[[ $(cat "$root/one" "$root/etc/greeting") == $'one\nhello again' && ! -e $root/etc/old ]]
	echo two >"$root/two"
	must image mount box
	[[ $output == "$root" ]]
	must image umount box
	must image umount box
	[[ -z $(ls -A "$root") ]]
	must image diff box
	[[ $output == $'A /one\nA /two' ]]
	must image mount box
	must image commit box new
	must image rm box
	must image run --rm new cat /two
	[[ $output == two ]]
	fails image mount nothing
	one_image_sentence
}

@test "mount: a container that runs" {
	must image run -d --name up app:1 sh -c 'echo up >/up; busybox sleep 30'
	must image mount up
	eventually test -e "$output/up"
	fails image umount up
	said 'container up is running'
}

@test "mount: an image, read-only" {
	mkdir m
	must image mount app:1 m
	[[ $(cat m/etc/greeting) == 'hello again' && ! -e m/etc/old ]]
	! touch m/x 2>/dev/null || return 1
	must image umount ./m
	[[ -z $(ls -A m) ]]
	must image import "$MADE/layer1.tar" single
	must image mount single m
	[[ $(cat m/etc/greeting) == hello ]]
	! touch m/x 2>/dev/null || return 1
	must image umount ./m
	fails image mount nothing m
	one_image_sentence
}

@test "diff: added, changed, deleted, replaced; not what came to nothing" {
	must image run --name d app:1 sh -c '
		echo changed >/etc/greeting; busybox rm /data/new; busybox mkdir -p /new/dir; echo >/new/dir/file
		busybox rm -r /tmp; busybox mkdir /tmp; echo >/tmp/x
		busybox chmod 700 /bin; busybox chmod 755 /bin; busybox touch -r /bin/busybox /bin/busybox'
	must image diff d
	[[ $output == 'C /data
D /data/new
C /etc
C /etc/greeting
A /new
A /new/dir
A /new/dir/file
C /tmp
D /tmp/*
A /tmp/x' ]]
	must image run --name nothing app:1 sh -c true
	must image diff nothing
	[[ -z $output ]]
	fails image diff no-such
	one_image_sentence
}
