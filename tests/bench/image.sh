#!/bin/bash
# Measures dabba-image beside skopeo, umoci, podman, buildah and containerd in one interleaved
# run: every round does every job once with every program.  image-report.py makes the table
# and says which targets hold.
#
#	sudo tests/bench/image.sh [OPTION...] [ROUNDS]	3 rounds unless told
#	--json FILE	all figures: medians, minima, counts, targets
#	--results FILE	the table with machine and versions, as in tests/bench/RESULTS-image.md
#	--brief		a small image of packages that are installed: a minute instead of ten
#	BENCH_DIR=DIRECTORY	where to work, in place of a tmpfs: a new file system, as others
#				are slow at making files where many were removed
#	BENCH_DEBS=DIRECTORY	where the packages are, or are kept once fetched with apt-get
#	BENCH_MANY=1000		how many images are many
#
# The image is about 810 MB in two layers with 45,000 entries.  Programs that are not
# installed are left out.  The tmpfs wants 12 GB.
set -euo pipefail
TOP=$(cd "$(dirname "$0")/../.." && pwd)
BENCH=$TOP/tests/bench

[[ -n ${DABBA_SANDBOX-} ]] || BENCH_COMMAND="tests/bench/image.sh $*" exec "$TOP/tests/helpers/sandbox" "$0" "$@"

BASE_PACKAGES="base-files bash busybox-static coreutils git libc6 libpython3.11-stdlib
	libselinux1 libstdc++-12-dev libtinfo6 manpages-dev perl-modules-5.36"
TOP_PACKAGES="cmake-data cpp-12 emacs-common g++-12 gcc-12 golang-1.19-src libboost1.74-dev
	libllvm14 python3-numpy vim-runtime"
# What the commit of a large change adds: 420 MB, 33,000 entries.
CHANGE_PACKAGES="cmake-data g++-12 golang-1.19-src libboost1.74-dev libllvm14 python3-numpy"

note() {
	printf '%s\n' "$1" >&2
}

die() {
	echo "bench: $*" >&2
	exit 1
}

json='' results='' brief='' rounds=3
while (($#)); do
	case $1 in
	--json) json=$(realpath -m "$2") && shift ;;
	--results) results=$(realpath -m "$2") && shift ;;
	--brief) brief=1 ;;
	[1-9]*) rounds=$1 ;;
	*) die "unknown argument $1" ;;
	esac
	shift
done
if [[ -n $brief ]]; then
	BASE_PACKAGES="bash busybox-static coreutils libc6 perl-base"
	TOP_PACKAGES="libc6-dev linux-libc-dev perl-modules-5.36"
	CHANGE_PACKAGES="perl-modules-5.36 linux-libc-dev"
fi
many=${BENCH_MANY:-1000}
WORK=${BENCH_DIR:-$TMPDIR}/bench-image
[[ ! -e $WORK ]] || die "$WORK is in the way"
DEBS=${BENCH_DEBS:-$WORK/debs}
mkdir -p "$WORK" "$DEBS"
DATA=$WORK/data
STDERR=$WORK/stderr
: >"$DATA"
containerd=''

# unmount_below DIRECTORY: containers/storage mounts its directories upon themselves.
unmount_below() {
	awk -v dir="$1/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo | tac |
		xargs -r umount -l 2>/dev/null || :
}

finish() {
	cd /
	[[ -z $containerd ]] || kill "$containerd" 2>/dev/null || :
	unmount_below "$WORK"
	rm -rf "$WORK"
}
trap finish EXIT
cd "$WORK"

has() {
	command -v "$1" >/dev/null
}

# --- the images ------------------------------------------------------------------------

# put_package NAME DIRECTORY: its files, from the archive, or as they are installed here.
put_package() {
	local deb
	mkdir -p "$2"
	if [[ -n $brief ]]; then
		dpkg -L "$1" | sed 's,^/,./,' >"$WORK/list"
		tar -C / --no-recursion --ignore-failed-read -cf - -T "$WORK/list" 2>/dev/null |
			tar -C "$2" --keep-directory-symlink -xf -
		return
	fi
	deb=$(find "$DEBS" -name "${1}_*.deb" | head -n 1)
	if [[ -z $deb ]]; then
		(cd "$DEBS" && apt-get -qq download "$1" 2>"$STDERR") || die "$(cat "$STDERR")"
		deb=$(find "$DEBS" -name "${1}_*.deb" | head -n 1)
	fi
	dpkg-deb --fsys-tarfile "$deb" | tar -C "$2" --keep-directory-symlink -xf -
}

# make_tree DIRECTORY PACKAGE...
make_tree() {
	local package
	mkdir -p "$1"/usr/{bin,lib,lib64,sbin}
	for package in bin lib lib64 sbin; do
		ln -sfn "usr/$package" "$1/$package"
	done
	for package in "${@:2}"; do
		put_package "$package" "$1"
	done
}

# make_layer FILE DIRECTORY
make_layer() {
	tar -C "$2" --sort=name --numeric-owner --owner=0 --group=0 --format=pax \
		--pax-option=delete=atime,delete=ctime -cf "$1" .
}

make_images() {
	note "making the images"
	# shellcheck disable=SC2086	# lists of words
	{
		make_tree base $BASE_PACKAGES
		make_tree top $TOP_PACKAGES
		make_tree change $CHANGE_PACKAGES
	}
	make_layer base.tar base
	make_layer top.tar top
	printf 'image.bytes %s\nimage.entries %s\nchange.bytes %s\nchange.entries %s\n' \
		$(($(stat -c %s base.tar) + $(stat -c %s top.tar))) \
		$(($(find base | wc -l) + $(find top | wc -l))) \
		"$(find change -type f -printf '%s\n' | awk '{ n += $1 } END { print n }')" \
		"$(find change | wc -l)" >>"$DATA"
	python3 "$BENCH/image-make.py" docker docker.tar base.tar top.tar
	python3 "$BENCH/image-make.py" layout layout base.tar top.tar
	python3 "$BENCH/image-make.py" archive oci.tar layout
	mkdir small
	cp "$(command -v busybox)" small/true
	make_layer small.tar small
	python3 "$BENCH/image-make.py" many many small.tar "$many"
	rm -rf base top small *.tar.gz base.tar top.tar small.tar
}

# --- the programs ----------------------------------------------------------------------

# program NAME: sets CALL to the beginning of its command line, with a store of its own.
program() {
	case $1 in
	dabba) CALL=("$TOP/dabba-image" --root "$WORK/store-dabba") ;;
	podman) CALL=(podman --root "$WORK/store-podman" --runroot "$TMPDIR/run-podman"
		--storage-driver overlay --cgroup-manager cgroupfs --runtime "${PEER_RUNTIME-crun}") ;;
	buildah) CALL=(buildah --root "$WORK/store-buildah" --runroot "$TMPDIR/run-buildah"
		--storage-driver overlay) ;;
	ctr) CALL=(ctr --address "$TMPDIR/c.sock") ;;
	*) CALL=("$1") ;;
	esac
}

# fail WHO WHAT: ours ends everything, another's is left out.
fail() {
	[[ $1 != dabba ]] || { cat "$STDERR" >&2 && die "$1: $2"; }
	note "$1 failed: $2: $(head -n 1 "$STDERR")"
}

# measure WHO JOB ARGUMENT...
measure() {
	program "$1"
	"$BENCH/stopwatch" "$DATA" "$1.$2" "${CALL[@]}" "${@:3}" 2>"$STDERR" || fail "$1" "$2"
}

# quietly WHO ARGUMENT...: not measured; its output is in $OUTPUT.
quietly() {
	program "$1"
	OUTPUT=$("${CALL[@]}" "${@:2}" 2>"$STDERR" </dev/null) || fail "$1" "${*:2}"
}

start_containerd() {
	mkdir -p containerd
	cat >containerd/config.toml <<-END
		version = 2
		root = "$WORK/containerd/root"
		state = "$TMPDIR/c-state"
		disabled_plugins = ["io.containerd.grpc.v1.cri"]
		[grpc]
		address = "$TMPDIR/c.sock"
		[ttrpc]
		address = "$TMPDIR/c.ttrpc"
	END
	containerd --config containerd/config.toml >containerd/log 2>&1 &
	containerd=$!
	for ((i = 0; i < 100; i++)); do
		[[ -S $TMPDIR/c.sock ]] && return
		sleep 0.1
	done
	die "containerd did not start: $(tail -n 3 containerd/log)"
}

find_peers() {
	local name
	peers=()
	for name in skopeo umoci podman buildah; do
		! has "$name" || peers+=("$name")
	done
	if has containerd && has ctr; then
		start_containerd
		peers+=(ctr)
	fi
	has crun || PEER_RUNTIME=runc
}

knows() {
	[[ " ${peers[*]} " == *" $1 "* ]]
}

# --- jobs ------------------------------------------------------------------------------

# forget WHO: its store is empty after this.
forget() {
	case $1 in
	ctr) ctr --address "$TMPDIR/c.sock" images ls -q |
		xargs -r ctr --address "$TMPDIR/c.sock" images rm --sync >/dev/null ;;
	umoci) rm -rf bundle-umoci ;;
	*) unmount_below "$WORK/store-$1" && rm -rf "store-$1" ;;
	esac
}

# import_all JOB FILE TRANSPORT
import_all() {
	measure dabba "$1" import "$2"
	forget dabba
	if knows podman; then
		measure podman "$1" load -q -i "$2"
		forget podman
	fi
	if knows skopeo; then
		measure skopeo "$1" copy -q "$3:$2" \
			"containers-storage:[overlay@$WORK/store-skopeo+$TMPDIR/run-skopeo]bench:1"
		forget skopeo
	fi
	if knows ctr; then
		measure ctr "$1" images import "$2"
		forget ctr
	fi
	if knows umoci && [[ $3 == oci-archive ]]; then
		measure umoci "$1" unpack --image layout:localhost/bench:1 bundle-umoci
		forget umoci
	fi
}

# convert JOB SOURCE TRANSPORT OPTION-OF-SKOPEO OPTION-OF-OURS
convert() {
	measure dabba "$1" convert --format oci ${5:+"$5"} --name bench:1 "$2" "$WORK/out"
	rm -rf out
	if knows skopeo; then
		measure skopeo "$1" copy -q ${4:+"$4"} "$3:$2" "oci:$WORK/out:bench:1"
		rm -rf out
	fi
}

# A container with nothing changed, with one file more, and with much more, for each.
prepare_containers() {
	local what
	quietly dabba import oci.tar
	for what in none small large; do
		quietly dabba run --name "$what" --network host localhost/bench:1 /bin/true
		quietly dabba mount "$what"
		change "$what" "$OUTPUT"
		quietly dabba umount "$what"
	done
	if knows podman; then
		quietly podman load -q -i oci.tar
		for what in none small large; do
			quietly podman create --name "$what" --network host localhost/bench:1 /bin/true
			quietly podman mount "$what"
			change "$what" "$OUTPUT"
			quietly podman umount "$what"
		done
	fi
	if knows buildah; then
		quietly buildah pull -q oci-archive:oci.tar
		for what in none small large; do
			quietly buildah from --pull-never --name "$what" localhost/bench:1
			quietly buildah mount "$what"
			change "$what" "$OUTPUT"
			quietly buildah umount "$what"
		done
	fi
	if knows umoci; then
		cp -r layout layout-umoci
		for what in none small large; do
			quietly umoci unpack --image layout-umoci:localhost/bench:1 "umoci-$what"
			change "$what" "umoci-$what/rootfs"
		done
	fi
}

# change WHAT ROOTFS
change() {
	case $1 in
	small) echo changed >"$2/etc/changed" ;;
	large) cp -a change "$2/srv" ;;
	esac
}

# commit_all WHAT: the image is taken away again, so that the next round makes it anew.
commit_all() {
	measure dabba "commit-$1" commit --stopped "$1" "new-$1"
	quietly dabba rmi "new-$1"
	quietly dabba gc
	if knows buildah; then
		measure buildah "commit-$1" commit -q "$1" "new-$1"
		quietly buildah rmi "new-$1"
	fi
	if knows podman; then
		measure podman "commit-$1" commit -q "$1" "new-$1"
		quietly podman rmi "new-$1"
	fi
	if knows umoci; then
		measure umoci "commit-$1" repack --image "layout-umoci:new-$1" "umoci-$1"
	fi
}

run_all() {
	measure dabba run run --rm --network host localhost/bench:1 /bin/true
	# Without cgroups, as the host may have no controllers for it: the less work for podman.
	! knows podman || measure podman run run --rm --cgroups disabled --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 \
		--network host localhost/bench:1 /bin/true
}

among_many() {
	local i
	forget dabba
	note "$many images"
	quietly dabba import many
	for ((i = 0; i < rounds * 5; i++)); do
		measure dabba list list
		measure dabba history history "many-$((many / 2)):1"
		measure dabba inspect inspect "many-$((many / 2)):1"
	done
}

make_images
find_peers
export PATH=$TOP:$PATH
note "$rounds rounds of dabba ${peers[*]}"
for ((round = 0; round < rounds; round++)); do
	note "round $((round + 1)): import"
	import_all import-gzip oci.tar oci-archive
	import_all import-docker docker.tar docker-archive
	note "round $((round + 1)): convert"
	convert convert-plain docker.tar docker-archive --dest-oci-accept-uncompressed-layers ''
	convert convert-gzip docker.tar docker-archive '' --compress=gzip
	convert convert-oci oci.tar oci-archive '' ''
done
prepare_containers
for ((round = 0; round < rounds; round++)); do
	note "round $((round + 1)): commit"
	commit_all large
	for ((i = 0; i < 5; i++)); do
		commit_all small
		commit_all none
		run_all
	done
done
among_many

for name in dabba "${peers[@]}"; do
	program "$name"
	printf '%s\t%s\n' "$name" "$("${CALL[0]}" --version | head -n 1)"
done >versions
git -C "$TOP" log -1 --format=%h >commit 2>/dev/null || : >commit
python3 "$BENCH/image-report.py" "$WORK" --names "dabba ${peers[*]}" --rounds "$rounds" \
	--many "$many" ${brief:+--brief} ${json:+--json "$json"} ${results:+--results "$results"}
