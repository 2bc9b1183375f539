# shellcheck shell=bash
# A containerd with the configuration of contrib/containerd, and ctr.
# shellcheck source=tests/clients/helpers/client.bash
source "$BATS_TEST_DIRNAME/helpers/client.bash"

CONTAINERD_SOCKET=/run/containerd/containerd.sock

# configure_containerd SYSTEMD-CGROUP: what this machine has elsewhere is added to ours.
configure_containerd() {
	sed "s/^SystemdCgroup = .*/SystemdCgroup = $1/" "$TOP/contrib/containerd/config.toml"
	cat <<-TOML

		[plugins."io.containerd.grpc.v1.cri"]
		sandbox_image = "localhost/pause:1"
		disable_tcp_service = true
		restrict_oom_score_adj = true

		[plugins."io.containerd.grpc.v1.cri".cni]
		bin_dir = "/usr/lib/cni"
	TOML
}

start_containerd() {
	# It must not be in a cgroup that gets limits, and outlives the test that restarts it.
	containerd >>"$BATS_FILE_TMPDIR/containerd.log" 2>&1 </dev/null 3>&- &
	echo $! >"$BATS_FILE_TMPDIR/containerd.pid"
	within "$PATIENCE" ctr version
}

stop_containerd() {
	local pid
	pid=$(<"$BATS_FILE_TMPDIR/containerd.pid")
	kill "$pid" && within "$PATIENCE" has_ended "$pid"
}

has_ended() {
	! kill -0 "$1" 2>/dev/null
}

# setup_containerd SYSTEMD-CGROUP
setup_containerd() {
	configure_containerd "$1" >/etc/containerd/config.toml
	mkdir -p /etc/cni/net.d
	cat >/etc/cni/net.d/10-test.conf <<-'JSON'
		{"cniVersion": "0.4.0", "name": "test", "type": "ptp",
		 "ipam": {"type": "host-local", "subnet": "10.77.0.0/24"}}
	JSON
	start_containerd
	command ctr -n k8s.io images import "$CLIENT_IMAGES"
	command ctr images import "$CLIENT_IMAGES"
	run_ctr --rm -- first true
	remember_traces
}

# Its default, 1024 shares of the processor, is a limit like any other.
shares() {
	has_controller cpu || echo --cpu-shares=0
}

# ctr wants the scope by name, and names are once in a machine: that of the container.
systemd_group() {
	local args=" $* "
	args=${args#* -- }
	has_systemd && echo "--runc-systemd-cgroup --cgroup system.slice:ctr:${args%% *}"
}

# run_ctr OPTION... -- ID COMMAND...
run_ctr() {
	local options=()
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	# shellcheck disable=SC2046 # an option or none
	ctr run $(shares) $(systemd_group "$@") --runc-binary /usr/local/bin/dabba \
		"${options[@]}" localhost/busybox:1 "${@:2}"
}

ctr() {
	patiently ctr "$@"
}
