#!/usr/bin/env bats
# Containers that reach for the runtime's own process: its program, its fds, its rights.
# tests/hostile/prove.sh shows that each test fails without the defence it is for.
load helpers/bundle

setup() {
	setup_bundle
}

@test "process: the runtime's own program cannot be written (CVE-2019-5736)" {
	local before
	# A copy, so that the attack harms nobody should it succeed.
	cp --remove-destination "$PROGRAM" program
	RUNTIME=$BUNDLE/program
	before=$(sha256sum <program)
	# The interpreter of this "script" is whatever executes it: the runtime, which then
	# waits in the container for somebody to read its log.
	printf '#!/proc/self/exe --log=/tmp/fifo\n' >rootfs/bin/trick
	chmod 755 rootfs/bin/trick
	mkfifo rootfs/tmp/fifo
	# Nothing for a static program.
	ldd program 2>/dev/null | grep -o '/[^ ]*' | while read -r library; do
		mkdir -p "rootfs${library%/*}"
		cp "$library" "rootfs$library"
	done
	# Whoever holds the file open can write it as soon as nobody executes it.
	sh_args 'touch /tmp/ready
		while :; do for exe in /proc/[0-9]*/exe; do
			case $(readlink $exe) in ""|*/busybox) continue ;; esac
			command exec 9<$exe || continue
			pid=${exe%/exe}
			kill -KILL ${pid#/proc/}
			i=0; while [ $i -lt 20 ]; do
				i=$((i + 1))
				(echo x >>/proc/self/fd/9) && touch /tmp/hit
			done
			touch /tmp/tried
		done 2>/dev/null; done'
	must runtime create "$ID"
	must runtime start "$ID"
	eventually test -e rootfs/tmp/ready
	try timeout -k 1 10 "$RUNTIME" --root "$ROOT" exec "$ID" /bin/trick
	eventually test -e rootfs/tmp/tried
	must runtime delete --force "$ID"
	[[ ! -e rootfs/tmp/hit ]]
	[[ $(sha256sum <program) == "$before" ]]
	RUNTIME=$TOP/dabba
}

# The last output shows nothing of the host: these names are in no container.
inside() {
	[[ ! $output =~ config.json|vmlinuz|hostile-mark|cgroup.procs ]]
}

@test "process: a working directory behind a descriptor (CVE-2024-21626)" {
	local fd
	touch hostile-mark
	exec 20<.
	for fd in {3..24}; do
		edit '.process.cwd = $cwd' --arg cwd "/proc/self/fd/$fd"
		run_sh 'ls .; ls ../../../../../../../../../boot 2>/dev/null; true'
		inside
	done
	edit '.process.cwd = "/"'
	start_sleeper
	for fd in {3..24}; do
		try runtime exec --cwd "/proc/self/fd/$fd" "$ID" sh -c 'ls .; ls ../../../../../../../../boot'
		inside
	done
	exec 20<&-
}

@test "process: a working directory that is a link to a descriptor (CVE-2024-21626)" {
	local fd
	touch hostile-mark
	for fd in {3..12}; do
		ln -sfn "/proc/self/fd/$fd" rootfs/work
		edit '.process.cwd = "/work"'
		run_sh 'ls .; ls ../../../../../../../../../boot 2>/dev/null; true'
		inside
	done
}

# Of the container's process: 0 to 2, and the one that ls reads the directory with.
@test "process: no descriptor of ours or of our caller's gets in (CVE-2024-21626)" {
	local count
	exec 21<config.json 22<. 200<.
	sh_args 'ls /proc/self/fd'
	must bash -c 'exec "$@"' bash "$RUNTIME" --root "$ROOT" run "$ID"
	[[ $(wc -l <<<"$output") == 4 ]]
	start_sleeper
	must runtime exec "$ID" ls /proc/self/fd
	[[ $(wc -l <<<"$output") == 4 ]]
	must runtime exec "$ID" sh -c 'ls /proc/1/fd'
	count=$(wc -l <<<"$output")
	((count <= 4))
	exec 21<&- 22<&- 200<&-
}

@test "process: a runtime called with closed descriptors gives nothing away" {
	local redirections
	edit '.process.user.uid = 1000'
	for redirections in '<&-' '<&- >&-' '<&- >&- 2>&-' '>&- 2>&-'; do
		start_sleeper
		bash -c "exec \"\$@\" $redirections" bash "$RUNTIME" --root "$ROOT" exec "$ID" true
		[[ -z $(find "$ROOT" "/sys/fs/cgroup/$ID" -uid 1000) ]]
		must runtime delete --force "$ID"
		bash -c "exec \"\$@\" $redirections" bash "$RUNTIME" --root "$ROOT" create "$ID"
		[[ -z $(find "$ROOT" "/sys/fs/cgroup/$ID" -uid 1000) ]]
		must runtime delete --force "$ID"
	done
}

@test "process: exec --user takes numbers and nothing else (CVE-2026-30892)" {
	local user
	start_sleeper
	echo '1:x:0:0::/:/bin/sh' >rootfs/etc/passwd
	must runtime exec -u 1 "$ID" id -u
	[[ $output == 1 ]]
	must runtime exec -u 1:2 "$ID" sh -c 'grep -E "^(U|G)id:" /proc/self/status'
	[[ $output == $'Uid:\t1\t1\t1\t1\nGid:\t2\t2\t2\t2' ]]
	for user in 1: :1 : '' -1 +1 4294967295 4294967296 18446744073709551616 0x1 01x ' 1' '1 ' \
		1:-1 1:4294967295 1:2:3 1:root root 1,2 1.0; do
		fails runtime exec --user "$user" "$ID" id -u
		[[ -z $output ]]
	done
}

@test "process: ids that mean \"leave unchanged\" in config.json" {
	local path
	for path in uid gid additionalGids; do
		edit '.process.user = {uid: 0, gid: 0} | .process.user[$p] = $v' --arg p "$path" \
			--argjson v "$([[ $path == additionalGids ]] && echo '[4294967295]' || echo 4294967295)"
		fails runtime run "$ID"
		said '4294967295'
	done
}

@test "process: the caller's groups stay outside (CVE-2022-2989, CVE-2022-2990, CVE-2022-2995, CVE-2022-36109)" {
	sh_args 'grep ^Groups: /proc/self/status'
	must setpriv --groups 5,6,7 "$RUNTIME" --root "$ROOT" run "$ID"
	[[ $(tr -d ' \t' <<<"$output") == Groups: ]]
	edit '.process.user.additionalGids = [10]'
	must setpriv --groups 5,6,7 "$RUNTIME" --root "$ROOT" run "$ID"
	[[ $(tr -d ' \t' <<<"$output") == Groups:10 ]]
	start_sleeper
	must setpriv --groups 5,6,7 "$RUNTIME" --root "$ROOT" exec "$ID" grep ^Groups: /proc/self/status
	[[ $(tr -d ' \t' <<<"$output") == Groups:10 ]]
}

@test "process: no inheritable capabilities (CVE-2022-29162, CVE-2022-27650, CVE-2025-27612)" {
	start_sleeper
	must runtime exec --cap CAP_NET_RAW "$ID" grep -E '^Cap(Inh|Amb|Prm):' /proc/self/status
	[[ $output == *$'CapInh:\t0000000000000000'* && $output == *$'CapAmb:\t0000000000000000'* ]]
	[[ $output == *$'CapPrm:\t0000000020002420'* ]]
	mkdir fresh
	cd fresh
	must runtime spec
	[[ $(jq '.process.capabilities | (.inheritable // []) + (.ambient // []) | length' config.json) == 0 ]]
}

@test "process: the caller's inheritable and ambient capabilities stay outside" {
	edit '.process.capabilities = {}'
	sh_args 'grep -E "^Cap" /proc/self/status | grep -v 0000000000000000; true'
	must setpriv --inh-caps +chown,+kill --ambient-caps +chown,+kill \
		"$RUNTIME" --root "$ROOT" run "$ID"
	[[ -z $output ]]
}

@test "process: a FIFO in the place of /etc/passwd holds nobody up" {
	rm -f rootfs/etc/passwd
	mkfifo rootfs/etc/passwd
	sh_args true
	# By its own clock: it must end, however it ends.
	try timeout -k 1 10 "$RUNTIME" --root "$ROOT" run "$ID"
	((status != 124 && status != 137))
}

@test "process: another process that has the number of a container's (R17)" {
	local victim
	start_sleeper
	# Start times are in hundredths of a second.
	sleep 0.1
	sleep 60 3>&- &
	victim=$!
	jq --argjson pid "$victim" '.pid = $pid' "$ROOT/$ID/state.json" >state.json.new
	cp state.json.new "$ROOT/$ID/state.json"
	fails runtime kill "$ID" TERM
	try runtime kill "$ID" KILL
	must runtime delete --force "$ID"
	kill -0 "$victim"
	kill "$victim"
}

@test "process: an init that joins a pid namespace is hidden from those in it" {
	local pid mine
	# A container that may look at every process it sees, in a user namespace of its own.
	edit '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 0, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings
		| .process.noNewPrivileges = false
		| .process.capabilities = {bounding: $caps, effective: $caps, permitted: $caps}' \
		--argjson caps "$(capabilities)"
	sh_args 'touch /tmp/ready; while :; do for p in /proc/[0-9]*; do
		[ $p = /proc/1 ] || [ $p = /proc/$$ ] || { case $(readlink $p/exe) in ""|*/busybox) ;;
			*) ls $p/cwd/ >/tmp/hit 2>/dev/null && exit ;; esac; }
		done; done'
	must runtime create "$ID"
	must runtime start "$ID"
	eventually test -e rootfs/tmp/ready
	pid=$(container_pid)
	make_bundle "$BATS_TEST_TMPDIR/second" second
	cd "$BATS_TEST_TMPDIR/second"
	edit '.linux.namespaces |= map(if .type == "pid" then .path = "/proc/\($pid)/ns/pid" else . end)
		| .linux.namespaces += [{type: "user", path: "/proc/\($pid)/ns/user"}]' --argjson pid "$pid"
	# A call that it makes before it hides itself, made long.
	strace -f -qq -o /dev/null --inject=unshare:delay_enter=500000 \
		"$RUNTIME" --root "$ROOT" create second </dev/null >/dev/null 2>&1 3>&- &
	eventually has_status created second
	# It would wait for the container.
	kill -KILL $!
	must runtime delete --force second
	cd "$BUNDLE"
	must runtime delete --force "$ID"
	[[ ! -s rootfs/tmp/hit ]]
}

capabilities() {
	"$RUNTIME" features | jq -c .linux.capabilities
}

# An image that has a program of its own where the host has the hook.
evil_twin() {
	mkdir -p "$BUNDLE/rootfs$BUNDLE"
	printf '#!/bin/sh\ntouch /tmp/hit %s/hit\n' "$BUNDLE" >"$BUNDLE/rootfs$BUNDLE/hook"
	# The host's needs no more than the host has: an interpreter, a library, a file.
	printf '#!/bin/bash\ncat >/dev/null; realpath /proc/self/exe >>%s/ran\n' "$BUNDLE" >hook
	chmod 755 hook "$BUNDLE/rootfs$BUNDLE/hook"
}

@test "process: hooks of the host run outside of the image (R19)" {
	local kind
	evil_twin
	for kind in prestart createRuntime createContainer poststart poststop; do
		edit '.hooks[$kind] = [{path: $path}]' --arg kind $kind --arg path "$BUNDLE/hook"
	done
	must runtime run "$ID"
	[[ $(wc -l <ran) == 5 ]]
	[[ ! -e hit && ! -e rootfs/tmp/hit && ! -e /tmp/hit && ! -e rootfs$BUNDLE/hit ]]
}
