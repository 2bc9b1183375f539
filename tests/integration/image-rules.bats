#!/usr/bin/env bats
# The rules of layers, through the whole program: a flat bundle, the overlay of the store and
# a container of it all show the same tree. More cases: tests/unit/test-image-layer-*.c.
load helpers/image

setup() {
	setup_store
}

teardown() {
	cd / || return
	awk -v dir="$BATS_TEST_TMPDIR/" 'index($5, dir) == 1 {print $5}' /proc/self/mountinfo | xargs -r umount
}

# layer: standard input as the next layer, see mklayer.py.
layer() {
	python3 "$TOOLS/mklayer.py" "layer$((++n_layers)).tar"
}

# apply: imports the layers, unpacks and mounts them: $flat and $overlay are the listings,
# and ./flat and ./overlay the trees. Hard links between layers are copies in an overlay.
apply() {
	local i ids=() files=()
	for ((i = 1; i <= n_layers; i++)); do
		ids+=("$(diff_id "layer$i.tar")")
		files+=("layer$i.tar")
	done
	jq -n '{architecture: $ENV.ARCH, os: "linux", config: {},
		rootfs: {type: "layers", diff_ids: $ARGS.positional}}' --args "${ids[@]}" >config.json
	jq -n '[{Config: "config.json", RepoTags: ["rules"], Layers: $ARGS.positional}]' \
		--args "${files[@]}" >manifest.json
	tar -cf rules.tar config.json manifest.json "${files[@]}"
	must image import rules.tar
	must image unpack rules bundle
	mkdir -p overlay
	must image mount rules overlay
	# The root without an entry has the time of its unpacking.
	flat=$("$TOOLS/treelist.py" bundle/rootfs | sed 1d)
	overlay=$("$TOOLS/treelist.py" overlay | sed 1d)
	echo "$flat"
}

same_in_both() {
	diff <(cat <<<"$flat") <(cat <<<"$overlay")
}

# names: of the files in the tree.
names() {
	(cd bundle/rootfs && find . -mindepth 1 | LC_ALL=C sort | xargs)
}

@test "rules: whiteouts hide what is below, before and after their siblings" {
	layer <<-'END'
		d d
		f d/one 1
		f d/two 2
		f gone x
	END
	layer <<-'END'
		f d/new n
		f d/.wh.one
		f .wh.gone
		f gone-not y
		f d/.wh.never-there
	END
	apply
	[[ $(names) == './d ./d/new ./d/two ./gone-not' ]]
	same_in_both
}

@test "rules: a whiteout spares what its own layer brings, in any order" {
	layer <<-'END'
		f a old
		f b old
		d c
		f c/old x
	END
	layer <<-'END'
		f a new
		f .wh.a
		f .wh.b
		f b new
		f c/new y
		f .wh.c
	END
	apply
	[[ $(cat bundle/rootfs/a bundle/rootfs/b) == $'new\nnew' && $(names) == './a ./b ./c ./c/new' ]]
	diff <(without_times <<<"$flat") <(without_times <<<"$overlay")
}

@test "rules: an opaque directory, and one below another" {
	layer <<-'END'
		d a
		f a/old x
		d a/sub
		f a/sub/old x
		d b
		d b/sub
		f b/sub/old x
	END
	layer <<-'END'
		d a mode=0o700
		f a/new y
		f a/.wh..wh..opq
		d b
		d b/sub
		f b/sub/.wh..wh..opq
	END
	apply
	[[ $(names) == './a ./a/new ./b ./b/sub' && $(stat -c %a bundle/rootfs/a) == 700 ]]
	same_in_both
}

@test "rules: .wh.d with d/... in the same layer is a new directory" {
	layer <<-'END'
		d d mode=0o700 uid=5
		f d/x old
		f d/y old
	END
	layer <<-'END'
		f .wh.d
		d d mode=0o750
		f d/y new
	END
	layer <<-'END'
		d d
		f d/z later
	END
	apply
	[[ $(names) == './d ./d/y ./d/z' && $(cat bundle/rootfs/d/y) == new ]]
	[[ $(stat -c '%a %u' bundle/rootfs/d) == '755 0' ]]
	same_in_both
}

@test "rules: hard links, within a layer and to the one below" {
	layer <<-'END'
		f one content mode=0o600 uid=7
		h two one
		l soft nowhere
		h soft-too soft
	END
	layer <<-'END'
		h three two
		f .wh.one
	END
	apply
	[[ $(names) == './soft ./soft-too ./three ./two' ]]
	[[ $(cat overlay/three bundle/rootfs/three) == $'content\ncontent' ]]
	[[ $(stat -c '%a %u' overlay/three overlay/two) == $'600 7\n600 7' ]]
	[[ bundle/rootfs/three -ef bundle/rootfs/two && overlay/three -ef overlay/two ]]
	[[ $(readlink overlay/soft-too) == nowhere ]]
	[[ $(stat -c %i overlay/soft-too) == "$(stat -c %i overlay/soft)" ]]
	fails image run --rm rules three
}

@test "rules: xattrs and file capabilities, kept and taken over" {
	layer <<-'END'
		f caps x mode=0o4755 uid=3 xattr.security.capability=0100000200040000000000000000000000000000
		f user x xattr.user.one=00ff0a xattr.user.two=
		d dir xattr.user.dir=64
		f overlay x xattr.trusted.overlay.opaque=79 xattr.trusted.kept=6b
	END
	layer <<-'END'
		f user y
		f dir/new z
	END
	apply
	[[ $(getfattr -h --absolute-names -e hex -n security.capability --only-values overlay/caps | xxd -p) == 0100000200040000* ]]
	[[ $(stat -c '%a %u' overlay/caps) == '4755 3' ]]
	! grep -q "'./user'.*user.one" <<<"$flat" || return 1
	grep -q "'./dir'.*user.dir" <<<"$flat"
	grep -q "'./overlay'.*trusted.kept" <<<"$flat"
	! grep -q "trusted.overlay" <<<"$flat" || return 1
	same_in_both
}

@test "rules: devices, fifos, and ids above 2^21" {
	layer <<-'END'
		c null devmajor=1 devminor=3 mode=0o666
		b disk devmajor=8 devminor=300
		p pipe mode=0o622
		f big x uid=4294967000 gid=3000000000
		d big-dir uid=2097152 gid=2097153 mode=0o2770
	END
	apply
	[[ $(stat -c '%n %F %t:%T %u:%g %a' overlay/* | sed 's/overlay.//') == \
'big regular file 0:0 4294967000:3000000000 644
big-dir directory 0:0 2097152:2097153 2770
disk block special file 8:12c 0:0 644
null character special file 1:3 0:0 666
pipe fifo 0:0 0:0 622' ]]
	same_in_both
}

@test "rules: names are bytes: no UTF-8, newlines, long ones" {
	long=$(printf 'n%.0s' {1..255})
	layer <<-END
		f \\\\xff\\\\xfe x
		f new\\\\nline x
		d d
		f d/$long x
		l link d/$long
		f " blank " x
		f \\\\xc3\\\\xa9 x
	END
	apply
	(cd overlay && [[ -e $'\xff\xfe' && -e $'new\nline' && -e d/$long && -e ' blank ' && -e é ]])
	[[ $(readlink overlay/link) == "d/$long" ]]
	same_in_both
}

@test "rules: times, negative and fractional, of directories too" {
	layer <<-'END'
		f past x mtime=-100000
		f fraction x mtime=1.5
		d d mtime=12345.25
		f d/x x mtime=4000000000
		l link past mtime=99
	END
	layer <<-'END'
		f d/y y
	END
	apply
	[[ $(stat -c '%n %.2Y' overlay/past overlay/fraction overlay/d/x overlay/link | sed 's/overlay.//') == \
'past -100000.00
fraction 1.50
d/x 4000000000.00
link 99.00' ]]
	# What a layer only puts something into keeps its time.
	[[ $(stat -c %.2Y overlay/d bundle/rootfs/d) == $'12345.25\n12345.25' ]]
	same_in_both
}

@test "rules: sparse files of every format are whole; runs of zeros are holes" {
	truncate -s 5M hole
	printf 'middle' | dd of=hole bs=1 seek=3000000 conv=notrunc status=none
	printf 'end' >>hole
	n_layers=0
	for format in 'gnu' 'posix --sparse-version=0.0' 'posix --sparse-version=0.1' 'posix --sparse-version=1.0'; do
		cp --sparse=always hole "hole$((n_layers + 1))"
		# shellcheck disable=SC2086 # several options
		tar --sparse --format=$format -cf "layer$((n_layers + 1)).tar" "hole$((++n_layers))"
		(($(stat -c %s "layer$n_layers.tar") < 1000000))
	done
	cp --sparse=never hole plain
	tar -cf "layer$((++n_layers)).tar" plain
	apply
	for tree in bundle/rootfs overlay; do
		for file in "$tree"/*; do
			cmp hole "$file"
		done
	done
}

@test "rules: a directory over a link, a link over a directory, and files between" {
	layer <<-'END'
		d real
		f real/x x
		l link real
		d dir
		f dir/x x
		f file x
		d file2
		f file2/x x
	END
	layer <<-'END'
		d link mode=0o700
		f link/y y
		l dir real
		d file
		f file/y y
		f file2 now
	END
	apply
	[[ $(names) == './dir ./file ./file/y ./file2 ./link ./link/y ./real ./real/x' ]]
	[[ -L overlay/dir && -d overlay/link && ! -L overlay/link && $(cat overlay/file2) == now ]]
	same_in_both
	must image unpack --keep-dirlinks rules kept
	[[ -L kept/rootfs/dir ]]
}

@test "rules: through a link of a lower layer, and --keep-dirlinks" {
	layer <<-'END'
		d real
		l link real
	END
	layer <<-'END'
		f link/z z
	END
	apply
	[[ ! -L overlay/link && -e overlay/link/z && ! -e overlay/real/z ]]
	diff <(without_times <<<"$flat") <(without_times <<<"$overlay")
	must image unpack --keep-dirlinks rules kept
	[[ -L kept/rootfs/link && -e kept/rootfs/real/z ]]
}

@test "rules: other tars: ustar, old GNU, long names, base-256, a global header, no end" {
	local dir
	dir=src/$(printf 'd%.0s' {1..90})/$(printf 'e%.0s' {1..90})
	mkdir -p "$dir"
	echo x >"$dir/file"
	ln -s "$(printf 't%.0s' {1..150})" src/link
	chown 3000000:5 "$dir/file"
	tar --format=gnu --mtime=@5 -C src -cf layer1.tar .
	tar --format=posix --mtime=@5 --pax-option='globexthdr.name=g,comment=everywhere' -C src -cf layer2.tar .
	chown 0:0 "$dir/file"
	rm src/link
	tar --format=ustar --mtime=@5 -C src -cf layer3.tar .
	tar --format=v7 --mtime=@5 -C "$dir" -cf layer4.tar .
	# Without the two blocks of zeros.
	echo last >last
	tar --mtime=@5 -b 1 -cf whole.tar last
	head -c 1024 whole.tar >layer5.tar
	n_layers=5
	apply
	[[ $(stat -c '%u:%g %Y' overlay/d*/e*/file) == '0:0 5' && $(cat overlay/last) == last ]]
	[[ $(readlink overlay/link) == "$(printf 't%.0s' {1..150})" ]]
	same_in_both
}

@test "rules: of two entries for one name the last counts" {
	layer <<-'END'
		f twice first
		d dir
		f dir/x x
		f twice second
		f dir
	END
	apply
	[[ $(cat overlay/twice) == second && -f overlay/dir ]]
	same_in_both
}

@test "rules: a socket is no part of a layer; other xattrs of the container are" {
	docker_archive app.tar
	must image import app.tar
	must image run --name c app:1 sh -c 'echo x >/x; busybox mkfifo /p'
	must image mount c
	(cd "$output" && python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("s")')
	setfattr -n user.note -v 'a b' "$output/x"
	must image umount c
	must image commit c committed
	grep -q 's: a socket was left out' <<<"$error"
	must image unpack committed out
	[[ -p out/rootfs/p && ! -e out/rootfs/s && $(getfattr --only-values -n user.note out/rootfs/x) == 'a b' ]]
	must image rm c
}
