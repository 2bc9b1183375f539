#!/usr/bin/env bats
# dabba events: statistics, memory that runs out, and the end, as lines of JSON.
load helpers/bundle

setup() {
	setup_bundle
	[[ $RUNTIME != *crun* ]] || skip "crun has no events"
}

# watch_events [OPTION...]: the stream into the file "events" until the container ends.
watch_events() {
	# Not through the function, whose process would be another one.
	timeout --foreground 60 "$RUNTIME" --root "$ROOT" events "$@" "$ID" >events 2>events.err 3>&- &
	WATCHER=$!
	eventually watcher_waits
}

# It sleeps in poll(2), so that what happens from now on is seen; runc waits elsewhere.
watcher_waits() {
	is_dabba || { sleep 0.5 && return; }
	[[ $(cat "/proc/$(pgrep -P "$WATCHER")/wchan") == *poll* ]]
}

# The stream has ended by itself, with this status.
ended_with() {
	local result=0
	wait "$WATCHER" || result=$?
	((result == $1))
}

events_of_type() {
	jq -s --arg type "$1" 'map(select(.type == $type)) | length' events
}

@test "events: --stats prints one object in runc's shape" {
	start_sleeper
	eventually has_tasks 2
	must runtime events --stats "$ID"
	[[ $(wc -l <<<"$output") == 1 && -z $error ]]
	jq -e --arg id "$ID" '.type == "stats" and .id == $id and
		(keys == ["data", "id", "type"]) and
		(.data | has("cpu") and has("cpuset") and has("memory") and has("pids") and
		 has("blkio") and has("hugetlb") and has("intel_rdt") and
		 has("network_interfaces"))' <<<"$output"
	jq -e '.data | .cpu.usage.total >= .cpu.usage.user and .cpu.usage.total > 0 and
		.pids.current >= 2 and (.memory.kernel | keys) == ["failcnt", "limit"]' <<<"$output"
}

@test "events: statistics of memory, tasks and limits are the kernel's" {
	require controller memory
	edit '.linux.resources = {memory: {limit: 67108864, swap: 134217728},
		pids: {limit: 33}, cpu: {quota: 50000, period: 100000}}'
	start_sleeper
	must runtime events --stats "$ID"
	jq -e '.data | .memory.usage.limit == 67108864 and .memory.usage.usage > 0 and
		.memory.swap.limit == 134217728 and .memory.swap.usage >= .memory.usage.usage and
		.memory.raw.anon > 0 and .pids.limit == 33 and
		(.cpu.throttling | type) == "object"' <<<"$output"
	if is_dabba; then
		jq -e '.data.memory.event_count.oom_kill == 0' <<<"$output"
		! has_controller hugetlb || jq -e '.data.hugetlb["2MB"].failcnt == 0' <<<"$output"
	fi
}

@test "events: pressure stall information where the kernel has it" {
	require dabba
	start_sleeper
	must runtime events --stats "$ID"
	if cat "/sys/fs/cgroup/$ID/cpu.pressure" >/dev/null 2>&1; then
		jq -e '.data.cpu.psi.some | keys == ["avg10", "avg300", "avg60", "total"]' <<<"$output"
		jq -e '.data.cpu.psi.full.total >= 0 and .data.memory.psi and .data.blkio.psi' \
			<<<"$output"
	else
		jq -e '.data.cpu | has("psi") | not' <<<"$output"
	fi
}

@test "events: the shape is that of the runc that is installed" {
	require dabba
	require controller memory
	require command runc
	# What newer versions of runc have as well.
	local shape='.data |= (.cpu |= del(.psi) | .memory |= del(.psi, .event_count) |
		.blkio |= del(.psi)) | [paths(type != "object") | map(tostring) | join(".")] |
		map(select(test("\\.raw\\.|\\.(usage|max|cache)$") | not))'
	edit '.linux.resources = {memory: {limit: 67108864}, pids: {limit: 33}}'
	start_sleeper
	must runtime events --stats "$ID"
	jq -Sc "$shape | sort" <<<"$output" >ours
	must runtime delete --force "$ID"
	must runc --root "$BATS_TEST_TMPDIR/runc" run -d "$ID"
	try runc --root "$BATS_TEST_TMPDIR/runc" events --stats "$ID"
	runc --root "$BATS_TEST_TMPDIR/runc" delete --force "$ID"
	jq -Sc "$shape | sort" <<<"$output" >theirs
	diff ours theirs
}

@test "events: at each interval, until the container ends" {
	start_sleeper
	watch_events --interval 50ms
	enough() { (($(events_of_type stats) >= 3)); }
	eventually enough
	must runtime kill "$ID" KILL
	is_dabba || return 0
	ended_with 0
	[[ ! -s events.err ]]
	jq -e -s 'all(.type == "stats")' events
}

@test "events: the end is seen at once, whatever the interval" {
	require dabba
	start_sleeper
	watch_events --interval 1h
	must runtime delete --force "$ID"
	ended_with 0
	[[ ! -s events && ! -s events.err ]]
}

@test "events: the last process of a shared pid namespace is the end" {
	require dabba
	edit '.linux.namespaces |= map(select(.type != "pid"))'
	sh_args 'sleep 30 & exit 0'
	must runtime create "$ID"
	watch_events --interval 1h
	must runtime start "$ID"
	eventually has_status stopped
	sleep 0.1
	kill -0 "$WATCHER"
	must runtime kill --all "$ID" KILL
	ended_with 0
}

@test "events: a process that is killed for want of memory" {
	require controller memory
	edit '.linux.resources = {memory: {limit: 16777216, swap: 16777216}}'
	# The shell survives its child, which holds a line of any length and asks to be chosen.
	sh_args 'while [ ! -e /tmp/go ]; do sleep 0.02; done
		(echo 1000 >/proc/self/oom_score_adj; tr "\0" x </dev/zero | sed -n p); sleep 30'
	must runtime create "$ID"
	must runtime start "$ID"
	watch_events --interval 1h
	touch rootfs/tmp/go
	seen() { (($(events_of_type oom) >= 1)); }
	eventually seen
	if is_dabba; then
		killed() { (($(events_of_type oom_kill) >= 1)); }
		eventually killed
	fi
	jq -e -s --arg id "$ID" 'all(.id == $id and keys == ["id", "type"])' events
	must runtime events --stats "$ID"
	! is_dabba || jq -e '.data.memory.event_count.oom_kill >= 1' <<<"$output"
	must runtime delete --force "$ID"
	! is_dabba || ended_with 0
}

@test "events: nothing is looked at while nothing happens" {
	require dabba
	require command strace
	start_sleeper
	watch_events --interval 1h
	pid=$(pgrep -P "$WATCHER")
	timeout 1 strace -f -o trace -p "$pid" || true
	# The poll(2) that it sleeps in, and strace's own leaving.
	(($(grep -c 'poll(' trace) <= 1 && $(grep -vc -e 'poll(' -e detached -e strace trace) == 0))
	must runtime delete --force "$ID"
}

@test "events: intervals that are none" {
	require dabba
	start_sleeper
	local interval
	for interval in 0 5 0s -1s '' s 1x 1.2.3s 1s2 99999999h 1ns 1e3s; do
		fails runtime events --interval "$interval" "$ID"
		one_sentence
		said '--interval'
	done
	for interval in 5s 1m30s 1.5h 500ms 1000us; do
		must runtime events --stats --interval "$interval" "$ID"
	done
}

@test "events: a stopped container, an unknown one" {
	must runtime create "$ID"
	must runtime start "$ID"
	eventually has_status stopped
	fails runtime events --stats "$ID"
	one_sentence
	said 'not running'
	fails runtime events nobody
	one_sentence
	said 'nobody.*does not exist'
}
