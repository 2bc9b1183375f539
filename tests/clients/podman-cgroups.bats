#!/usr/bin/env bats
# What podman does with cgroups, by the manager of the machine: limits and their updates, pods,
# and what "kube play" makes of a Kubernetes manifest.
load helpers/podman

setup_file() {
	has_controller pids || return 0
	setup_podman
	printf '[engine]\ninfra_image = "localhost/pause:1"\ninfra_command = ""\n' \
		>/etc/containers/containers.conf.d/pause.conf
}

# Its cgroupfs manager forbids a pod all devices on cgroup v2, /dev/null too, with any runtime.
pods_work() {
	has_systemd || skip "systemd does not keep the cgroups of this machine"
}

setup() {
	# Podman itself makes a cgroup for a pod, and hands controllers down to it.
	require controller pids
}

teardown() {
	has_controller pids || return 0
	remove_all
	nothing_leaked
}

@test "podman --memory, --cpus, --pids-limit, an update" {
	must podman run -d --net=none --name box --memory 64m --memory-swap 64m --cpus 1.5 --pids-limit 50 \
		--cpu-shares 512 --cpuset-cpus 0 --memory-reservation 32m bb sleep 1000
	must podman exec box sh -c 'cd /sys/fs/cgroup; cat memory.max memory.swap.max cpu.max pids.max cpuset.cpus.effective memory.low'
	[[ $output == $'67108864\n0\n150000 100000\n50\n0\n33554432' ]]
	must podman update --memory 80m --cpus 0.5 box
	must podman exec box sh -c 'cd /sys/fs/cgroup; cat memory.max cpu.max'
	[[ $output == $'83886080\n50000 100000' ]]
	must podman update --cpu-shares 1024 --cpuset-cpus 0 --cpuset-mems 0 --memory-reservation 16m --memory-swap 100m box
	! has_systemd || systemctl daemon-reload
	must podman exec box sh -c 'cd /sys/fs/cgroup; cat cpu.weight cpuset.mems memory.low memory.swap.max memory.max pids.max'
	[[ $output == $'100\n0\n16777216\n20971520\n83886080\n50' ]]
	must podman stats --no-stream --format '{{.Name}} {{.MemUsage}} {{.PIDs}}' box
	[[ $output == 'box '*' 1' ]]
}

# Not asked of podman: conmon 2.1 writes "oom" where podman was started, podman 4.3 looks for it
# elsewhere, and .State.OOMKilled stays false with any runtime.
@test "podman --memory: out of memory is counted in the cgroup that conmon watches" {
	local pid
	must podman run -d --net=none --name eater --log-driver k8s-file --memory 16m --memory-swap 16m bb \
		sh -c 'tail /dev/zero; echo $?; sleep 1000'
	within "$PATIENCE" logged eater 137
	must podman inspect eater --format '{{.State.Pid}}'
	pid=$output
	grep -q '^oom_kill [1-9]' "/sys/fs/cgroup$(sed s/^0::// "/proc/$pid/cgroup")/memory.events"
	try run_bb --memory 16m --memory-swap 16m -- tail /dev/zero
	((status == 137))
}

@test "podman --cgroup-conf, --cgroup-parent, and limits by the manager cgroupfs" {
	must run_bb --cgroup-conf pids.max=33 -- cat /sys/fs/cgroup/pids.max
	[[ $output == 33 ]]
	must podman --cgroup-manager cgroupfs run --rm --net=none --cgroup-parent /parent --memory 64m --pids-limit 44 \
		--cgroupns=host bb sh -c 'cd /sys/fs/cgroup$(sed s/^0::// /proc/self/cgroup); pwd; cat memory.max pids.max'
	[[ $output == /sys/fs/cgroup/parent/libpod-*$'\n67108864\n44' ]]
	find /sys/fs/cgroup/parent -depth -type d -exec rmdir {} +
}

@test "podman pod: its containers share namespaces, and stop, start and go together" {
	pods_work
	must podman pod create --name pod --network none --infra-image localhost/pause:1
	must podman run -d --pod pod --name one bb sh -c 'hostname changed 2>/dev/null; nc -l -p 5000 -e echo welcome'
	must podman run --rm --pod pod bb sh -c 'until nc 127.0.0.1 5000 </dev/null; do sleep 0.3; done'
	[[ $output == welcome ]]
	# Podman unpauses a pod only when nothing in it has ended.
	must podman rm -f -t 0 one
	must podman run -d --pod pod --name two bb sleep 1000
	must podman exec two sh -c 'for ns in net ipc uts pid mnt; do readlink /proc/self/ns/$ns; done'
	local two=$output
	must podman run --rm --pod pod bb sh -c 'for ns in net ipc uts pid mnt; do readlink /proc/self/ns/$ns; done'
	[[ $(head -n 3 <<<"$output") == "$(head -n 3 <<<"$two")" ]]
	[[ $(tail -n 2 <<<"$output" | head -n 1) != "$(tail -n 2 <<<"$two" | head -n 1)" ]]
	must podman pod pause pod
	must podman pod unpause pod
	must podman pod stop -t 1 pod
	must podman pod start pod
	must podman pod ps --format '{{.Name}} {{.Status}}'
	[[ $output == pod\ * ]]
	must podman pod rm -f -t 0 pod
}

@test "podman pod --share pid" {
	pods_work
	must podman pod create --name pod --network none --share pid,ipc --infra-image localhost/pause:1
	must podman run -d --pod pod --net none bb sleep 4321
	must podman run --rm --pod pod --net none bb ps
	[[ $output == *'sleep infinity'*'sleep 4321'* ]]
}

@test "podman kube play, generate and down" {
	pods_work
	# Podman gives a new volume to the user of the container it happens to start first.
	cat >"$BATS_TEST_TMPDIR/pod.yaml" <<-'YAML'
		apiVersion: v1
		kind: Pod
		metadata:
		  name: web
		spec:
		  restartPolicy: Never
		  containers:
		  - name: server
		    image: localhost/bb
		    imagePullPolicy: Never
		    command: ["sh", "-c", "echo $GREETING >/data/greeting; exec sleep 1000"]
		    env: [{name: GREETING, value: hello}]
		    securityContext:
		      readOnlyRootFilesystem: true
		      allowPrivilegeEscalation: false
		      capabilities: {drop: [ALL], add: [CHOWN, DAC_OVERRIDE]}
		    volumeMounts: [{name: data, mountPath: /data}]
		  - name: reader
		    image: localhost/bb
		    imagePullPolicy: Never
		    command: ["sleep", "1000"]
		    securityContext: {runAsUser: 1000}
		    volumeMounts: [{name: data, mountPath: /data, readOnly: true}]
		  volumes: [{name: data, emptyDir: {}}]
	YAML
	must podman kube play --network none "$BATS_TEST_TMPDIR/pod.yaml"
	within "$PATIENCE" podman exec web-reader cat /data/greeting
	must podman exec web-reader sh -c 'cat /data/greeting; id -u; ! touch /data/x 2>/dev/null && echo ro'
	[[ $output == $'hello\n1000\nro' ]]
	must podman exec web-server grep -E 'CapEff|NoNewPrivs' /proc/1/status
	[[ $output == *0000000000000003*NoNewPrivs:*1 ]]
	must podman kube generate web
	[[ $output == *readOnlyRootFilesystem:\ true* ]]
	must podman kube down "$BATS_TEST_TMPDIR/pod.yaml"
	must podman ps -aq
	[[ -z $output ]]
}
