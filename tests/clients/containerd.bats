#!/usr/bin/env bats
# containerd and its shim with dabba, as ctr drives them.
load helpers/containerd

setup_file() {
	setup_containerd false
}

teardown_file() {
	stop_containerd
}

teardown() {
	local id
	for id in $(ctr tasks ls -q); do
		ctr tasks kill -s KILL "$id" || true
		ctr tasks rm -f "$id" || true
	done
	ctr containers ls -q | xargs -r ctr containers rm
	nothing_leaked
}

@test "ctr run: output, input, status, user, directory, environment, mount" {
	must run_ctr --rm -- box sh -c 'echo out; echo err >&2'
	[[ $output == out && $error == err ]]
	try run_ctr --rm -- box sh -c 'exit 37'
	((status == 37))
	must run_ctr --rm --cwd /tmp --env A=b --read-only --mount \
		"type=bind,src=$BATS_TEST_TMPDIR,dst=/data,options=rbind:ro" -- box \
		sh -c 'pwd; echo $A; ! touch /tmp/x 2>/dev/null && ls -d /data'
	[[ $output == $'/tmp\nb\n/data' ]]
}

@test "ctr run: programs that are not there, or cannot run" {
	fails run_ctr --rm -- box no-such-program
	[[ $error == *no-such-program*not\ found* ]]
	fails run_ctr --rm -- box /etc/passwd
	[[ $error == */etc/passwd*ermission\ denied* ]]
}

@test "ctr run -t: a terminal" {
	# shellcheck disable=SC2046 # an option or none
	try on_terminal -s 31x90 ctr run $(shares) --rm -t --runc-binary /usr/local/bin/dabba \
		localhost/busybox:1 box sh -c "$(await_size '31 90')"
	((status == 7))
}

@test "ctr run --privileged, --seccomp, --pid host, --net-host, --with-ns, --cap-drop" {
	must run_ctr --rm --privileged -- box sh -c 'mount -t tmpfs none /tmp && grep CapEff /proc/self/status'
	[[ $output == *f ]]
	must run_ctr --rm --seccomp -- box grep Seccomp: /proc/self/status
	[[ $output == *2 ]]
	must run_ctr --rm --net-host --with-ns "pid:/proc/$$/ns/pid" -- box readlink /proc/self/ns/net
	[[ $output == "$(readlink /proc/self/ns/net)" ]]
	must run_ctr --rm --cap-drop CAP_CHOWN -- box grep CapEff /proc/self/status
	[[ $output == *0 || $output == *a80425fa ]]
}

@test "ctr tasks: exec, ps, pause, resume, metrics, kill" {
	must run_ctr -d -- box sleep 1000
	must ctr tasks exec --exec-id one --user 1000 --cwd /tmp box sh -c 'id -u; pwd'
	[[ $output == $'1000\n/tmp' ]]
	try ctr tasks exec --exec-id two box sh -c 'exit 12'
	((status == 12))
	fails ctr tasks exec --exec-id three box no-such-program
	[[ $error == *no-such-program*not\ found* ]]
	try on_terminal -s 29x88 ctr tasks exec -t --exec-id four box sh -c "$(await_size '29 88')"
	((status == 7))
	must ctr tasks ps box
	[[ $output == PID*[0-9]* ]]
	must ctr tasks pause box
	must ctr tasks ls
	[[ $output == *PAUSED* ]]
	must ctr tasks resume box
	must ctr tasks metrics --format json box
	[[ $output == *'"pids"'* ]]
	must ctr tasks kill -s TERM box
	fails ctr tasks kill -s 99 box
	must ctr tasks kill -s KILL box
	within "$PATIENCE" task_ended box
	must ctr tasks delete box || ((status == 137))
}

task_ended() {
	[[ $(ctr tasks ls | awk -v id="$1" '$1 == id { print $3 }') == STOPPED ]]
}

# With these ctr does not pass on the name of the program, which is runc then.
@test "ctr containers create, tasks start, run --no-pivot: dabba in the place of runc" {
	ln -s dabba /usr/local/bin/runc
	must ctr containers create localhost/busybox:1 box head -n 1
	echo hello | ctr tasks start --pid-file "$BATS_TEST_TMPDIR/pid" box >"$BATS_TEST_TMPDIR/out"
	[[ $(<"$BATS_TEST_TMPDIR/out") == hello && $(<"$BATS_TEST_TMPDIR/pid") == [1-9]* ]]
	make_rootfs "$BATS_TEST_TMPDIR/root"
	# shellcheck disable=SC2046 # an option or none
	must ctr run --rm $(shares) --no-pivot --rootfs "$BATS_TEST_TMPDIR/root" moved ls /bin/busybox
	rm /usr/local/bin/runc
}

@test "ctr run --uidmap, --seccomp-profile, --device, --rootfs-propagation, --null-io" {
	must run_ctr --rm --uidmap 0:200000:5000 --gidmap 0:200000:5000 -- mapped sh -c 'cat /proc/self/uid_map; touch /file'
	[[ $(tr -s ' ' <<<"$output") == ' 0 200000 5000' ]]
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"],
		"action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}' >"$BATS_TEST_TMPDIR/seccomp.json"
	fails run_ctr --rm --seccomp --seccomp-profile "$BATS_TEST_TMPDIR/seccomp.json" -- filtered mkdir /x
	[[ $error == *'No space left'* ]]
	must run_ctr --rm --device /dev/kmsg --rootfs-propagation rshared --allow-new-privs -- box sh -c \
		'stat -c %t:%T /dev/kmsg; grep " / / .* shared:" /proc/self/mountinfo; grep NoNewPrivs /proc/self/status'
	[[ $output == 1:b$'\n'*\ shared:*NoNewPrivs:*0 ]]
	must run_ctr -d --null-io -- quiet sh -c 'echo lost; sleep 1000'
	must ctr tasks exec --exec-id one quiet true
}

@test "ctr tasks: a second start, kill --all" {
	require controller cpu
	must run_ctr -d -- box sh -c 'sleep 1000 & sleep 1000'
	fails ctr tasks start -d box
	must ctr tasks kill --all -s KILL box
	within "$PATIENCE" task_ended box
}

# limit FILE: of the container's cgroup; ctr mounts none inside.
limit() {
	local pid
	pid=$(ctr tasks ls | awk '$1 == "box" { print $2 }')
	cat "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$pid/cgroup")/$1"
}

@test "ctr run --memory-limit, --cpus, and metrics of them" {
	require controller memory
	must run_ctr -d --memory-limit 67108864 --cpus 0.5 -- box sleep 1000
	[[ $(limit memory.max) == 67108864 ]]
	[[ $(limit cpu.max) == '50000 100000' ]]
	must ctr tasks metrics --format json box
	jq -e '.memory.usage_limit == 67108864' <<<"$output"
}

@test "containerd restarted while a container runs" {
	must run_ctr -d -- box sleep 1000
	stop_containerd
	start_containerd
	must ctr tasks exec --exec-id one box echo still here
	[[ $output == 'still here' ]]
	must ctr tasks kill -s KILL box
	within "$PATIENCE" task_ended box
}
