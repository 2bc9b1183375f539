# shellcheck shell=bash
# Kubernetes' interface of containerd, spoken by cri.py.
# shellcheck source=tests/clients/helpers/containerd.bash
source "$BATS_TEST_DIRNAME/helpers/containerd.bash"

# One client for the whole file: to start it takes seconds on an emulated machine.
setup_cri() {
	mkfifo "$BATS_FILE_TMPDIR/requests" "$BATS_FILE_TMPDIR/answers"
	/usr/bin/python3 "$BATS_TEST_DIRNAME/helpers/cri.py" "$CONTAINERD_SOCKET" \
		"$BATS_FILE_TMPDIR"/{requests,answers} 2>"$BATS_FILE_TMPDIR/cri.log" 3>&- &
	echo $! >"$BATS_FILE_TMPDIR/cri.pid"
}

# cri METHOD [JSON]: prints the response; fails when it is an error.
cri() {
	local answers line
	exec {answers}<>"$BATS_FILE_TMPDIR/answers"
	printf '%s %s\n' "$1" "$(jq -c . <<<"${2-{\}}")" >"$BATS_FILE_TMPDIR/requests"
	read -r -t "$PATIENCE" -u "$answers" line || line='{"error": "no answer in time"}'
	exec {answers}>&-
	echo "$line"
	! jq -e 'has("error")' <<<"$line" >/dev/null
}

# What the kubelet gives every pod, in the form of its cgroup driver.
pod_cgroup() {
	has_systemd && echo /dabba.slice/dabba-pod1.slice || echo /dabba/pod1
}

# pod NAME [JQ-FILTER [HANDLER]]: sets $pod; the filter changes its configuration.
pod() {
	POD_CONFIG=$(jq -nc --arg name "$1" --arg cgroup "$(pod_cgroup)" --arg logs "$BATS_TEST_TMPDIR/logs" '{
		metadata: {name: $name, uid: ("uid-" + $name), namespace: "default", attempt: 0},
		hostname: $name, log_directory: $logs, linux: {cgroup_parent: $cgroup}}' | jq -c "${2:-.}")
	must cri RunPodSandbox "{\"config\": $POD_CONFIG, \"runtime_handler\": \"${3-}\"}"
	pod=$(jq -r .podSandboxId <<<"$output")
}

# container NAME [JQ-FILTER]: creates one in $pod, starts it and sets $container.
container() {
	create_container "$@"
	must cri StartContainer "{\"container_id\": \"$container\"}"
}

create_container() {
	local config
	config=$(jq -nc --arg name "$1" '{metadata: {name: $name, attempt: 0},
		image: {image: "localhost/busybox:1"}, command: ["sleep", "1000"],
		log_path: ($name + ".log"), linux: {}}' | jq -c "${2:-.}")
	must cri CreateContainer \
		"{\"pod_sandbox_id\": \"$pod\", \"config\": $config, \"sandbox_config\": $POD_CONFIG}"
	container=$(jq -r .containerId <<<"$output")
}

# in_container SCRIPT: ExecSync in $container; $output and $status are the script's.
in_container() {
	local answer
	answer=$(cri ExecSync "$(jq -nc --arg id "$container" --arg script "$1" \
		'{container_id: $id, cmd: ["sh", "-c", $script], timeout: 60}')") || {
		echo "$answer"
		return 1
	}
	status=$(jq '.exitCode // 0' <<<"$answer")
	error=$(jq -r '.stderr // "" | @base64d' <<<"$answer")
	output=$(jq -r '.stdout // "" | @base64d' <<<"$answer")
	printf 'in the container: %s\n[%d] %s\n%s\n' "$1" "$status" "$output" "$error"
}

has_state() {
	[[ $(cri ContainerStatus "{\"container_id\": \"$container\"}" | jq -r .status.state) == "$1" ]]
}

remove_pods() {
	local id
	cri ListPodSandbox | jq -r '.items[]?.id' | while read -r id; do
		cri StopPodSandbox "{\"pod_sandbox_id\": \"$id\"}"
		cri RemovePodSandbox "{\"pod_sandbox_id\": \"$id\"}"
	done
}

cri_setup_file() {
	local BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
	setup_containerd "$1"
	setup_cri
	must cri Version
	pod first
	remove_pods
	remember_traces
}

cri_teardown_file() {
	kill "$(<"$BATS_FILE_TMPDIR/cri.pid")"
	stop_containerd
}
