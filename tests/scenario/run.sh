#!/bin/bash
# run.sh [--small] [--base FILE]: the main job of dabba-image, from an imported base
# image to an application image, on a terminal as a person does it; every output
# is shown and checked.
#
# --small uses a busybox image where no Debian mirror can be reached; --base uses
# an archive that base-image.sh made before. DABBA_DIR holds the programs.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
TOP=$(cd "$HERE/../.." && pwd)
: "${DABBA_DIR:=$TOP}"
WORK=$(mktemp -d)
STORE=$WORK/store
# Shells ask the terminal things behind their prompt.
PROMPT='[#$] (\x1b\[[0-9;?]*[a-zA-Z])*$'

install_node='apt update && apt install -y nodejs'
kind=() base=
while (($#)); do
	case $1 in
	--small) kind=(--small) install_node=install-node ;;
	--base) base=$2 && shift ;;
	*) echo "usage: run.sh [--small] [--base FILE]" >&2 && exit 2 ;;
	esac
	shift
done

image() {
	PATH=$DABBA_DIR:$PATH "$DABBA_DIR/dabba-image" --root "$STORE" "$@"
}
export -f image
export DABBA_DIR STORE

cleanup() {
	image rm -f base-container app-container >/dev/null 2>&1 || true
	rm -rf "$WORK"
}
trap cleanup EXIT

fail() {
	printf '\nscenario: %s\n' "$*" >&2
	exit 1
}

# show ARGUMENT...: runs dabba-image, shows the command and what it prints.
show() {
	printf '\n\033[1m$ dabba-image %s\033[0m\n' "$*"
	image "$@" 2>&1 </dev/null | tee "$WORK/output"
}

# converse LINE... -- ARGUMENT...: dabba-image on a terminal, where each LINE is typed
# at a prompt.
converse() {
	local dialogue=()
	while [[ $1 != -- ]]; do
		dialogue+=(-x "$PROMPT" "$1")
		shift
	done
	shift
	printf '\n\033[1m$ dabba-image %s\033[0m\n' "$*"
	/usr/bin/python3 "$TOP/tests/helpers/onpty.py" -s 24x200 -t 900 "${dialogue[@]}" \
		-x "$PROMPT" exit bash -c 'image "$@"' bash "$@" | tr -d '\r' |
		sed -uE 's/\x1b\[[0-9;?]*[a-zA-Z]//g' | tee "$WORK/output"
}

# printed LINE: the last command printed this line, with nothing around it.
printed() {
	grep -qxF -- "$1" "$WORK/output" || fail "expected the line: $1"
}

mentions() {
	grep -qF -- "$1" "$WORK/output" || fail "expected to read: $1"
}

# The name of an image in index.json, and its manifest.
name_of() {
	jq -r --arg n "$1" '.manifests[].annotations["org.opencontainers.image.ref.name"] |
		select(. == $n or startswith($n + ":") or endswith("/" + $n + ":latest"))' "$STORE/index.json"
}

blob() {
	echo "$STORE/blobs/${1/://}"
}

manifest_of() {
	blob "$(jq -r --arg n "$(name_of "$1")" '.manifests[] |
		select(.annotations["org.opencontainers.image.ref.name"] == $n) | .digest' "$STORE/index.json")"
}

# top_layer IMAGE: the files of its last layer.
top_layer() {
	local layer
	layer=$(blob "$(jq -r '.layers[-1].digest' "$(manifest_of "$1")")")
	case $(jq -r '.layers[-1].mediaType' "$(manifest_of "$1")") in
	*gzip) tar -tzf "$layer" ;;
	*zstd) zstd -dc "$layer" | tar -t ;;
	*) tar -tf "$layer" ;;
	esac | sed 's:^\./::; s:/$::'
}

check_layers() {
	[[ $(jq '.layers | length' "$(manifest_of node-base)") == 2 ]] || fail "node-base: 2 layers wanted"
	[[ $(jq '.layers | length' "$(manifest_of sample-app)") == 3 ]] || fail "sample-app: 3 layers wanted"
	top_layer node-base >"$WORK/node-layer"
	top_layer sample-app >"$WORK/app-layer"
	grep -qE '^(usr/)?bin/node(js)?$' "$WORK/node-layer" || fail "node is not in the layer of node-base"
	! grep -qE '^(usr/)?bin/(bash|busybox|dash)$' "$WORK/node-layer" ||
		fail "the layer of node-base holds files of the base"
	# The shell may have left its history; nothing else.
	grep -vxE '|\.|root|root/\.(bash|ash)_history' "$WORK/app-layer" >"$WORK/app-files"
	[[ $(cat "$WORK/app-files") == app.js ]] || {
		cat "$WORK/app-files" >&2
		fail "the layer of sample-app holds more than app.js"
	}
}

# Every path with what a container can see of it; directories have no size.
listing() {
	(cd "$1" && find . -mindepth 1 \( -type d -printf '%P d %m %U:%G\n' -o \
		-printf '%P %y %m %U:%G %s %l %Ts\n' \) | LC_ALL=C sort)
}

check_other_tools() {
	local name
	name=$(name_of sample-app)
	printf '\n\033[1m$ skopeo copy oci:STORE:%s, umoci unpack, dabba-image unpack\033[0m\n' "$name"
	skopeo --insecure-policy copy -q "oci:$STORE:$name" "oci:$WORK/copy:sample" || fail "skopeo refuses sample-app"
	umoci unpack --image "$WORK/copy:sample" "$WORK/umoci" >/dev/null 2>&1 || fail "umoci refuses sample-app"
	image unpack sample-app "$WORK/ours"
	listing "$WORK/umoci/rootfs" >"$WORK/umoci.files"
	listing "$WORK/ours/rootfs" >"$WORK/ours.files"
	diff "$WORK/umoci.files" "$WORK/ours.files" >&2 || fail "umoci and dabba-image unpack different files"
	diff -rq --no-dereference "$WORK/umoci/rootfs/usr" "$WORK/ours/rootfs/usr" >&2 ||
		fail "umoci and dabba-image unpack different contents"
	echo "both accept it and see the same $(wc -l <"$WORK/ours.files") files"
}

# The same application from a Containerfile: a build, one from the cache, one with a changed
# last layer.
check_build() {
	mkdir app
	echo 'console.log("Hello from a build")' >app/app.js
	cat >app/Containerfile <<-'EOF'
		FROM node-base
		WORKDIR /srv
		RUN echo 'what the application needs' >needs
		COPY app.js .
		CMD ["node", "app.js"]
	EOF
	printf '\n\033[1m$ cat app/Containerfile\033[0m\n'
	cat app/Containerfile
	show build -t built-app app
	! grep -q CACHED "$WORK/output" || fail "the first build found a step in the cache"
	show run --rm built-app
	printed 'Hello from a build'
	show build -t built-app app
	[[ $(grep -c CACHED "$WORK/output") == 3 ]] || fail "the second build should be all from the cache"
	echo 'console.log("Hello from a rebuild")' >app/app.js
	show build -t built-app app
	[[ $(grep -c CACHED "$WORK/output") == 2 ]] || fail "the last layer alone should be made again"
	show run --rm built-app
	printed 'Hello from a rebuild'
}

[[ -z $base ]] || base=$(realpath "$base")
cd "$WORK"
if [[ -z $base ]]; then
	printf '\n\033[1m$ tests/scenario/base-image.sh %sbase.tar\033[0m\n' "${kind[*]:+${kind[*]} }"
	"$HERE/base-image.sh" "${kind[@]}" base.tar
else
	ln -s "$base" base.tar
fi

show import base.tar debian
converse "$install_node" "node -e 'console.log(\"Hello world!\")'" -- \
	run --name base-container -ti debian
printed 'Hello world!'
show commit -m 'Add node' base-container node-base
show history node-base
mentions 'Add node'
show run node-base node -e "console.log('Hello again')"
printed 'Hello again'
show rm -f base-container
converse "echo 'console.log(\"Hello from an app\")' > app.js; node app.js" -- \
	run --name app-container -ti node-base
printed 'Hello from an app'
show commit -c 'CMD node app.js' -m 'Add app' app-container sample-app
show history sample-app
mentions 'Add app'
mentions 'Add node'
show run sample-app
printed 'Hello from an app'
show rm -f app-container
show ps
! grep -q container "$WORK/output" || fail "containers are left"
check_layers
check_other_tools
check_build
printf '\nscenario: everything as it should be\n'
