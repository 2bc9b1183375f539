# shellcheck shell=bash
# What containers could leave on a machine on which no others come and go.

traces() {
	find /sys/fs/cgroup -type d
	find /sys/fs/cgroup -name cgroup.procs -exec cat {} + | paste -sd , | xargs ps -o comm= -p |
		grep -E '^(sleep|dabba)' | sort || true
	cat /proc/self/mountinfo
	echo "device programs: $(bpftool prog list | grep -cE 'name (dabba|sd)_devices')"
	ls "$ROOT" 2>/dev/null || true
	systemctl list-units --all --plain --no-legend '*.scope' 2>/dev/null || true
}

# same_traces FILE: they are what "traces" wrote there.
same_traces() {
	traces | diff "$1" -
}
