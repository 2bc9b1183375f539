# shellcheck shell=bash
# What the tests of all clients share: commands with a limit of time, and proof that a
# client left nothing behind. For a machine as tests/clients/machine makes it.
# shellcheck source=tests/integration/helpers/bundle.bash
source "$BATS_TEST_DIRNAME/../integration/helpers/bundle.bash"

# Seconds that one command of a client may take; an emulated machine is slow.
PATIENCE=${PATIENCE:-120}

# patiently COMMAND...: "timeout" with a terminal and signals as without it.
patiently() {
	timeout --foreground -k 5 "$PATIENCE" "$@"
}

# on_terminal OPTION... COMMAND...: see onpty.py.
on_terminal() {
	/usr/bin/python3 "$TOOLS/onpty.py" -t "$PATIENCE" "$@"
}

# For a shell in a container: waits until the terminal has that size, and ends with 7.
await_size() {
	echo 'until [ "$(stty size 2>/dev/null)" = "'"$1"'" ]; do sleep 0.1; done; exit 7'
}

# Only there where systemd is, and has the engines' cgroups in its care.
has_systemd() {
	[[ -d /run/systemd/system && -z ${DABBA_SANDBOX-} ]]
}

# within SECONDS COMMAND...: succeeds by then; a daemon on an emulated machine takes long.
within() {
	local end=$((SECONDS + $1))
	until "${@:2}" >/dev/null 2>&1; do
		((SECONDS < end)) || {
			echo "not within $1 seconds: ${*:2}"
			return 1
		}
		sleep 0.2
	done
}

# Dead children of somebody here that nobody asks for their status.
zombies() {
	ps -eo stat=,pid=,comm= | awk '$1 ~ /^Z/ && $3 ~ /dabba|conmon/ { print $2 }' | while read -r pid; do
		grep -q '^0::/\.\.' "/proc/$pid/cgroup" 2>/dev/null || echo "zombie: $pid"
	done
}

# What a client could leak: cgroups, state of the runtime, mounts, processes of ours.
traces() {
	find /sys/fs/cgroup -mindepth 1 -type d |
		grep -vE '/(runner|init\.scope|[^/]*\.service|[^/]*\.slice|libpod_parent|default)$'
	find /run/dabba /run/containerd/runc/* /run/docker/runtime-*/* -mindepth 1 2>/dev/null
	grep -oE ' (/var/lib|/run)/(containers|containerd|docker|user)/[^ ]*' /proc/self/mountinfo |
		grep -vx ' /var/lib/containers/storage/overlay'
	pgrep -fa '^(/usr/local/bin/)?dabba( |$)'
	zombies
}

# remember_traces: what is there before the clients are used.
remember_traces() {
	traces | sort >"$BATS_FILE_TMPDIR/traces"
}

new_traces() {
	traces | sort | comm -13 "$BATS_FILE_TMPDIR/traces" -
}

no_new_traces() {
	[[ -z $(new_traces) ]]
}

# nothing_leaked: fails with the list when something is there that was not.
nothing_leaked() {
	within 60 no_new_traces || {
		new_traces
		return 1
	}
}
