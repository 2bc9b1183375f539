# shellcheck shell=bash
# A busybox bundle, a runtime to run it with, and proof that nothing is left.
#
# RUNTIME chooses another runtime (crun, runc) to compare behaviour with; what
# only dabba promises is then not asked for (see "said" and "require dabba").
bats_require_minimum_version 1.5.0

HELPERS=$(dirname "${BASH_SOURCE[0]}")
TOP=$(cd "$HELPERS/../../.." && pwd)
: "${RUNTIME:=$TOP/dabba}"
PROGRAM=$(command -v "$RUNTIME")
TOOLS=$TOP/tests/helpers
# shellcheck source=tests/integration/helpers/require.bash
source "$HELPERS/require.bash"

# Makes $BUNDLE (the current directory from then on), $ROOT and the name $ID.
setup_bundle() {
	require sandbox
	ID=test-$BATS_TEST_NUMBER
	BUNDLE=$BATS_TEST_TMPDIR/bundle
	ROOT=$BATS_TEST_TMPDIR/state
	make_bundle "$BUNDLE" "$ID"
	cd "$BUNDLE" || return
}

# make_bundle DIRECTORY NAME: NAME becomes the cgroup.
make_bundle() {
	local template=$BATS_FILE_TMPDIR/rootfs
	[[ -d $template ]] || make_rootfs "$template"
	mkdir -p "$1"
	cp -a "$template" "$1/rootfs"
	jq --arg path "/$2" '.linux.cgroupsPath = $path' "$HELPERS/config.json" >"$1/config.json"
}

# Once per file: dozens of processes, which an emulated machine feels.
make_rootfs() {
	local applet
	mkdir -p "$1"/{bin,dev,etc,proc,sys,tmp,root}
	cp "$(command -v busybox)" "$1/bin/busybox"
	for applet in sh cat ls id echo true false sleep stat mount umount touch \
		mkdir env pwd hostname kill grep sed head wc tr test chmod chown mknod \
		ps stty tty ulimit readlink seq printf dd rm ln ip nice chroot date; do
		ln -s busybox "$1/bin/$applet"
	done
	echo root:x:0:0:root:/root:/bin/sh >"$1/etc/passwd"
	echo root:x:0: >"$1/etc/group"
}

# edit JQ-FILTER [JQ-OPTION...]: changes config.json in place.
edit() {
	local filter=$1
	shift
	jq "$filter" "$@" <config.json >config.json.new && mv config.json.new config.json
}

# host_mount ARGUMENT... TARGET: mount(8) until the end of the test.
host_mount() {
	mount "$@"
	printf '%s\n' "$(realpath "${!#}")" >>"$BATS_TEST_TMPDIR/mounted"
}

# sh_args SCRIPT: the container runs SCRIPT in its shell.
sh_args() {
	edit '.process.args = ["sh", "-c", $script]' --arg script "$1"
}

runtime() {
	timeout --foreground -k 5 30 "$RUNTIME" --root "$ROOT" "$@"
}

# try COMMAND...: $status, $output (stdout) and $error (stderr). Unlike "run" it
# does not wait for the end of a container that keeps the output open.
try() {
	status=0
	"$@" >"$BATS_TEST_TMPDIR/stdout" 2>"$BATS_TEST_TMPDIR/stderr" </dev/null 3>&- || status=$?
	output=$(tr -d '\0' <"$BATS_TEST_TMPDIR/stdout")
	error=$(cat "$BATS_TEST_TMPDIR/stderr")
	printf '$ %s\n[%d] %s\n%s\n' "$*" "$status" "$output" "$error"
}

# must COMMAND...: try, and it has to succeed.
must() {
	try "$@"
	((status == 0))
}

# fails COMMAND...: try, and it has to fail with words of its own.
fails() {
	try "$@"
	((status != 0))
	[[ -n $error$output ]]
	! [[ $error =~ AddressSanitizer|"runtime error:" ]] || return 1
}

# said WORDS: the error has these words; other runtimes may use theirs. WORDS is a
# regular expression, or several with .* between them, which stand in any order.
said() {
	local rest=$1 word
	is_dabba || return 0
	while [[ -n $rest ]]; do
		word=${rest%%.\**}
		[[ $rest == *.\** ]] && rest=${rest#*.\*} || rest=''
		[[ $error =~ $word ]] || {
			echo "expected an error with: $word"
			return 1
		}
	done
}

# one_sentence: exactly one line of error, which names us.
one_sentence() {
	is_dabba || return 0
	[[ $(grep -c . <<<"$error") == 1 && $error == dabba:* ]]
}

# run_sh SCRIPT: runs SCRIPT in a container of the bundle as it is.
run_sh() {
	sh_args "$1"
	try runtime run "$ID"
}

# start_sleeper [ID]: a running container that ends by itself after a while.
start_sleeper() {
	sh_args 'trap "exit 0" TERM; sleep 300 & wait'
	must runtime create "${1:-$ID}"
	must runtime start "${1:-$ID}"
}

container_status() {
	runtime state "${1:-$ID}" 2>/dev/null | jq -r .status
}

container_pid() {
	runtime state "${1:-$ID}" | jq -r .pid
}

# has_tasks NUMBER: in the container's cgroup. A program that has started may not have
# forked yet.
has_tasks() {
	[[ $(wc -l <"/sys/fs/cgroup/$ID/cgroup.procs") == "$1" ]]
}

has_status() {
	[[ $(container_status "${2:-$ID}") == "$1" ]]
}

# eventually COMMAND...: within twenty seconds, as the machine may be busy or emulated.
eventually() {
	local end=$((SECONDS + 20))
	while ((SECONDS <= end)); do
		# Not a bare return: in a trap that is the status before the trap.
		"$@" && return 0
		sleep 0.02
	done
	echo "never happened: $*"
	return 1
}

# Processes of the sandbox's own leaf that run the runtime's program.
runtime_processes() {
	local pid
	while read -r pid; do
		if [[ /proc/$pid/exe -ef $PROGRAM ]]; then
			echo "$pid $(tr '\0' ' ' <"/proc/$pid/cmdline")"
		fi
	done </sys/fs/cgroup/runner/cgroup.procs
}

leftovers() {
	ls -A "$ROOT" 2>/dev/null | sed 's/^/state: /'
	grep -oE " $BATS_TEST_TMPDIR/[^ ]+" /proc/self/mountinfo | sed 's/^/mount:/'
	find /sys/fs/cgroup -mindepth 1 -type d ! -name runner 2>/dev/null | sed 's/^/cgroup: /'
	runtime_processes | sed 's/^/process: /'
}

nothing_left() {
	[[ -z $(leftovers) ]]
}

# Deletes what the test made; a leak fails the test that caused it.
teardown() {
	local id
	cd "$BATS_TEST_TMPDIR" || return 1
	while read -r id; do
		runtime delete --force "$id" || true
	done < <(ls -A "$ROOT" 2>/dev/null)
	[[ ! -e $BATS_TEST_TMPDIR/mounted ]] || tac "$BATS_TEST_TMPDIR/mounted" | xargs -n 1 umount -l
	eventually nothing_left >/dev/null || {
		echo "left behind:"
		leftovers
		remove_leftovers
		return 1
	}
}

# So that one leak does not fail the tests after it too.
remove_leftovers() {
	local group
	find /sys/fs/cgroup -mindepth 1 -depth -type d ! -name runner | while read -r group; do
		echo 1 >"$group/cgroup.kill"
		eventually rmdir "$group" 2>/dev/null
	done
	runtime_processes | while read -r pid _; do
		kill -KILL "$pid"
	done
	grep -oE " $BATS_TEST_TMPDIR/[^ ]+" /proc/self/mountinfo | xargs -r -n 1 umount -l
	rm -rf "$ROOT"
}
