#!/usr/bin/env bats
# What podman's options make of a container: file systems, devices, rights,
# namespaces, and what conmon and systemd want to be told.
load helpers/podman

setup_file() {
	setup_podman
}

teardown() {
	remove_all
	nothing_leaked
}

@test "podman --read-only, --tmpfs, --shm-size, --mount" {
	must run_bb --read-only -- sh -c '! touch /x; touch /tmp/x /run/x /dev/shm/x /var/tmp/x && echo fine'
	[[ $output == fine ]]
	must run_bb --read-only --read-only-tmpfs=false -- sh -c '! touch /run/x; touch /dev/shm/x && echo fine'
	[[ $output == fine ]]
	must run_bb --tmpfs /scratch:size=1m,mode=1700,noexec -- sh -c \
		'stat -c %a /scratch; grep " /scratch " /proc/mounts'
	[[ $output == 1700$'\n'*noexec*size=1024k* ]]
	must run_bb --shm-size 2m -- grep ' /dev/shm ' /proc/mounts
	[[ $output == *size=2048k* ]]
	mkdir "$BATS_TEST_TMPDIR/data"
	echo there >"$BATS_TEST_TMPDIR/data/file"
	must run_bb --mount "type=bind,src=$BATS_TEST_TMPDIR/data,dst=/deep/er/data,ro=true" -- sh -c \
		'cat /deep/er/data/file; ! touch /deep/er/data/x'
	[[ $output == there ]]
}

@test "podman volumes: named ones, copies, subdirectories, files" {
	must run_bb -v vol:/etc -- sh -c 'cat /etc/group; touch /etc/mine'
	[[ $output == root:* ]]
	must run_bb -v vol:/vol:ro -- sh -c 'ls /vol/mine; ! touch /vol/x'
	echo one >"$BATS_TEST_TMPDIR/file"
	must run_bb -v "$BATS_TEST_TMPDIR/file:/etc/passwd" -- cat /etc/passwd
	[[ $output == one ]]
	must run_bb -v "$BATS_TEST_TMPDIR:/a:rw,nosuid,nodev,noexec" -- grep ' /a ' /proc/mounts
	[[ $output == *nosuid*nodev*noexec* ]]
	must run_bb -v "$BATS_TEST_TMPDIR:/o:O" -- sh -c 'touch /o/over && ls /o'
	[[ ! -e $BATS_TEST_TMPDIR/over ]]
}

@test "podman volumes: every propagation" {
	local kind dir=$BATS_TEST_TMPDIR/shared
	mkdir -p "$dir"
	host_mount -t tmpfs tmpfs "$dir"
	mount --make-shared "$dir"
	mkdir "$dir/sub"
	for kind in private rprivate slave rslave shared rshared unbindable runbindable; do
		must run_bb -v "$dir:/v:$kind" -- grep ' /v ' /proc/self/mountinfo
		case $kind in
		*private) [[ $output != *shared:* && $output != *master:* ]] ;;
		*slave) [[ $output == *master:* && $output != *shared:* ]] ;;
		*shared) [[ $output == *shared:* ]] ;;
		*unbindable) [[ $output == *unbindable* ]] ;;
		esac
	done
	must podman run -d --net=none --name watch -v "$dir:/v:rslave" bb sleep 1000
	host_mount -t tmpfs tmpfs "$dir/sub"
	touch "$dir/sub/seen"
	must podman exec watch ls /v/sub
	[[ $output == seen ]]
	must podman rm -f -t 0 watch
	umount "$dir/sub"
	must run_bb --privileged -v "$dir:/v:rshared" -- mount -t tmpfs -o size=1m inner /v/sub
	grep -q " $dir/sub " /proc/self/mountinfo
	umount "$dir/sub" "$dir"
	rm "$BATS_TEST_TMPDIR/mounted"
}

@test "podman --device, --privileged, --cap-add, --cap-drop, --group-add" {
	must run_bb --device /dev/zero:/dev/nought:r --device /dev/full -- sh -c \
		'head -c 3 /dev/nought | wc -c; stat -c %t:%T /dev/full'
	[[ $output == $'3\n1:7' ]]
	must run_bb --cap-drop all --cap-add net_raw,chown -- grep Cap /proc/self/status
	[[ $output == *CapEff:*0000000000002001*CapBnd:*0000000000002001* ]]
	must run_bb --cap-drop all -u 1000 -- grep CapEff /proc/self/status
	[[ $output == *0000000000000000 ]]
	must run_bb --group-add 77,78 -u 1000:1000 -- id -G
	[[ $output == '1000 77 78' ]]
}

# /dev/kmsg, since what every container has cannot be taken from it.
@test "podman --device with some rights, --device-cgroup-rule" {
	mknod "$BATS_TEST_TMPDIR/log" c 1 11
	must run_bb --cap-add syslog --device "$BATS_TEST_TMPDIR/log:/dev/log:r" -- sh -c \
		': </dev/log; ! true 2>&1 >/dev/log'
	[[ $output == *'not permitted'* ]]
	must run_bb --cap-add syslog,mknod --device-cgroup-rule 'c 1:11 rm' -- sh -c \
		'mknod /log c 1 11 && : </log && ! true >/log'
	[[ $error == *'not permitted'* ]]
}

@test "podman --privileged" {
	must run_bb --privileged -- sh -c 'mount -t tmpfs none /tmp && ls /dev/null /dev/kmsg; grep Seccomp: /proc/self/status'
	[[ $output == */dev/kmsg*Seccomp:*0 ]]
}

@test "podman --security-opt seccomp, no-new-privileges, mask, unmask" {
	must run_bb -- grep -E 'Seccomp:|NoNewPrivs' /proc/self/status
	[[ $output == *NoNewPrivs:*0*Seccomp:*2 ]]
	must run_bb --security-opt no-new-privileges -- grep NoNewPrivs /proc/self/status
	[[ $output == *1 ]]
	must run_bb --security-opt seccomp=unconfined -- grep Seccomp: /proc/self/status
	[[ $output == *0 ]]
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"],
		"action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}' >"$BATS_TEST_TMPDIR/seccomp.json"
	must run_bb --security-opt "seccomp=$BATS_TEST_TMPDIR/seccomp.json" -- sh -c '! mkdir /x 2>&1'
	[[ $output == *'No space left'* ]]
	must run_bb --security-opt mask=/etc/passwd:/home -- sh -c 'wc -c </etc/passwd; ls /home | wc -l'
	[[ $output == $'0\n0' ]]
	must run_bb --security-opt unmask=ALL -- sh -c 'grep -c " /proc/" /proc/mounts'  || ((status == 1))
	[[ $output == 0 ]]
	must run_bb --security-opt unmask=/proc/acpi --security-opt label=disable -- true
	must run_bb --security-opt proc-opts=hidepid=2 -- grep ' /proc ' /proc/mounts
	[[ $output == *hidepid=* ]]
}

@test "podman --ulimit, --sysctl, --hostname, --add-host, --dns, --env, --umask, --init" {
	must run_bb --ulimit nofile=100:200 --ulimit nproc=50:60 -- sh -c 'ulimit -Sn; ulimit -Hn; ulimit -Su'
	[[ $output == $'100\n200\n50' ]]
	must run_bb --sysctl net.ipv4.ip_unprivileged_port_start=5 --hostname here --umask 027 -e A=b -- sh -c \
		'cat /proc/sys/net/ipv4/ip_unprivileged_port_start; hostname; umask; echo $A'
	[[ $output == $'5\nhere\n0027\nb' ]]
	must run_bb --init -- sh -c 'cat /proc/1/comm; echo $$'
	[[ $output == podman-init$'\n'[2-9]* ]]
	must run_bb --add-host far:1.2.3.4 -- cat /etc/hosts
	[[ $output == *1.2.3.4*far* ]]
	must podman run --rm --net=host --dns 9.9.9.9 bb cat /etc/resolv.conf
	[[ $output == *'nameserver 9.9.9.9'* ]]
	try run_bb --timeout 2 -- sleep 1000
	((status > 128))
}

@test "podman --personality, --oom-score-adj, --secret, --systemd=always, --volumes-from" {
	must run_bb --personality LINUX32 --oom-score-adj 500 -- sh -c 'uname -m; cat /proc/self/oom_score_adj'
	[[ $output == i[3-6]86$'\n'500 ]]
	echo hidden | podman secret create key -
	must run_bb --secret key --secret key,type=env,target=KEY -- sh -c 'cat /run/secrets/key; echo $KEY'
	[[ $output == $'hidden\nhidden' ]]
	must podman secret rm key
	must run_bb --systemd=always -- sh -c 'for dir in /run /run/lock /tmp /var/log/journal; do
		grep -c " $dir tmpfs rw" /proc/mounts; done; mkdir /sys/fs/cgroup/init.scope && echo delegated'
	[[ $output == $'1\n1\n1\n1\ndelegated' ]]
	must podman run -d --net=none --name first -v vol:/vol bb touch /vol/file
	must podman wait first
	must run_bb --volumes-from first -- ls /vol
	[[ $output == file ]]
}

@test "podman volumes: :U, :z, :idmap, --mount type=image, devpts and a copied-up tmpfs" {
	local dir=$BATS_TEST_TMPDIR/data
	mkdir "$dir"
	must run_bb -v "$dir:/data:U,z" -u user -- touch /data/file
	[[ $(stat -c %u "$dir/file") == 1000 ]]
	must run_bb --uidmap 0:200000:5000 -v "$dir:/data:idmap" -- sh -c 'stat -c %u /data/file; touch /data/mapped'
	[[ $output == 1000 && $(stat -c %u "$dir/mapped") == 0 ]]
	must run_bb --mount type=image,source=bb,destination=/image -- ls /image/bin/busybox
	must run_bb --mount type=devpts,destination=/pts -- grep -c ' /pts devpts ' /proc/mounts
	must run_bb --mount type=tmpfs,dst=/etc,tmpcopyup -- sh -c 'grep -c user /etc/passwd; touch /etc/new'
	[[ $output == 1 ]]
}

@test "podman --userns=auto, keep-id's like, --uidmap, --user of the image" {
	echo 'containers:1000000:1000000' >>"$BATS_TEST_TMPDIR/subid"
	mount --bind "$BATS_TEST_TMPDIR/subid" /etc/subuid
	mount --bind "$BATS_TEST_TMPDIR/subid" /etc/subgid
	must run_bb --userns=auto -- sh -c 'id -u; cat /proc/self/uid_map; touch /file && stat -c %u /file'
	[[ $output == 0$'\n'*1000000*$'\n'0 ]]
	must run_bb --userns=auto:size=3000 -u 1000 -- sh -c 'id -u; touch /tmp/x && stat -c %u /tmp/x'
	[[ $output == $'1000\n1000' ]]
	must run_bb --uidmap 0:200000:5000 --gidmap 0:200000:5000 -v vol:/vol -- sh -c 'touch /vol/x; stat -c %u /vol/x'
	[[ $output == 0 ]]
	must run_bb --uidmap 0:200000:5000 --read-only --tmpfs /t --security-opt mask=/etc/group -- touch /t/x
	umount /etc/subuid /etc/subgid
}

@test "podman --pid, --ipc, --net, --uts, --cgroupns: the host's, a container's" {
	local pid
	must podman run -d --net=none --ipc=shareable --name first bb sleep 1234
	must podman run --rm --pid=container:first --ipc=container:first --net=container:first bb ps
	[[ $output == *'sleep 1234'* ]]
	must podman inspect first --format '{{.State.Pid}}'
	pid=$output
	must podman run --rm --net=container:first --ipc=container:first --userns=host bb sh -c \
		'for ns in net ipc; do readlink /proc/self/ns/$ns; done'
	[[ $output == "$(readlink "/proc/$pid/ns/net" "/proc/$pid/ns/ipc")" ]]
	must podman run --rm --net=host --pid=host --ipc=host --uts=host --cgroupns=host bb \
		sh -c 'for ns in net pid ipc uts cgroup; do readlink /proc/self/ns/$ns; done'
	[[ $output == "$(readlink /proc/self/ns/net /proc/self/ns/pid /proc/self/ns/ipc /proc/self/ns/uts /proc/self/ns/cgroup)" ]]
	must run_bb --cgroupns=private -- cat /proc/self/cgroup
	[[ $output == *0::/ ]]
	must podman run -d --net=none --name mapped --uidmap 0:200000:5000 bb sleep 1000
	must run_bb --pid=container:mapped --userns=container:mapped -- cat /proc/self/uid_map
	[[ $output == *200000*5000* ]]
}

@test "podman --cgroups=disabled" {
	must run_bb --cgroups=disabled -- true
}

# hear_ready OPTION...: what a service manager hears from "podman run OPTION... READY", where
# READY is a program that says it is ready and goes on.
hear_ready() {
	local socket=$BATS_TEST_TMPDIR/notify
	/usr/bin/python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1]); s.settimeout(60)
text = b""
while b"READY=1" not in text: text += s.recv(4096) + b"\n"
sys.stdout.buffer.write(text)' "$socket" >"$BATS_TEST_TMPDIR/heard" 3>&- &
	within "$PATIENCE" test -S "$socket"
	NOTIFY_SOCKET=$socket podman run -d --net=none "$@" -v /usr:/usr:ro -v /lib:/lib:ro -v /lib64:/lib64:ro bb \
		/usr/bin/python3 -c 'import os, socket, time
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"READY=1\nSTATUS=well", os.environ["NOTIFY_SOCKET"])
time.sleep(1000)'
	wait $!
	cat "$BATS_TEST_TMPDIR/heard"
}

@test "podman --sdnotify=container: the program says when it is ready" {
	must hear_ready --name service --sdnotify=container
	[[ $output == *READY=1* && $output == *MAINPID=* ]]
}

@test "podman --sdnotify=conmon: ready when the container runs" {
	must hear_ready --name service --sdnotify=conmon --env NOTIFY_SOCKET=/dev/null
	[[ $output == *READY=1* ]]
}

@test "podman healthchecks" {
	must podman run -d --net=none --name sick --health-cmd 'test -e /tmp/well' --health-interval disable bb sleep 1000
	fails podman healthcheck run sick
	must podman exec sick touch /tmp/well
	must podman healthcheck run sick
	must podman inspect sick --format '{{.State.Health.Status}}'
	[[ $output == healthy ]]
	must podman run -d --net=none --name dying --health-cmd 'exit 1' --health-retries 2 --health-interval disable \
		--health-on-failure kill bb sleep 1000
	fails podman healthcheck run dying
	fails podman healthcheck run dying
	must podman wait dying
	[[ $output == 137 ]]
}

@test "podman --network: a bridge, two containers talk" {
	must podman network create --disable-dns net1
	must podman run -d --network net1 --ip 10.89.0.10 --name server bb sh -c 'echo welcome | nc -l -p 80'
	must podman run --rm --network net1 bb sh -c 'until nc 10.89.0.10 80 </dev/null; do sleep 0.3; done'
	[[ $output == welcome ]]
	must podman rm -f -t 0 server
	must podman network rm net1
}

@test "podman --preserve-fds, --rootfs, --hooks-dir, --annotation" {
	podman run --rm --net=none --preserve-fds 1 bb cat /proc/self/fd/3 3<<<"from fd 3" \
		>"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null
	[[ $(<"$BATS_TEST_TMPDIR/out") == "from fd 3" ]]
	make_rootfs "$BATS_TEST_TMPDIR/root"
	must podman run --rm --net=none --rootfs "$BATS_TEST_TMPDIR/root" touch /file
	[[ -e $BATS_TEST_TMPDIR/root/file ]]
	must podman run --rm --net=none --rootfs "$BATS_TEST_TMPDIR/root:O" touch /gone
	[[ ! -e $BATS_TEST_TMPDIR/root/gone ]]
	mkdir -p "$BATS_TEST_TMPDIR/hooks"
	printf '#!/bin/sh\ncat >%s\n' "$BATS_TEST_TMPDIR/hook-saw" >"$BATS_TEST_TMPDIR/hook"
	chmod +x "$BATS_TEST_TMPDIR/hook"
	echo '{"version": "1.0.0", "hook": {"path": "'"$BATS_TEST_TMPDIR/hook"'"},
		"when": {"annotations": {"^hooked$": "yes"}}, "stages": ["prestart"]}' >"$BATS_TEST_TMPDIR/hooks/a.json"
	must podman --hooks-dir "$BATS_TEST_TMPDIR/hooks" run --rm --net=none --annotation hooked=yes bb true
	jq -e '.pid > 0' "$BATS_TEST_TMPDIR/hook-saw"
}
