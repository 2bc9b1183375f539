#!/usr/bin/env bats
# What an image may try against the machine that imports it: refused with a sentence that
# names the layer and the entry, or harmless. Nothing outside of the store changes, and
# nothing is left of what was refused. Each entry in more shapes: tests/unit/test-image-*.c;
# wrong digests, sizes and documents: tests/integration/image-import.bats.
load helpers/image

setup() {
	setup_store
	mkdir outside
	echo untouched >outside/file
	before=$(outside)
}

# outside: all that is not the store's nor made by the tests.
outside() {
	find outside -printf '%p %m %U:%G %s %C@\n'
	stat -c '%n %a %U:%G %z' /etc/passwd /etc
}

# layer: standard input as layer.tar, see mklayer.py.
layer() {
	python3 "$TOOLS/mklayer.py" layer.tar
}

# bring FILE: a docker-archive bad.tar whose only layer it is.
bring() {
	jq -n --arg id "$(diff_id "${2:-$1}")" '{architecture: $ENV.ARCH, os: "linux", config: {},
		rootfs: {type: "layers", diff_ids: [$id]}}' >config.json
	jq -n --arg layer "$1" '[{Config: "config.json", RepoTags: ["bad:1"], Layers: [$layer]}]' \
		>manifest.json
	tar -cf bad.tar config.json manifest.json "$1"
}

# refused WORDS: import fails with one sentence about the layer; nothing is left.
refused() {
	bring layer.tar
	refused_archive "bad.tar: layer layer.tar: $1"
}

refused_archive() {
	fails image import bad.tar
	said "$1"
	one_image_sentence
	store_is_empty
	[[ $(outside) == "$before" ]]
}

# harmless: import works; nothing outside has changed.
harmless() {
	bring layer.tar
	must image import bad.tar
	must image unpack bad:1 bundle
	must image verify
	[[ $(outside) == "$before" ]]
}

@test "images: names that lead out" {
	layer <<<'f ../outside/file x'
	refused '\.\./outside/file: "\.\." in a name'
	layer <<<'f a/../../outside/file x'
	refused 'a/\.\./\.\./outside/file: "\.\."'
	layer <<<'h passwd ../../../../../etc/passwd'
	refused 'passwd: hard link to ".*": "\.\."'
	layer <<<'h passwd /etc/passwd'
	refused 'passwd: hard link to "etc/passwd": No such file'
}

@test "images: absolute names and writes through links stay inside" {
	printf '%s\n' "f /etc/new x" "l up ../../../../.." "f up/there x" "l abs $PWD/outside" \
		'f abs/file changed' 'l etc2 /etc' 'f etc2/passwd mine' "h hard abs/file" | layer
	harmless
	[[ $(cat bundle/rootfs/etc/passwd bundle/rootfs/etc/new) == $'mine\nx' ]]
	[[ $(cat bundle/rootfs/there) == x && $(cat "bundle/rootfs$PWD/outside/file") == changed ]]
	[[ $(cat outside/file) == untouched ]]
}

@test "images: the root is a directory" {
	layer <<<"l . $PWD/outside"
	refused '\.: the root can only be a directory'
	layer <<<'f . x'
	refused '\.: the root can only be a directory'
}

@test "images: overlay's own xattrs and devices mean nothing" {
	layer <<<'d d xattr.trusted.overlay.opaque=79 xattr.trusted.overlay.redirect=2f
f d/f x xattr.user.overlay.metacopy= xattr.trusted.mine=41'
	harmless
	for tree in bundle/rootfs "$STORE"/layers/*/fs; do
		[[ -z $(getfattr -R -h -d -m overlay "$tree") ]]
		[[ $(getfattr --only-values -n trusted.mine "$tree/d/f") == A ]]
	done
	layer <<<'c d major=0 minor=0'
	rm -rf bundle "$STORE"
	refused 'd: a character device 0:0'
}

@test "images: whiteouts of what has no name" {
	for name in .wh. .wh.. .wh... d/.wh. d/.wh..; do
		layer <<<"f $name"
		refused "${name//./\\.}: not a whiteout"
	done
}

@test "images: names with newlines are told in one line" {
	layer <<<"f 'c\\nd/..' x"
	refused 'c\?d/\.\.: "\.\."'
	layer <<<"f 'a\\n\\x1b[2Jb' x"
	harmless
	[[ -e bundle/rootfs/$'a\n\e[2Jb' ]]
}

@test "images: paths that are too long or too deep" {
	deep=$(printf 'a/%.0s' {1..10000})
	layer <<<"f ${deep}f x"
	refused 'a/a.*\.\.\.: a name of 20001 bytes is too long'
	layer <<<"f ${deep:0:2000}f x"
	refused 'a/a.*deeper than 512 directories'
	layer <<<"f $(printf 'n%.0s' {1..300}) x"
	refused 'nnn.*a component of 300 bytes is too long'
	# Each link leads further down.
	deep=$(printf 'd/%.0s' {1..500})
	{
		echo "f ${deep}f x"
		for i in {1..8}; do
			echo "l l$i $([[ $i == 1 ]] || echo "l$((i - 1))/")${deep%/}"
			echo "f l$i/${deep}f x"
		done
	} | layer
	refused 'l1/d.*links lead deeper than 512'
}

@test "images: a decompression bomb, of any compression, at any place" {
	layer <<<'f f x'
	# Behind the end of the archive, where no file would show it.
	head -c 1100M /dev/zero | cat layer.tar - | zstd -q -1 >bomb.tar
	diff_id layer.tar >id
	cp bomb.tar layer.tar.zst
	bring layer.tar.zst
	refused_archive 'bad.tar: layer layer.tar.zst: .*inflates.*times its size'
	fails image import bomb.tar bomb
	said 'bomb.tar: .*inflates.*times its size.*--max-ratio'
	one_image_sentence
	store_is_empty
	must image import --max-ratio 0 bomb.tar bomb
	must image verify
	fails image convert bad.tar out/
	said 'convert: bad.tar: it inflates.*times its size.*convert it with --max-ratio 0'
	one_image_sentence
	[[ ! -e out ]]
	# Let in, it is read to its end.
	fails image convert --max-ratio 0 bad.tar out/
	said 'its diffID is'
}

@test "images: decompression bombs in archives that ADD unpacks" {
	mkdir ctx
	layer <<<'d etc'
	bring layer.tar
	must image import bad.tar
	before=$(find "$STORE" -path "$STORE/layers/*" | sort)
	head -c 1100M /dev/zero | cat layer.tar - | zstd -q -1 >ctx/a.tar.zst
	# One file again and again, each as a stream of its own, so that little is written.
	python3 -c '
import sys, tarfile
entry = tarfile.TarInfo("f")
entry.size = 100 << 20
sys.stdout.buffer.write(entry.tobuf() + bytes(entry.size))' | bzip2 -1 >member.bz2
	for _ in {1..11}; do
		cat member.bz2
	done >ctx/b.tar.bz2
	for file in a.tar.zst b.tar.bz2; do
		printf 'FROM bad:1\nADD %s /x/\n' "$file" >ctx/Containerfile
		fails image build ctx
		said "ADD: archive $file: .*inflates to more than 200 times its size.*COPY"
		[[ $(find "$STORE" -path "$STORE/layers/*" | sort) == "$before" ]]
	done
}

@test "images: PAX headers that are too large" {
	python3 - <<-'END'
		import tarfile
		def header(kind, size):
		    entry = tarfile.TarInfo("PaxHeader")
		    entry.type, entry.size = kind, size
		    return entry.tobuf(tarfile.USTAR_FORMAT)
		with open("layer.tar", "wb") as f:
		    record = b"path=" + b"a" * 3000000 + b"\n"
		    record = b"%d %s" % (len(record) + 8, record)
		    f.write(header(b"x", len(record)) + record + bytes(-len(record) % 512))
		    f.write(tarfile.TarInfo("f").tobuf(tarfile.USTAR_FORMAT) + bytes(1024))
		for kind, name in ((b"x", "pax.tar"), (b"g", "global.tar"), (b"L", "long.tar")):
		    with open(name, "wb") as f:
		        f.write(header(kind, 1 << 32) + bytes(4096))
	END
	refused '.'
	for file in pax.tar global.tar long.tar; do
		cp "$file" layer.tar
		refused '.'
	done
}

# must_below KB ARGUMENT...: dabba-image works, and none of its processes needs more memory.
# What the sanitizers keep is theirs.
must_below() {
	local limit=$1
	! grep -q __asan_init "$TOP/dabba-image" || limit=4194304
	must python3 -c '
import resource, subprocess, sys
subprocess.run(sys.argv[2:], check=True, timeout=300)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
assert peak < int(sys.argv[1]), "%d kB" % peak' "$limit" "$TOP/dabba-image" --root "$STORE" "${@:2}"
}

# bring_many ENTRIES NAMES KIND: as mkmany.py makes it, the only layer of bad.tar.
bring_many() {
	python3 "$TOOLS/mkmany.py" "$@" 2>id | zstd -q -1 >layer.tar.zst
	jq -n --arg id "$(cat id)" '{architecture: $ENV.ARCH, os: "linux", config: {},
		rootfs: {type: "layers", diff_ids: [$id]}}' >config.json
	jq -n '[{Config: "config.json", RepoTags: ["bad:1"], Layers: ["layer.tar.zst"]}]' >manifest.json
	tar -cf bad.tar config.json manifest.json layer.tar.zst
}

@test "images: a layer of a million entries needs little memory" {
	# Of the same directories: a million files would be the kernel's work.
	bring_many 1000000 1000 d
	must_below 65536 import bad.tar
	[[ $(find "$STORE"/layers/*/fs -mindepth 2 | wc -l) == 1000 ]]
}

@test "images: a layer of a million different files needs little memory" {
	# Blobs alone in the store: files are made once, by unpack.
	bring_many 1000000 1000000 f
	must image convert bad.tar blobs/
	STORE=blobs must_below 32768 unpack bad:1 bundle
	[[ $(find bundle/rootfs -type f | wc -l) == 1000000 ]]
}

@test "images: a layer with the same files again and again is told in few lines" {
	bring_many 20000 1000 f
	must_below 65536 import bad.tar
	(($(grep -c 'occurs twice' <<<"$error") == 9 && $(grep -c . <<<"$error") == 10))
	[[ $(find "$STORE"/layers/*/fs -type f | wc -l) == 1000 ]]
}

@test "images: an archive with files by the ten thousand needs little memory, but is none of images" {
	python3 "$TOOLS/mkmany.py" 70000 70000 f >many.tar 2>id
	must_below 65536 import many.tar many:1
	must_below 65536 unpack many:1 bundle
	[[ $(find bundle/rootfs -type f | wc -l) == 70000 ]]
	rm -rf "$STORE" bundle
	touch index.json
	tar -cf bad.tar index.json
	tar -Af bad.tar many.tar
	refused_archive 'bad.tar: an archive of images with more than 65536 files'
}
