#!/usr/bin/env bats
# docker with dabba as its runtime, configured by contrib/docker.
load helpers/client

DOCKER=/usr/bin/docker

setup_file() {
	cp "$TOP/contrib/docker/daemon.json" /etc/docker/
	start_dockerd
	command "$DOCKER" load -qi "$CLIENT_IMAGES"
	command "$DOCKER" tag localhost/busybox:1 bb
	command "$DOCKER" run --rm bb true
	remember_traces
}

teardown_file() {
	stop_dockerd
}

teardown() {
	docker ps -aq | xargs -r "$DOCKER" rm -f
	docker volume prune -f
	nothing_leaked
}

# start_dockerd [OPTION]...: no bridge and no rules for it, as a machine may have no kernel
# module for either.
start_dockerd() {
	dockerd "$@" --bridge=none --iptables=false --ip6tables=false \
		--exec-opt "native.cgroupdriver=$(has_systemd && echo systemd || echo cgroupfs)" \
		>>"$BATS_FILE_TMPDIR/dockerd.log" 2>&1 </dev/null 3>&- &
	echo $! >"$BATS_FILE_TMPDIR/dockerd.pid"
	within "$PATIENCE" "$DOCKER" version
}

stop_dockerd() {
	local pid
	pid=$(<"$BATS_FILE_TMPDIR/dockerd.pid")
	kill "$pid" && within "$PATIENCE" has_ended "$pid"
}

has_ended() {
	! kill -0 "$1" 2>/dev/null
}

docker() {
	patiently "$DOCKER" "$@"
}

@test "docker info: dabba is the default runtime" {
	must docker info --format '{{.DefaultRuntime}} {{.RuncCommit.ID}}'
	[[ $output == dabba* ]]
}

@test "docker run: output, input, status, and programs that cannot run" {
	must docker run --rm bb sh -c 'echo out; echo err >&2'
	[[ $output == out && $error == err ]]
	echo input | docker run -i --rm bb cat >"$BATS_TEST_TMPDIR/copy"
	[[ $(<"$BATS_TEST_TMPDIR/copy") == input ]]
	try docker run --rm bb sh -c 'exit 37'
	((status == 37))
	fails docker run --rm bb no-such-program
	((status == 127))
	[[ $error == *no-such-program*not\ found* ]]
	fails docker run --rm bb /etc/passwd
	((status == 126))
	[[ $error == *ermission\ denied* ]]
}

@test "docker run -it and exec -it: a terminal with its size" {
	try on_terminal -s 30x100 "$DOCKER" run -it --rm bb sh -c "$(await_size '30 100')"
	((status == 7))
	must docker run -d --name box bb sleep 1000
	try on_terminal -s 33x99 "$DOCKER" exec -it box sh -c "$(await_size '33 99')"
	((status == 7))
}

@test "docker run: options that change the configuration" {
	must docker run --rm --read-only --tmpfs /t:size=1m --cap-drop ALL --cap-add CHOWN --user 1000:1000 \
		--security-opt no-new-privileges --ulimit nofile=100:200 --hostname here -e A=b -w /tmp \
		--shm-size 2m --device /dev/zero:/dev/nought:r --sysctl net.ipv4.ip_unprivileged_port_start=5 bb sh -c '
			id -u; ! touch /x 2>/dev/null; touch /t/x; ulimit -n; hostname; pwd; echo $A
			grep -E "CapBnd|NoNewPrivs|Seccomp:" /proc/self/status; head -c 3 /dev/nought | wc -c'
	[[ $output == $'1000\n100\nhere\n/tmp\nb\n'*CapBnd:*0000000000000001*NoNewPrivs:*1*Seccomp:*2$'\n'3 ]]
	must docker run --rm --privileged bb sh -c 'mount -t tmpfs none /tmp && grep Seccomp: /proc/self/status'
	[[ $output == *0 ]]
	must docker run --rm -v "$BATS_TEST_TMPDIR:/data:ro" -v named:/vol bb sh -c '! touch /data/x 2>/dev/null; touch /vol/x'
	must docker run --rm --init bb cat /proc/1/comm
	[[ $output == docker-init ]]
	must docker run -d --name first bb sleep 1234
	must docker run --rm --pid container:first --net container:first bb ps
	[[ $output == *'sleep 1234'* ]]
}

@test "docker exec, top, stats, logs, cp, commit" {
	must docker run -d --name box bb sh -c 'echo one; echo two >&2; sleep 1000'
	must docker exec -u user -w /tmp -e A=b box sh -c 'id -un; pwd; echo $A'
	[[ $output == $'user\n/tmp\nb' ]]
	try docker exec box sh -c 'exit 42'
	((status == 42))
	fails docker exec box no-such-program
	[[ $error$output == *no-such-program*not\ found* ]]
	must docker top box
	[[ $output == *sleep\ 1000* ]]
	must docker stats --no-stream --format '{{.Name}} {{.PIDs}}' box
	[[ $output == box\ * ]]
	must docker logs box
	[[ $output == one && $error == two ]]
	must docker exec box touch /new
	echo content >"$BATS_TEST_TMPDIR/file"
	must docker cp "$BATS_TEST_TMPDIR/file" box:/root/file
	must docker exec box cat /root/file
	[[ $output == content ]]
	must docker cp box:/etc/passwd "$BATS_TEST_TMPDIR/passwd"
	grep -q ^user: "$BATS_TEST_TMPDIR/passwd"
	must docker commit box changed
	must docker run --rm changed ls /new
}

@test "docker pause, unpause, stop, start, restart, kill, wait" {
	must docker run -d --name life bb sh -c 'trap "exit 3" TERM; while :; do sleep 0.1; done'
	must docker pause life
	must docker inspect life --format '{{.State.Status}} {{.HostConfig.Runtime}}'
	[[ $output == 'paused dabba' ]]
	must docker unpause life
	must docker stop life
	must docker wait life
	[[ $output == 3 ]]
	must docker start life
	must docker restart -t 5 life
	must docker kill -s KILL life
	must docker wait life
	[[ $output == 137 ]]
}

@test "docker --memory, --cpus, --pids-limit, and an update of them" {
	require controller memory
	must docker run -d --name box --memory 64m --memory-swap 64m --cpus 1.5 --pids-limit 50 bb sleep 1000
	must docker exec box sh -c 'cd /sys/fs/cgroup; cat memory.max memory.swap.max cpu.max pids.max'
	[[ $output == $'67108864\n0\n150000 100000\n50' ]]
	must docker update --memory 80m --memory-swap 80m --cpus 0.5 --pids-limit 60 box
	must docker exec box sh -c 'cd /sys/fs/cgroup; cat memory.max cpu.max pids.max'
	[[ $output == $'83886080\n50000 100000\n60' ]]
	must docker stats --no-stream --format '{{.MemUsage}}' box
	[[ $output == *80MiB ]]
	# Its end is a while after the end of memory: which of the two docker hears of first is a race.
	must docker run -d --name eater --memory 16m --memory-swap 16m bb sh -c 'tail /dev/zero; echo $?; sleep 1000'
	within "$PATIENCE" ran_out eater
	must docker logs eater
	[[ $output == 137 ]]
	must docker kill eater
	must docker wait eater
	must docker inspect eater --format '{{.State.OOMKilled}}'
	[[ $output == true ]]
}

ran_out() {
	[[ $(docker events --since 0 --until "$(date +%s)" --filter event=oom --filter container="$1") == *oom* ]]
}

@test "docker build: RUN, COPY, USER, ENTRYPOINT" {
	mkdir "$BATS_TEST_TMPDIR/context"
	echo content >"$BATS_TEST_TMPDIR/context/file"
	cat >"$BATS_TEST_TMPDIR/context/Dockerfile" <<-'EOF'
		FROM bb
		RUN echo built >/built && chmod 600 /built
		COPY file /file
		USER user
		RUN id -un >/home/user/who
		ENTRYPOINT ["cat", "/file", "/home/user/who"]
	EOF
	DOCKER_BUILDKIT=0 must docker build -q --network none -t made "$BATS_TEST_TMPDIR/context"
	must docker run --rm made
	[[ $output == $'content\nuser' ]]
	docker rmi -f made
}

# inspected NAME FORMAT TEXT
inspected() {
	[[ $(docker inspect "$1" --format "$2") == "$3" ]]
}

@test "docker healthchecks, --restart, attach, exec -d" {
	must docker run -d --name box --health-cmd 'test -e /tmp/well' --health-interval 1s --health-retries 1 bb sleep 1000
	within "$PATIENCE" inspected box '{{.State.Health.Status}}' unhealthy
	must docker exec -d box touch /tmp/well
	within "$PATIENCE" inspected box '{{.State.Health.Status}}' healthy
	must docker run -d --name again --restart on-failure:2 bb false
	within "$PATIENCE" inspected again '{{.RestartCount}} {{.State.Status}}' '2 exited'
	must docker run -d -i --name talk bb sh -c 'read x; echo got $x; exit 9'
	echo hello | docker attach talk || true
	must docker wait talk
	[[ $output == 9 ]]
	must docker logs talk
	[[ $output == 'got hello' ]]
}

@test "docker volumes with propagation, --ipc container, seccomp, --cgroup-parent, 137" {
	local dir=$BATS_TEST_TMPDIR/shared parent=/parent ipc
	mkdir "$dir"
	host_mount -t tmpfs tmpfs "$dir"
	mount --make-shared "$dir"
	must docker run --rm -v "$dir:/v:rshared" bb grep ' /v ' /proc/self/mountinfo
	[[ $output == *shared:* ]]
	must docker run --rm --mount "type=bind,src=$dir,dst=/v,bind-propagation=rslave" bb grep ' /v ' /proc/self/mountinfo
	[[ $output == *master:* ]]
	umount "$dir"
	rm "$BATS_TEST_TMPDIR/mounted"
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"],
		"action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}' >"$BATS_TEST_TMPDIR/seccomp.json"
	must docker run -d --name box --ipc shareable --security-opt "seccomp=$BATS_TEST_TMPDIR/seccomp.json" bb sleep 1000
	fails docker exec box mkdir /x
	[[ $error == *'No space left'* ]]
	try docker exec box sh -c 'kill -KILL $$'
	((status == 137))
	must docker exec box readlink /proc/self/ns/ipc
	ipc=$output
	has_systemd && parent=parent.slice
	must docker run --rm --ipc container:box --cgroup-parent "$parent" --cgroupns host bb sh -c \
		'readlink /proc/self/ns/ipc; grep ^0:: /proc/self/cgroup'
	[[ $output == "$ipc"$'\n'0::/parent*/* ]]
	has_systemd || rmdir /sys/fs/cgroup/parent
}

@test "dockerd --userns-remap: root of a container is nobody" {
	echo 'daemon:1000000:65536' >"$BATS_TEST_TMPDIR/subid"
	mount --bind "$BATS_TEST_TMPDIR/subid" /etc/subuid
	mount --bind "$BATS_TEST_TMPDIR/subid" /etc/subgid
	stop_dockerd
	start_dockerd --userns-remap=daemon
	docker load -qi "$CLIENT_IMAGES"
	must docker run --rm --read-only --tmpfs /t -v named:/vol localhost/busybox:1 \
		sh -c 'touch /t/x /vol/x; id -u; cat /proc/self/uid_map'
	[[ $(tr -s ' ' <<<"$output") == $'0\n 0 1000000 65536' ]]
	must docker run --rm --userns=host localhost/busybox:1 cat /proc/self/uid_map
	[[ $(tr -s ' ' <<<"$output") == ' 0 0 4294967295' ]]
	stop_dockerd
	umount /etc/subuid /etc/subgid
	start_dockerd
}

@test "dockerd restarted: a container with --restart=always comes back" {
	must docker run -d --name box --restart=always --stop-timeout 1 bb sleep 1000
	stop_dockerd
	start_dockerd
	within "$PATIENCE" docker exec box true
	must docker rm -f box
}

@test "dockerd and its containerd restarted with --live-restore: a container goes on" {
	local pid
	stop_dockerd
	start_dockerd --live-restore
	must docker run -d --name box bb sh -c 'trap "exit 3" TERM; while :; do sleep 0.1; done'
	must docker inspect box --format '{{.State.Pid}}'
	pid=$output
	stop_dockerd
	kill -0 "$pid"
	start_dockerd --live-restore
	must docker inspect box --format '{{.State.Status}} {{.State.Pid}}'
	[[ $output == "running $pid" ]]
	must docker exec box echo still here
	[[ $output == 'still here' ]]
	must docker stop box
	must docker wait box
	[[ $output == 3 ]]
	must docker rm box
	stop_dockerd
	start_dockerd
}
