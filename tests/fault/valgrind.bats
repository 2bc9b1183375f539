#!/usr/bin/env bats
# valgrind's memcheck over the life of a container: no memory error in a verb or in init up
# to its execve, no memory lost, no file descriptor left open in the end.
#
#	CONFIGURE_FLAGS="--enable-werror --disable-static-runtime" tests/run.sh tests/fault/valgrind.bats
#
# For a dabba with shared libraries, as in a static one malloc cannot be replaced.
# VALGRIND names a directory that valgrind/build.sh made, to save its time.
load ../integration/helpers/bundle

FAULT=$TOP/tests/fault
CUT=$BATS_FILE_TMPDIR/cut

setup_file() {
	"$TOP/dabba" --version | grep -q '^libc: .*shared' || {
		echo "this is for the build with --disable-static-runtime" >&2
		return 1
	}
	export VALGRIND=${VALGRIND:-$BATS_FILE_TMPDIR/valgrind}
	# Where it cannot be built each test says so, as this function cannot.
	[[ -d $VALGRIND/.in_place ]] || BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR has_valgrind_source || return 0
	[[ -d $VALGRIND/.in_place ]] || "$FAULT/valgrind/build.sh" "$VALGRIND" 3>&-
	protect "$VALGRIND"
	protect "$TOP/dabba"
}

teardown_file() {
	umount "$TOP/dabba" "$CUT/dabba" "$VALGRIND" 2>/dev/null || true
}

# protect PATH: as dabba's own clone of its file. A program that runs from there does not
# execute a clone of itself, which would be one of valgrind: that is /proc/self/exe here.
protect() {
	mount --bind "$1" "$1"
	mount -o remount,bind,ro,nosuid,nodev,noatime,nodiratime "$1"
}

has_valgrind_source() {
	[[ $(uname -m) == x86_64 ]] && mirror_answers trixie
}

setup() {
	[[ -d $VALGRIND/.in_place ]] || require x86-64
	[[ -d $VALGRIND/.in_place ]] || require debian-13
	setup_bundle
}

# close_fds: what bats and bash have open is not dabba's.
close_fds() {
	local fd
	for fd in /proc/self/fd/*; do
		fd=${fd##*/}
		((fd <= 2 || fd == 255)) || eval "exec $fd>&-"
	done
}

# memcheck PROGRAM ARGUMENT...: what valgrind has to say of it and of its children is in
# a file named by its pid.
memcheck() (
	close_fds
	export VALGRIND_LIB=$VALGRIND/.in_place LOG=$BATS_TEST_TMPDIR/valgrind
	# shellcheck disable=SC2016
	exec timeout --foreground -k 5 120 bash -c 'exec "$0" --log-file="$LOG.$$" "$@"' \
		"$VALGRIND/coregrind/valgrind" -q --vgdb=no --error-exitcode=99 --track-fds=yes \
		--leak-check=full --suppressions="$FAULT/valgrind/dabba.supp" \
		"$1" --root "$ROOT" "${@:2}"
)

# complaints: by valgrind, so far, as paragraphs. A child that ends has its parent's file
# descriptors open, which is no leak; the file is named by the command's pid.
complaints() {
	awk '
	FNR == 1 { pid = FILENAME; sub(/.*\./, "", pid) }
	/^==[0-9]+== FILE DESCRIPTORS: / { next }
	# Inside the container its own libraries are not to be found, of which it needs names.
	/^==[0-9]+== (warning: connection to image|         no debug info loaded)/ { next }
	/^==[0-9]+== *$/ { dropped = 0; next }
	/^==[0-9]+== Open / { dropped = $1 != "==" pid "==" }
	!dropped { print; found = 1 }
	END { exit !found }' "$BATS_TEST_TMPDIR"/valgrind.*
}

# watched ARGUMENT...: valgrind has seen dabba do it, and has nothing to say.
watched() {
	try memcheck "$TOP/dabba" "$@"
	if complaints; then
		return 1
	fi
	grep -q 'FILE DESCRIPTORS: ' "$BATS_TEST_TMPDIR"/valgrind.*
}

# checked ARGUMENT...: watched, and it worked.
checked() {
	watched "$@" && ((status == 0))
}

# refused STATUS WORDS ARGUMENT...: watched, and it failed as it should.
refused() {
	watched "${@:3}" && ((status == $1)) && [[ $error == *"$2"* ]]
}

@test "valgrind: create, start, exec, delete" {
	sh_args 'trap "exit 0" TERM; sleep 300 & wait'
	checked create "$ID"
	checked start "$ID"
	checked exec "$ID" true
	checked state "$ID"
	checked kill "$ID" KILL
	eventually has_status stopped
	checked delete "$ID"
	eventually nothing_left
}

@test "valgrind: run, and delete by force" {
	edit '.process.args = ["true"]'
	checked run "$ID"
	sh_args 'sleep 300'
	checked create "$ID"
	checked delete --force "$ID"
}

@test "valgrind: ids, hooks, limits, a seccomp filter, mounts of all kinds" {
	require time-namespace
	mkdir "$BATS_TEST_TMPDIR/source"
	edit '.process.args = ["true"] | .linux.namespaces += [{type: "user"}, {type: "time"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
		.linux.gidMappings = .linux.uidMappings |
		.linux.timeOffsets = {monotonic: {secs: 100}} |
		.linux.sysctl = {"net.ipv4.ip_forward": "1"} |
		.linux.devices = [{type: "c", path: "/dev/seven", major: 1, minor: 7}] |
		.linux.resources = {devices: [{allow: false, access: "rwm"}]} |
		.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
			syscalls: [{names: ["acct"], action: "SCMP_ACT_ERRNO"}]} |
		.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 512, hard: 512}] |
		.mounts += [{destination: "/tmp/a", type: "bind", source: $source, options: ["rbind", "ro"]},
			{destination: "/tmp/b", type: "tmpfs", options: ["size=1m"]}] |
		.hooks = {prestart: [$hook], createRuntime: [$hook], createContainer: [$hook],
			poststart: [$hook], poststop: [$hook]}' \
		--arg source "$BATS_TEST_TMPDIR/source" --argjson hook '{"path": "/bin/true"}'
	chown -R 100000:100000 rootfs
	checked run "$ID"
}

@test "valgrind: errors of the runtime, of init and of a process" {
	sh_args 'sleep 300'
	checked create "$ID"
	refused 1 "already exists" create "$ID"
	checked start "$ID"
	refused 127 "executable file not found" exec "$ID" no-such-program
	checked delete --force "$ID"
	refused 1 "does not exist" start "$ID"
	edit '.process.args = ["no-such-program"]'
	refused 127 "executable file not found" run "$ID"
	edit '.process.args = ["true"] | .process.cwd = "/bin/true"'
	refused 1 "/bin/true" run "$ID"
	edit '.process.cwd = "/" | .linux.sysctl = {"net.no.such": "1"}'
	refused 1 "net.no.such" run "$ID"
}

@test "valgrind: a terminal" {
	edit '.process.terminal = true | .process.args = ["true"]'
	/usr/bin/python3 "$TOOLS/recvtty.py" "$BATS_TEST_TMPDIR/console" >/dev/null 2>&1 </dev/null 3>&- &
	eventually test -S "$BATS_TEST_TMPDIR/console"
	checked create --console-socket "$BATS_TEST_TMPDIR/console" "$ID"
	checked start "$ID"
}

# cut FILE OLD NEW: in the copy.
cut() {
	grep -qF -- "$2" "$CUT/$1"
	python3 -c 'import sys; f, old, new = sys.argv[1:]; s = open(f).read()
open(f, "w").write(s.replace(old, new))' "$CUT/$1" "$2" "$3"
}

@test "valgrind: finds a descriptor not closed, memory not freed, an error in init" {
	mkdir "$CUT"
	tar -C "$TOP" --exclude=./.git -c . | tar -C "$CUT" -x
	cut src/runtime/start.c 'cleanup_close int sync_fd' 'int sync_fd'
	cut src/runtime/prepare-plan.c 'cleanup_free char *rootfs' 'char *rootfs'
	cut src/runtime/init.c 'SYNC_READY, 0,' 'SYNC_READY, *(char *)malloc(1),'
	must make -C "$CUT" CFLAGS="-g -O1 -Wno-error" dabba
	protect "$CUT/dabba"

	try memcheck "$CUT/dabba" create "$ID"
	((status == 99))
	must complaints
	[[ $output == *"definitely lost"*fill_record* ]]
	[[ $output == *"==1== Syscall param send"*"uninitialised"*step_ready* ]]
	rm "$BATS_TEST_TMPDIR"/valgrind.*
	try memcheck "$CUT/dabba" start "$ID"
	((status == 99))
	must complaints
	[[ $output == *"Open file descriptor"*container_start* ]]
}
