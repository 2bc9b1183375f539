#!/usr/bin/env bats
# Kubernetes' interface: containerd's CRI plugin with dabba as its runtime, driven over gRPC.
# The cgroup driver is systemd where systemd runs, as kubeadm sets it up, cgroupfs elsewhere.
load helpers/cri

setup_file() {
	has_controller cpu || return 0
	# The kubelet makes and removes the cgroups of pods.
	has_systemd || mkdir -p /sys/fs/cgroup/dabba/pod1
	cri_setup_file "$(has_systemd && echo true || echo false)"
}

teardown_file() {
	[[ ! -e $BATS_FILE_TMPDIR/cri.pid ]] || cri_teardown_file
}

setup() {
	# Every sandbox asks for two shares of the processor.
	require controller cpu
}

teardown() {
	has_controller cpu || return 0
	remove_pods
	nothing_leaked
}

@test "cri: the runtime is ready and dabba is the default handler" {
	must cri Status '{"verbose": true}'
	jq -e '[.status.conditions[] | .status] == [true, true]' <<<"$output"
	jq -e '.info.config | fromjson | .containerd.defaultRuntimeName == "dabba"' <<<"$output"
}

@test "cri: a sandbox with a network, a container, its log and its exit code" {
	pod one
	must cri PodSandboxStatus "{\"pod_sandbox_id\": \"$pod\"}"
	[[ $(jq -r '.status | .state + .network.ip' <<<"$output") == SANDBOX_READY10.77.0.* ]]
	container talker '.command = ["sh", "-c", "echo to the log; hostname; exit 9"]'
	within "$PATIENCE" has_state CONTAINER_EXITED
	must cri ContainerStatus "{\"container_id\": \"$container\"}"
	[[ $(jq .status.exitCode <<<"$output") == 9 ]]
	[[ $(cut -d' ' -f2,4- "$BATS_TEST_TMPDIR/logs/talker.log") == $'stdout to the log\nstdout one' ]]
	must cri RemoveContainer "{\"container_id\": \"$container\"}"
}

@test "cri: two containers share the network and the shared memory" {
	pod shared
	container one '.command = ["sh", "-c", "echo there >/dev/shm/file; exec nc -l -p 7000 -e echo welcome"]'
	container two
	in_container 'until nc 127.0.0.1 7000 </dev/null; do sleep 0.2; done; cat /dev/shm/file /proc/1/comm'
	[[ $output == $'welcome\nthere\nsleep' ]]
}

@test "cri: one pid namespace for the pod, and the host's" {
	pod together '.linux.security_context.namespace_options.pid = "POD"'
	container one '.linux.security_context.namespace_options.pid = "POD"'
	container two '.linux.security_context.namespace_options.pid = "POD"'
	in_container 'ps'
	[[ $output == *'sleep infinity'*'sleep 1000'* ]]
	pod host '.hostname = "" | .linux.security_context.namespace_options = {pid: "NODE", network: "NODE", ipc: "NODE"}'
	container three '.linux.security_context.namespace_options = {pid: "NODE", network: "NODE", ipc: "NODE"}'
	in_container 'readlink /proc/self/ns/net'
	[[ $output == "$(readlink /proc/self/ns/net)" ]]
}

@test "cri: exec, sync and streaming, with input and a terminal; attach" {
	pod exec
	container box
	in_container 'echo out; echo err >&2; exit 3'
	[[ $output == out && $error == err ]]
	((status == 3))
	must cri Exec "{\"container_id\": \"$container\", \"cmd\": [\"sh\", \"-c\", \"read x; echo got \$x; exit 4\"],
		\"stdin\": true, \"stdout\": true, \"stderr\": true}"
	must cri Stream "{\"url\": $(jq .url <<<"$output"), \"input\": \"hello\\n\"}"
	jq -e '.stdout == "got hello\n" and (.status.message | test("exit code 4"))' <<<"$output"
	must cri Exec "{\"container_id\": \"$container\", \"cmd\": [\"sh\"], \"stdin\": true, \"stdout\": true, \"tty\": true}"
	must cri Stream "{\"url\": $(jq .url <<<"$output"), \"input\": \"tty; exit\\n\"}"
	[[ $(jq -r .stdout <<<"$output") == */dev/pts/* ]]
	fails cri ExecSync "{\"container_id\": \"$container\", \"cmd\": [\"no-such-program\"], \"timeout\": 60}"
	[[ $output == *no-such-program*not\ found* ]]
	container asks '.command = ["sh", "-c", "read x; echo got $x; sleep 1000"] | .stdin = true'
	must cri Attach "{\"container_id\": \"$container\", \"stdin\": true, \"stdout\": true, \"stderr\": true}"
	must cri Stream "{\"url\": $(jq .url <<<"$output"), \"input\": \"hello\\n\", \"stop\": \"got hello\"}"
	[[ $(jq -r .stdout <<<"$output") == $'got hello' ]]
}

@test "cri: ExecSync that takes too long" {
	pod slow
	container box
	fails cri ExecSync "{\"container_id\": \"$container\", \"cmd\": [\"sleep\", \"1000\"], \"timeout\": 1}"
	[[ $output == *DEADLINE* || $output == *timed\ out* || $output == *deadline* ]]
	in_container true
	((status == 0))
}

@test "cri: limits, an update of them, statistics" {
	require controller memory
	pod limits
	container box '.linux.resources = {memory_limit_in_bytes: 67108864, cpu_quota: 50000, cpu_period: 100000,
		cpu_shares: 512, oom_score_adj: 500, cpuset_cpus: "0", unified: {"memory.high": "50331648"}}'
	! has_systemd || [[ $(<"/proc/$(pgrep -fx 'sleep 1000')/cgroup") == 0::/*/dabba-pod1.slice/*"$container".scope ]]
	in_container 'cd /sys/fs/cgroup; cat memory.max cpu.max cpu.weight; cat /proc/self/oom_score_adj'
	[[ $output == $'67108864\n50000 100000\n59\n'* ]]
	must cri UpdateContainerResources "{\"container_id\": \"$container\", \"linux\":
		{\"memory_limit_in_bytes\": 83886080, \"cpu_quota\": 80000, \"cpu_period\": 100000}}"
	! has_systemd || systemctl daemon-reload
	in_container 'cd /sys/fs/cgroup; cat memory.max cpu.max memory.high'
	[[ $output == $'83886080\n80000 100000\n50331648' ]]
	must cri ContainerStats "{\"container_id\": \"$container\"}"
	jq -e '.stats.memory.workingSetBytes.value | tonumber > 0' <<<"$output"
	must cri ListContainerStats
	must cri PodSandboxStats "{\"pod_sandbox_id\": \"$pod\"}"
}

@test "cri: security contexts" {
	pod secure '.linux.security_context.seccomp = {profile_type: "RuntimeDefault"}'
	container box '.linux.security_context = {
		run_as_user: {value: 1000}, run_as_group: {value: 1000}, supplemental_groups: [77],
		readonly_rootfs: true, no_new_privs: true, seccomp: {profile_type: "RuntimeDefault"},
		capabilities: {add_capabilities: ["NET_ADMIN"], drop_capabilities: ["ALL"]},
		masked_paths: ["/etc/group"], readonly_paths: ["/proc/sys"]}'
	in_container 'id -u; id -G; ! touch /x 2>/dev/null; wc -c </etc/group
		grep -E "^(CapBnd|NoNewPrivs|Seccomp):" /proc/self/status'
	[[ $output == $'1000\n1000 77\n0\n'*CapBnd:*0000000000001000*NoNewPrivs:*1*Seccomp:*2 ]]
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"],
		"action": "SCMP_ACT_ERRNO"}]}' >"$BATS_TEST_TMPDIR/profile.json"
	container local ".linux.security_context.seccomp =
		{profile_type: \"Localhost\", localhost_ref: \"$BATS_TEST_TMPDIR/profile.json\"}"
	in_container '! mkdir /x'
	((status == 0))
	pod trusted '.linux.security_context.privileged = true'
	container root '.linux.security_context.privileged = true'
	in_container 'mount -t tmpfs none /tmp && grep Seccomp: /proc/self/status'
	[[ $output == *0 ]]
}

@test "cri: mounts with propagation, devices, sysctls, environment" {
	local shared=$BATS_TEST_TMPDIR/shared
	mkdir "$shared" "$BATS_TEST_TMPDIR/data"
	mount -t tmpfs tmpfs "$shared"
	mount --make-shared "$shared"
	echo there >"$BATS_TEST_TMPDIR/data/file"
	pod mounts '.linux.sysctls = {"net.ipv4.ip_unprivileged_port_start": "7"}'
	container box "$(printf '.mounts = [
		{container_path: "/data", host_path: "%s", readonly: true},
		{container_path: "/slave", host_path: "%s", propagation: "PROPAGATION_HOST_TO_CONTAINER"}] |
		.devices = [{container_path: "/dev/nought", host_path: "/dev/zero", permissions: "r"}] |
		.envs = [{key: "A", value: "b"}] | .working_dir = "/data"' "$BATS_TEST_TMPDIR/data" "$shared")"
	mkdir "$shared/late"
	mount -t tmpfs tmpfs "$shared/late"
	in_container 'cat file; ! touch x 2>/dev/null; head -c 3 /dev/nought | wc -c; echo $A
		cat /proc/sys/net/ipv4/ip_unprivileged_port_start; ! head -c 1 /dev/full 2>/dev/null; grep -c " /slave/late " /proc/mounts'
	[[ $output == $'there\n3\nb\n7\n'1 ]]
	umount "$shared/late" "$shared"
}

@test "cri: a program that cannot start, and what the kubelet is told" {
	pod broken
	create_container box '.command = ["/no/such/program"]'
	fails cri StartContainer "{\"container_id\": \"$container\"}"
	[[ $output == *'/no/such/program'* ]]
	[[ $(jq -r .error <<<"$output") == *dabba* || $output == *process.args* ]]
}

@test "cri: stop with a grace period, and remove" {
	pod stop
	container polite '.command = ["sh", "-c", "trap \"exit 5\" TERM; while :; do sleep 0.1; done"]'
	must cri StopContainer "{\"container_id\": \"$container\", \"timeout\": 30}"
	must cri ContainerStatus "{\"container_id\": \"$container\"}"
	[[ $(jq .status.exitCode <<<"$output") == 5 ]]
	container stubborn '.command = ["sh", "-c", "trap : TERM; while :; do sleep 0.1; done"]'
	must cri StopContainer "{\"container_id\": \"$container\", \"timeout\": 1}"
	must cri ContainerStatus "{\"container_id\": \"$container\"}"
	[[ $(jq .status.exitCode <<<"$output") == 137 ]]
	must cri StopPodSandbox "{\"pod_sandbox_id\": \"$pod\"}"
	must cri RemovePodSandbox "{\"pod_sandbox_id\": \"$pod\"}"
}

# The reason "OOMKilled" depends on who is faster, containerd's watcher or the end.
@test "cri: a container that runs out of memory is killed" {
	require controller memory
	pod hungry
	container eater '.command = ["tail", "/dev/zero"] |
		.linux.resources = {memory_limit_in_bytes: 16777216, memory_swap_limit_in_bytes: 16777216}'
	within "$PATIENCE" has_state CONTAINER_EXITED
	must cri ContainerStatus "{\"container_id\": \"$container\"}"
	jq -e '.status.exitCode == 137' <<<"$output"
}

@test "cri: a RuntimeClass by the name in contrib/kubernetes, and one that is not there" {
	pod class . "$(sed -n 's/^handler: //p' "$TOP/contrib/kubernetes/runtimeclass.yaml")"
	must cri PodSandboxStatus "{\"pod_sandbox_id\": \"$pod\"}"
	[[ $(jq -r .status.runtimeHandler <<<"$output") == dabba ]]
	POD_CONFIG=$(jq -c '.metadata.name = "other"' <<<"$POD_CONFIG")
	fails cri RunPodSandbox "{\"config\": $POD_CONFIG, \"runtime_handler\": \"nonsense\"}"
	[[ $output == *nonsense* ]]
}

@test "cri: containerd restarted while a pod runs" {
	local pid
	pod lasting
	container box
	in_container 'touch /mine'
	pid=$(pgrep -fx 'sleep 1000')
	stop_containerd
	kill -0 "$pid"
	start_containerd
	within "$PATIENCE" cri Version
	has_state CONTAINER_RUNNING
	in_container 'ls /mine'
	[[ $output == /mine ]]
	must cri StopContainer "{\"container_id\": \"$container\", \"timeout\": 0}"
	must cri ContainerStatus "{\"container_id\": \"$container\"}"
	[[ $(jq .status.exitCode <<<"$output") == 137 ]]
}

# The last one: those above have the cgroup driver of the machine.
@test "cri: SystemdCgroup = false" {
	require controller memory
	remove_pods
	stop_containerd
	configure_containerd false >/etc/containerd/config.toml
	start_containerd
	within "$PATIENCE" cri Version
	mkdir -p /sys/fs/cgroup/plain/pod1
	pod plain '.linux.cgroup_parent = "/plain/pod1"'
	container box '.linux.resources = {memory_limit_in_bytes: 67108864}'
	grep -q "^0::/plain/pod1/$container$" "/proc/$(pgrep -fx 'sleep 1000')/cgroup"
	in_container 'cat /sys/fs/cgroup/memory.max'
	[[ $output == 67108864 ]]
	must cri UpdateContainerResources "{\"container_id\": \"$container\", \"linux\": {\"memory_limit_in_bytes\": 83886080}}"
	in_container 'cat /sys/fs/cgroup/memory.max'
	[[ $output == 83886080 ]]
	remove_pods
	rmdir /sys/fs/cgroup/plain/pod1 /sys/fs/cgroup/plain
}
