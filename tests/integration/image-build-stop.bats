#!/usr/bin/env bats
# dabba-image build, stopped by Ctrl-C (SIGINT to all of its process group) in each of its
# phases: one sentence, exit code 130, nothing left behind, and the cache as good as new.
load helpers/image

setup() {
	setup_app
	mkdir -p ctx/many
	for i in {1..200}; do
		echo "$i" >"ctx/many/$i"
	done
	# No other test sleeps that long.
	nap=$((100000 + BASHPID))
	cgroups=$(find /sys/fs/cgroup -type d | sort)
	pid=
}

teardown() {
	cd / || return
	[[ -z $pid ]] || kill -KILL -- "-$pid" 2>/dev/null || true
	image ps -aq | xargs -r "$TOP/dabba-image" --root "$STORE" rm -f
	store_verifies
	must image verify
}

# begin [-s STRACE-OPTION...] -- [OPTION...]: the build in the background, in a process group
# of its own; $pid is that group.
begin() {
	local trace=()
	while [[ $1 != -- ]]; do
		trace+=("$1")
		shift
	done
	shift
	((${#trace[@]} == 0)) || trace=("$(command -v strace)" -f -o strace.log "${trace[@]}")
	# The shell has what runs in the background ignore SIGINT.
	python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.setpgid(0, 0)
os.execv(sys.argv[1], sys.argv[1:])' "${trace[@]}" "$TOP/dabba-image" --root "$STORE" build \
		--runtime-flag "--root=$BATS_TEST_TMPDIR/run" --progress plain --timestamp 5 -t built "$@" ctx <&0 >stdout 2>stderr 3>&- &
	pid=$!
}

# wait_for COMMAND...: until it is true, or the build is over.
wait_for() {
	until "$@"; do
		kill -0 "$pid" 2>/dev/null || {
			cat stderr
			return 1
		}
		sleep 0.02
	done
}

said() {
	grep -qF -- "$1" stderr
}

exists() {
	compgen -G "$1" >/dev/null
}

# stopped SENTENCE [PROCESS]: Ctrl-C, or SIGINT for PROCESS alone, and how it ends.
stopped() {
	local code=0
	kill -INT -- "${2--$pid}"
	wait "$pid" || code=$?
	tail -n 1 stderr
	((code == 130))
	[[ $(tail -n 1 stderr) == "dabba-image: "*"$1" ]]
	[[ -z $(pgrep -g "$pid") ]]
	pid=
	[[ -z $(image ps -aq) && -z $(ls -A "$BATS_TEST_TMPDIR/run" 2>/dev/null) ]]
	[[ -z $(ls -A "$STORE/tmp") && -z $(grep -F " $STORE/" /proc/self/mountinfo) ]]
	[[ $(find /sys/fs/cgroup -type d | sort) == "$cgroups" ]]
	run image inspect built
	((status != 0))
}

# goes_on N [OPTION...]: the same build then gives what it gives in another store; N of its
# steps are remembered.
goes_on() {
	local n=$1
	shift
	must image build --progress plain --timestamp 5 -t built "$@" ctx
	(($(grep -c ' CACHED$' <<<"$error") == n))
	id=$output
	must "$TOP/dabba-image" --root other import app.tar
	must "$TOP/dabba-image" --root other build -q --timestamp 5 "$@" ctx
	[[ $output == "$id" ]]
}

@test "image build: Ctrl-C while the Containerfile is read" {
	mkfifo input
	exec 9<>input
	begin -- -f - <input
	has_context() { exists "/proc/$pid/fd/*" && readlink /proc/"$pid"/fd/* | grep -qx "$PWD/ctx"; }
	wait_for has_context
	stopped 'stopped by SIGINT'
}

@test "image build: Ctrl-C while the digest of a file is made" {
	printf 'FROM app:1\nRUN echo first >/first\nCOPY big many /many/\n' >ctx/Containerfile
	# Nobody lives to see its end.
	truncate -s 1T ctx/big
	begin --
	wait_for said '[3/3] COPY'
	stopped 'stopped by SIGINT'
	rm ctx/big
	echo small >ctx/big
	goes_on 1
}

@test "image build: Ctrl-C while files are copied" {
	printf 'FROM app:1\nRUN echo first >/first\nCOPY many /many\n' >ctx/Containerfile
	begin -e trace=fchown -e inject=fchown:delay_enter=50000 --
	wait_for exists "$STORE/tmp/*/many/1"
	stopped 'stopped by SIGINT'
	goes_on 1
}

@test "image build: Ctrl-C in the middle of a large file" {
	printf 'FROM app:1\nCOPY big /\n' >ctx/Containerfile
	truncate -s 200M ctx/big
	begin -e trace=copy_file_range,sendfile -e inject=copy_file_range,sendfile:delay_enter=300000 --
	wait_for exists "$STORE/tmp/*/big"
	stopped 'stopped by SIGINT'
	truncate -s 1M ctx/big
	goes_on 0
}

@test "image build: Ctrl-C during a RUN, also one that does not care" {
	printf 'FROM app:1\nRUN echo first >/first\nRUN sleep %s\n' "$nap" >ctx/Containerfile
	begin --
	wait_for pgrep -fx "sleep $nap"
	stopped 'stopped by SIGINT'
	printf 'FROM app:1\nRUN echo first >/first\nRUN trap "" INT TERM HUP; sleep %s\n' "$nap" >ctx/Containerfile
	begin -- --keep-failed
	wait_for pgrep -fx "sleep $nap"
	stopped 'stopped by SIGINT'
	[[ -z $(pgrep -fx "sleep $nap") ]]
	printf 'FROM app:1\nRUN echo first >/first\nRUN echo second >/second\n' >ctx/Containerfile
	goes_on 1
}

@test "image build: SIGINT while the runtime starts does not wait for the command" {
	printf 'FROM app:1\nRUN sleep %s\n' "$nap" >ctx/Containerfile
	# At the clone of the runtime; which the runtime itself does not get to know.
	begin -e trace=pipe2 -e inject=pipe2:signal=INT:when=1 --
	code=0
	wait "$pid" || code=$?
	((code == 130))
	[[ -z $(pgrep -fx "sleep $nap") && -z $(image ps -aq) ]]
	[[ -z $(ls -A "$BATS_TEST_TMPDIR/run" 2>/dev/null) ]]
	pid=
}

@test "image build: Ctrl-C while a layer is written" {
	printf 'FROM app:1\nRUN echo first >/first\nRUN for i in $(busybox seq 100); do echo $i >/tmp/$i; done\n' \
		>ctx/Containerfile
	begin -e trace=llistxattr -e inject=llistxattr:delay_enter=20000 --
	wait_for said '[3/3] RUN'
	wait_for exists "$STORE/tmp/*"
	stopped 'stopped by SIGINT'
	goes_on 1
}

@test "image build: Ctrl-C while stages are built at the same time, SIGINT for the build alone" {
	cat >ctx/Containerfile <<-END
		FROM app:1 AS a
		RUN echo a >/a
		RUN sleep $nap
		FROM app:1 AS b
		RUN echo b >/b
		RUN sleep $((nap + 1))
		FROM scratch
		COPY --from=a /a /
		COPY --from=b /b /
	END
	both_sleep() { pgrep -fx "sleep $nap" >/dev/null && pgrep -fx "sleep $((nap + 1))" >/dev/null; }
	begin --
	wait_for both_sleep
	stopped 'stopped by SIGINT'
	begin --
	wait_for both_sleep
	stopped 'stopped by SIGINT' "$pid"
	sed -i '/sleep/d' ctx/Containerfile
	goes_on 2
}

@test "image build: Ctrl-C while another build has the cache of a RUN" {
	printf 'FROM app:1\nRUN --mount=type=cache,target=/c,sharing=locked echo x >/c/x\n' >ctx/Containerfile
	must image build -q ctx
	must image cache prune
	exec 9<"$(dirname "$STORE"/build/mounts/*/x)"
	flock 9
	begin -- 9<&-
	waits() { awk '$2 == "->" { print $6 }' /proc/locks | grep -qxf <(pgrep -g "$pid"); }
	wait_for waits
	stopped 'stopped by SIGINT'
	exec 9<&-
	goes_on 0
}

@test "image build: its stages end when it is killed" {
	printf 'FROM app:1\nRUN sleep %s\n' "$nap" >ctx/Containerfile
	begin --
	wait_for pgrep -fx "sleep $nap"
	kill -KILL "$pid"
	wait "$pid" || true
	while pgrep -g "$pid" >/dev/null || pgrep -fx "sleep $nap" >/dev/null; do
		sleep 0.05
	done
	pid=
	# What a stage can not know any more goes with the next command.
	[[ -z $(image ps -aq) ]]
}
