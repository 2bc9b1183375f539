# shellcheck shell=bash
# podman with the configuration of contrib/podman, and the image "bb".
# shellcheck source=tests/clients/helpers/client.bash
source "$BATS_TEST_DIRNAME/helpers/client.bash"

# What this machine lacks is not asked of any runtime: podman's defaults want both.
podman_defaults() {
	local limits=''
	has_controller pids || limits+='pids_limit = 0\n'
	has_capability 24 || limits+='default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n'
	printf "[containers]\n${limits}[engine]\ncgroup_manager = \"%s\"\nevents_logger = \"file\"\n" \
		"$(has_systemd && echo systemd || echo cgroupfs)" \
		>/etc/containers/containers.conf.d/machine.conf
}

setup_podman() {
	podman_defaults
	podman image exists bb || {
		command podman load -qi "$CLIENT_IMAGES"
		command podman tag localhost/busybox:1 localhost/bb
	}
	# podman makes what stays, such as the directory of its locks, the first time.
	command podman run --rm --net=none bb true
	remember_traces
}

# It warns on a hybrid host, whose tree has no controllers to enable for conmon.
podman() {
	patiently podman --log-level=error "$@"
}

# run_bb OPTION... -- COMMAND...
run_bb() {
	local options=()
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	shift
	podman run --rm --net=none "${options[@]}" bb "$@"
}

# logged CONTAINER TEXT
logged() {
	[[ $(podman logs "$1" 2>&1) == *"$2"* ]]
}

# has_status CONTAINER STATUS
has_status() {
	[[ $(podman inspect "$1" --format '{{.State.Status}}') == "$2" ]]
}

remove_all() {
	podman pod rm -af -t 0 >/dev/null
	podman rm -af -t 0 >/dev/null
	podman volume rm -af >/dev/null
}
