#!/usr/bin/env bats
# dabba-image --progress, and Ctrl-C in the middle of every long job.
load helpers/image

setup() {
	setup_store
	docker_archive app.tar
}

teardown() {
	remove_containers
}

# on_terminal COMMAND...: with standard error on a terminal; $output is all of it.
on_terminal() {
	must script -qec "stty cols 70; '$TOP/dabba-image' --root '$STORE' $*" /dev/null
}

@test "progress: quiet where there is no terminal" {
	must image import app.tar
	[[ -z $error ]]
	must image unpack app:1 bundle
	must image export app:1 out.tar
	[[ -z $error ]]
}

@test "progress: plain has a line for each layer, with bytes and rate" {
	must image import --progress plain app.tar
	[[ $output == app:1 ]]
	[[ $(sed -n 1p <<<"$error") =~ ^layer\ 1\ of\ 2\ sha256:[0-9a-f]{12}:\ [0-9.]+MB,\ [0-9.]+[kMG]?B/s$ ]]
	[[ $(sed -n 2p <<<"$error") =~ ^layer\ 2\ of\ 2\ sha256:[0-9a-f]{12}:\ [0-9.]+kB,\ [0-9.]+[kMG]?B/s$ ]]
	(($(wc -l <<<"$error") == 2))
	must image import --progress=plain app.tar
	[[ $(grep -c 'is there already' <<<"$error") == 2 ]]
	must image unpack --progress plain app:1 bundle
	(($(wc -l <<<"$error") == 2))
	must image export --progress plain --compress gzip app:1 out.tar
	(($(grep -c '^layer' <<<"$error") == 2 && $(grep -c '^file . of 4' <<<"$error") == 4))
	must image run --name c app:1 sh -c 'echo >/x'
	must image commit --progress plain c new
	[[ $error =~ ^layer\ 1\ of\ 1\ c:\  ]]
	must image_from app.tar import --progress plain - again
	[[ $(sed -n 1p <<<"$error") == layer* ]]
	must bash -c "cat app.tar | '$TOP/dabba-image' --root '$STORE' import --progress plain - piped"
	[[ $(sed -n 1p <<<"$error") =~ ^file\ stdin:\ [0-9.]+MB ]]
}

@test "progress: json is an object on each line" {
	must image import --progress json app.tar
	jq -es --arg one "$(diff_id "$MADE/layer1.tar")" --argjson size "$(stat -c %s "$MADE/layer1.tar")" '
		(map(select(.event == "begin")) | length) == 2
		and (map(select(.event == "end")) | length) == 2
		and .[0] == {event: "begin", kind: "layer", name: $one, n: 1, of: 2, bytes: 0,
			total: $size, rate: .[0].rate}
		and (map(select(.event == "end"))[0] | .bytes == $size and .rate > 0)' <<<"$error"
	must image import --progress json app.tar
	jq -es 'map(.event) == ["skip", "skip"]' <<<"$error"
}

@test "progress: one line on a terminal, taken away in the end" {
	on_terminal import app.tar
	[[ $output == *'layer 1 of 2 sha256:'*'of '*'MB'*'/s'*$'\033[K\r'* ]]
	[[ ${output##*$'\033[K'} == *app:1* && ${output##*$'\033[K'} != *layer* ]]
	on_terminal import --progress none app.tar
	[[ $output != *layer* ]]
	must image import --progress tty app.tar tty
}

# interrupted SIGNAL COMMAND...: the command is sent SIGNAL while it is at work, and ends by it.
# It is held for a second when the process that does the work has started, so that it
# cannot be done before it is looked at.
interrupted() {
	local signal=$1 code=0
	shift
	# The shell has what runs in the background ignore SIGINT, nohup SIGHUP.
	python3 -c 'import os, signal, sys
for s in signal.SIGINT, signal.SIGHUP:
    signal.signal(s, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])' strace -D -o /dev/null -e trace=clone \
		-e inject=clone:delay_exit=1000000 \
		"$TOP/dabba-image" --root "$STORE" "$@" >stdout 2>stderr </dev/null 3>&- &
	local pid=$!
	# It is at work: there is something that must go.
	until [[ -n $(ls -A "$STORE/tmp") || -e bundle/rootfs || -n $(ls -A out*.convert/tmp) ]] \
		2>/dev/null; do
		kill -0 "$pid" || break
	done
	kill "-$signal" "$pid"
	wait "$pid" || code=$?
	((code == 128 + $(kill -l "$signal"))) || {
		cat stderr
		echo "ended with $code"
		return 1
	}
	grep -q "stopped by SIG$signal" stderr
	(($(wc -l <stderr) == 1))
}

state() {
	(cd "$STORE" && find . -printf '%p %s\n' | grep -v ' \./tmp ' | sort)
}

@test "progress: Ctrl-C, SIGTERM and SIGHUP during import, unpack, export, convert and commit leave nothing" {
	require command strace
	must image import app.tar
	mkdir -p big/d
	# Many files, so that there is work in every part.
	python3 -c '
import os
for i in range(10000):
    open("big/d/f%d" % i, "wb").write(os.urandom(3000))'
	tar -C big -cf big.tar .
	zstd -q big.tar
	before=$(state)
	for signal in INT TERM HUP; do
		interrupted "$signal" import big.tar big
		[[ $(state) == "$before" ]]
		interrupted "$signal" import big.tar.zst big
		[[ $(state) == "$before" ]]
	done
	must image import big.tar big
	before=$(state)
	for signal in INT TERM HUP; do
		interrupted "$signal" unpack big bundle
		[[ ! -e bundle ]]
		interrupted "$signal" export --compress zstd --level 9 big out.tar
		[[ -z $(ls out.tar* 2>/dev/null) && $(state) == "$before" ]]
	done
	must image export big plain.tar
	files=$(ls)
	for signal in INT TERM HUP; do
		interrupted "$signal" convert --compress zstd --level 9 plain.tar out.tar
		[[ $(ls) == "$files" && $(state) == "$before" ]]
	done
	interrupted INT convert --compress gzip plain.tar out/
	[[ $(ls) == "$files" ]]
	must image run --name c app:1 sh -c 'cd /; i=0; while [ $i -lt 40 ]; do
		busybox dd if=/dev/urandom of=/f$i bs=1M count=10 2>/dev/null; i=$((i + 1)); done'
	before=$(state)
	for signal in INT TERM HUP; do
		interrupted "$signal" commit --compress zstd --level 12 c new
		[[ $(state) == "$before" ]]
	done
	store_verifies
}
