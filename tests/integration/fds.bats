#!/usr/bin/env bats
# File descriptors: --preserve-fds, LISTEN_FDS, and no others.
load helpers/bundle

setup() {
	setup_bundle
}

# with_fds REDIRECTIONS COMMAND...: must, with descriptors that "try" would close.
with_fds() {
	local redirections=$1
	shift
	must bash -c "exec $redirections"'; exec "$@"' bash "$@"
}

@test "fds: --preserve-fds N passes 3 .. N+2" {
	echo three >three
	echo four >four
	sh_args 'cat <&3; cat <&4'
	with_fds '3<three 4<four' "$RUNTIME" --root "$ROOT" run --preserve-fds 2 "$ID"
	[[ $output == three$'\n'four ]]
}

@test "fds: what is above is not passed" {
	sh_args 'ls /proc/self/fd'
	with_fds '3<config.json 4<config.json 17<config.json' \
		"$RUNTIME" --root "$ROOT" run --preserve-fds 1 "$ID"
	[[ $(wc -l <<<"$output") == 5 ]]
}

@test "fds: --preserve-fds of more than are open passes those, with a warning" {
	require dabba
	echo three >three
	sh_args 'cat <&3; ls /proc/self/fd | wc -l'
	for number in 5 7; do
		must bash -c 'exec 4<&- 5<&- 6<&- 7<&- 8<&- 9<&- 3<three; exec "$@"' bash \
			"$RUNTIME" --root "$ROOT" run --preserve-fds "$number" "$ID"
		[[ $output == three$'\n'5 ]]
		[[ $error == *level=warning*"$number"*" only 1 of them"* ]]
	done
	nothing_left
}

@test "fds: --preserve-fds that is no number" {
	local number
	for number in -1 x 1x 99999999999; do
		fails runtime run --preserve-fds="$number" "$ID"
	done
	nothing_left
}

@test "fds: LISTEN_FDS comes with LISTEN_PID=1 and before --preserve-fds" {
	echo three >three
	echo four >four
	sh_args 'echo $LISTEN_FDS $LISTEN_PID; cat <&3; cat <&4'
	with_fds '3<three 4<four' env LISTEN_FDS=1 \
		"$RUNTIME" --root "$ROOT" run --preserve-fds 1 "$ID"
	[[ $output == "1 1"$'\n'three$'\n'four ]]
}

@test "fds: exec passes them too" {
	start_sleeper
	echo three >three
	with_fds '3<three' "$RUNTIME" --root "$ROOT" exec --preserve-fds 1 "$ID" \
		sh -c 'cat <&3; ls /proc/self/fd | wc -l'
	[[ $output == three$'\n'5 ]]
}

@test "fds: the sync pipes of an engine do not leak" {
	sh_args 'ls -l /proc/self/fd'
	_OCI_SYNCPIPE=30 _OCI_STARTPIPE=31 must runtime run "$ID" 30<config.json 31<config.json
	[[ $output != *config.json* ]]
}

@test "fds: closed stdio is no reason to fail" {
	sh_args 'touch /tmp/ran'
	"$RUNTIME" --root "$ROOT" run "$ID" <&- >&- 2>&- 3>&- || ! is_dabba
	[[ -e rootfs/tmp/ran ]]
}

@test "fds: no directory of the host is reachable from the container" {
	sh_args 'for fd in /proc/1/fd/* /proc/self/fd/*; do test -d $fd && ls -d $fd/rootfs; done; true'
	must runtime run "$ID"
	[[ -z $output ]]
}
