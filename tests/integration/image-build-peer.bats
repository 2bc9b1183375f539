#!/usr/bin/env bats
# dabba-image build against buildah: the same tree, the same config, the same history for
# each of tests/data/build-cases.txt.  What differs on purpose is in "normal" below.
load helpers/image

setup_file() {
	CASES=$BATS_TEST_DIRNAME/../data/build-cases.txt
	export CASES
}

setup() {
	require command buildah
	setup_app
	make_context
	export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs
	peer pull -q docker-archive:app.tar >id
	peer tag "$(cat id)" localhost/app:1
}

teardown() {
	cd / || return
	awk -v dir=" $BATS_TEST_TMPDIR/peer" 'index($0, dir) { print $5 }' /proc/self/mountinfo |
		sort -u | xargs -r umount -l 2>/dev/null || true
	store_verifies
	must image verify
}

peer() {
	timeout 120 buildah --root "$BATS_TEST_TMPDIR/peer" --runroot "$BATS_TEST_TMPDIR/peer-run" "$@"
}

make_context() {
	mkdir -p ctx/dir/sub ctx/links
	echo one >ctx/one
	echo two >ctx/two
	echo deep >ctx/dir/sub/deep
	echo three >ctx/dir/three
	printf '#!/bin/sh\n' >ctx/script
	chmod 750 ctx/script
	ln -s ../one ctx/links/outside
	ln -s target ctx/links/file
	echo target >ctx/links/target
	ln -s nowhere ctx/links/dangling
	tar -C ctx -cf ctx/dir.tar dir
	tar -C ctx -czf ctx/dir.tgz dir
}

# tree DIRECTORY: every name with all that is to be the same.  Without what buildah leaves of
# the files and the directory that it mounts over for a RUN.
tree() {
	(cd "$1" && find . -mindepth 1 -printf '%P %y %m %U:%G %n %l ' \
		-exec sh -c '[ -f "$1" ] && [ ! -h "$1" ] && sha256sum <"$1" || echo' sh {} \;) |
		grep -vE '^(etc/(hostname|hosts|resolv\.conf) f 755 0:0 1  e3b0c44298fc|run d 755 0:0 2)' | sort
}

# normal: of a config, what both are to agree on.  On purpose not compared: times; in the
# history of COPY the digests and the form of the destination (ours is absolute, as docker's);
# what buildah says of itself in labels; comments.
normal() {
	jq -S '{
		config: (.config | del(.Labels["io.buildah.version"]) |
			if .Labels == {} then del(.Labels) else . end |
			.Env = (.Env // [])),
		history: [.history[] | (.created_by // "") |
			sub("(?<k>file|dir|multi):[0-9a-f]{64} in .*"; "\(.k):"; "g") |
			sub(" +$"; "")]}'
}

# compare NAME: the case in ctx/Containerfile.
compare() {
	rm -rf ours theirs theirs.oci
	image build -q -t ours ctx >log 2>&1 || { cat log; return 1; }
	# Its chroot isolation fails now and then: "sealing memfd copy: Device or resource busy".
	peer bud -q --layers --pull-never -t theirs ctx >log 2>&1 ||
		peer bud -q --layers --pull-never -t theirs ctx >log 2>&1 || { cat log; return 1; }
	peer push -q theirs "oci:theirs.oci:theirs" >log 2>&1 || { cat log; return 1; }
	image import theirs.oci >log 2>&1 || { cat log; return 1; }
	image unpack ours ours >log 2>&1 && image unpack theirs theirs >log 2>&1 || { cat log; return 1; }
	diff <(tree ours/rootfs) <(tree theirs/rootfs) || return 1
	skopeo inspect --config --raw "oci:$STORE:ours" | normal >ours.json
	skopeo inspect --config --raw "oci:$STORE:theirs" | normal >theirs.json
	diff ours.json theirs.json
}

@test "image build: trees, configs and histories are buildah's" {
	failed=0
	count=0
	while IFS= read -r line; do
		awk -v want="$line" '/^== /{on = $0 == want; next} on' "$CASES" >ctx/Containerfile
		if grep -q '^-- ' ctx/Containerfile; then
			# A difference that is argued there; it has to be one.
			sed -i '/^-- /d' ctx/Containerfile
			! compare >difference 2>&1 || { echo "no difference" >difference; false; }
		else
			compare >difference 2>&1
		fi || {
			echo "--- ${line#== }"
			cat difference
			failed=$((failed + 1))
		}
		count=$((count + 1))
	done < <(grep '^== ' "$CASES")
	echo "$count compared, $failed different"
	[[ $count -ge 60 && $failed -eq 0 ]]
}
