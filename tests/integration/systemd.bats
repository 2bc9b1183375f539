#!/usr/bin/env bats
# The cgroup manager "systemd": scopes of the machine's systemd and of a user's. Not in
# the sandbox, whose cgroups are not systemd's: see tests/run.sh.
load helpers/bundle
load helpers/traces

setup() {
	require systemd
	ID=test-$BATS_TEST_NUMBER
	SCOPE=dabba-$ID.scope
	BUNDLE=$BATS_TEST_TMPDIR/bundle
	ROOT=$BATS_TEST_TMPDIR/state
	VIA=()
	SYSTEMCTL=(systemctl)
	make_bundle "$BUNDLE" "$ID"
	cd "$BUNDLE" || return
	edit 'del(.linux.cgroupsPath)'
}

teardown() {
	local id
	[[ -n ${ROOT-} ]] || return 0
	VIA=()
	while read -r id; do
		runtime delete --force "$id"
	done < <(ls -A "$ROOT" 2>/dev/null)
	eventually no_scopes || return 1
	[[ -z $(ls -A "$ROOT" 2>/dev/null) ]]
}

runtime() {
	timeout --foreground -k 5 60 "${VIA[@]}" "$RUNTIME" --root "$ROOT" --systemd-cgroup "$@"
}

# Longer than the other tests have: an emulated machine starts programs slowly.
start_sleeper() {
	sh_args 'trap "exit 0" TERM; sleep 600 & wait'
	must runtime create "$ID"
	must runtime start "$ID"
}

# Those of the tests: loaded in whatever state, or a directory without a unit.
scopes() {
	systemctl list-units --all --plain --no-legend '*-test-*'
	(
		shopt -s nullglob
		printf '%s\n' /sys/fs/cgroup{,/*.slice{,/*.slice{,/*.slice,/user@*/*.slice}}}/*-test-*
	)
}

no_scopes() {
	local found
	found=$(scopes)
	[[ -z $found ]] || {
		echo "$found"
		return 1
	}
}

# Sets $shown, what systemd says of the scope, and $cgroup, its directory. One call for
# all: the machine is slow at starting programs.
# A property that is a list of pairs has a line for each.
declare -gA shown
look() {
	local line key
	shown=()
	while IFS= read -r line; do
		key=${line%%=*}
		shown[$key]+=${shown[$key]+ }${line#*=}
	done < <("${SYSTEMCTL[@]}" show "$SCOPE")
	cgroup=/sys/fs/cgroup${shown[ControlGroup]}
}

has_state() {
	look
	[[ ${shown[ActiveState]} == "$1" ]]
}

# same WANT GOT WHAT
same() {
	[[ $1 == "$2" ]] || {
		echo "$3: expected \"$1\", got \"$2\""
		return 1
	}
}

# file NAME VALUE: of the container's cgroup.
file() {
	same "$2" "$(<"$cgroup/$1")" "$1"
}

# is PROPERTY VALUE [FILE VALUE]: as systemd and as the kernel have it.
is() {
	same "$2" "${shown[$1]}" "$1" || return
	[[ $# -lt 4 ]] || file "$3" "$4"
}

limits='.linux.resources = {
	memory: {limit: 67108864, reservation: 33554432, swap: 134217728},
	cpu: {shares: 512, quota: 50000, period: 200000, cpus: "0", mems: "0", burst: 1000},
	pids: {limit: 33}, blockIO: {weight: 500},
	unified: {"memory.high": "50331648", "cgroup.max.depth": "7"}}'

has_limits() {
	look
	is MemoryMax 67108864 memory.max 67108864
	is MemoryLow 33554432 memory.low 33554432
	is MemoryHigh 50331648 memory.high 50331648
	is MemorySwapMax 67108864 memory.swap.max 67108864
	is CPUWeight 59 cpu.weight 59
	is CPUQuotaPerSecUSec 250ms
	is CPUQuotaPeriodUSec 200ms cpu.max '50000 200000'
	is AllowedCPUs 0 cpuset.cpus 0
	is AllowedMemoryNodes 0 cpuset.mems 0
	is TasksMax 33 pids.max 33
	is IOWeight 4950 io.weight 'default 4950'
	file cpu.max.burst 1000
	file cgroup.max.depth 7
}

@test "systemd: a scope of system.slice, in which the program has always been" {
	sh_args 'cat /proc/self/cgroup; sleep 600'
	edit '.linux.namespaces |= map(select(.type != "cgroup"))'
	must runtime create "$ID"
	look
	is ActiveState active
	is Slice system.slice
	is Delegate yes
	is CollectMode inactive-or-failed
	is Description "dabba container $ID"
	is TasksMax infinity pids.max max
	is ControlGroup "/system.slice/$SCOPE"
	# Init alone: what kept its place has gone.
	file cgroup.procs "$(container_pid)"
	[[ $(jq -r .cgroupDriver "$ROOT/$ID/state.json") == systemd ]]
	must runtime delete --force "$ID"
	no_scopes
	sh_args 'cat /proc/self/cgroup'
	must runtime run "$ID"
	[[ $output == "0::/system.slice/$SCOPE" ]]
}

@test "systemd: slice, prefix and name of linux.cgroupsPath" {
	local path cgroup
	sh_args 'sed -n s/^0:://p /proc/self/cgroup'
	edit '.linux.namespaces |= map(select(.type != "cgroup"))'
	while read -r path cgroup; do
		edit '.linux.cgroupsPath = $path' --arg path "$path"
		must runtime run "$ID"
		same "$cgroup" "$output" "$path"
	done <<-END
		a-b-c.slice:pre:$ID /a.slice/a-b.slice/a-b-c.slice/pre-$ID.scope
		:pre:$ID /system.slice/pre-$ID.scope
		-:pre:$ID /pre-$ID.scope
		::dabba-$ID /system.slice/dabba-$ID.scope
		:pre:$ID+x /system.slice/pre-$ID\\x2bx.scope
		a.slice:pre:a-$ID.slice /a.slice/a-test.slice/a-$ID.slice
	END
	systemctl stop a.slice
	no_scopes
}

@test "systemd: other forms of linux.cgroupsPath are refused" {
	require dabba
	local path
	for path in "/$ID" "a.slice:$ID" "a:pre:$ID" "a--b.slice:pre:$ID" a.slice:pre:b:c; do
		edit '.linux.cgroupsPath = $path' --arg path "$path"
		fails runtime run "$ID"
		one_sentence
		said "linux.cgroupsPath"
	done
	no_scopes
}

@test "systemd: limits are its properties and in the files, before and after daemon-reload" {
	edit "$limits"
	start_sleeper
	has_limits
	systemctl daemon-reload
	has_limits
}

@test "systemd: one process is enough of a limit, and none is one" {
	edit '.process.args = ["sleep", "600"] | .linux.resources = {pids: {limit: 1}}'
	must runtime create "$ID"
	must runtime start "$ID"
	look
	is TasksMax 1 pids.max 1
	must runtime delete --force "$ID"
	edit '.linux.resources = {pids: {limit: 0}}'
	must runtime create "$ID"
	must runtime start "$ID"
	look
	is TasksMax 1 pids.max 0
}

@test "systemd: a quota that is not a whole percentage is exact until daemon-reload" {
	edit '.linux.resources = {cpu: {quota: 33333, period: 77777}}'
	start_sleeper
	look
	is CPUQuotaPerSecUSec 430ms cpu.max '33333 77777'
	must runtime update --cpu-quota 22222 "$ID"
	look
	is CPUQuotaPerSecUSec 290ms cpu.max '22222 77777'
	systemctl daemon-reload
	file cpu.max '22555 77777'
}

@test "systemd: a limit that the kernel refuses names the file, and no scope stays" {
	require dabba
	edit '.linux.resources = {unified: {"cgroup.max.depth": "deep"}}'
	fails runtime run "$ID"
	one_sentence
	said 'cgroup.max.depth.*linux.resources.unified'
	no_scopes
	edit '.linux.resources = {memory: {limit: 67108864}, unified: {"cpu.weight": "0"}}'
	fails runtime run "$ID"
	one_sentence
	said 'cpu.weight.*linux.resources.unified'
	no_scopes
}

# Reading may be allowed and writing not, which systemd alone cannot say.
device_rules_hold() {
	try runtime exec "$ID" sh -c 'true </tmp/kmsg && echo read; true >>/tmp/kmsg || echo refused'
	[[ $output == $'read\nrefused' && $error == *"not permitted"* ]] || return 1
	try runtime exec "$ID" mknod /tmp/mem c 1 1
	[[ $status != 0 && $error == *"not permitted"* ]]
}

@test "systemd: a device that two rules allow has the access of both" {
	edit '.linux.devices = [{path: "/dev/nought", type: "c", major: 1, minor: 5, fileMode: 438}] |
		.linux.resources.devices = [
		{allow: false, access: "rwm"},
		{allow: true, type: "c", access: "m"},
		{allow: true, type: "c", major: 1, minor: 5, access: "rwm"},
		{allow: true, type: "c", major: 1, minor: 5, access: "r"}]'
	start_sleeper
	look
	[[ ${shown[DeviceAllow]} == *'/dev/char/1:5 rwm'* ]]
	must runtime exec "$ID" sh -c 'head -c 3 /dev/nought | wc -c'
	[[ $output == 3 ]]
}

@test "systemd: device rules, before and after daemon-reload" {
	edit '.process.capabilities[] += ["CAP_MKNOD", "CAP_SYSLOG"] | .linux.resources.devices = [
		{allow: false, access: "rwm"},
		{allow: true, type: "c", major: 1, minor: 11, access: "rwm"},
		{allow: true, type: "b", major: 7, access: "r"},
		{allow: false, type: "c", major: 1, minor: 11, access: "w"}]'
	start_sleeper
	must runtime exec "$ID" mknod /tmp/kmsg c 1 11
	look
	is DevicePolicy strict
	[[ ${shown[DeviceAllow]} == *'/dev/char/1:11 rwm'* && ${shown[DeviceAllow]} == *'block-7 r'* ]]
	device_rules_hold
	systemctl daemon-reload
	device_rules_hold
	must runtime update --memory 64m "$ID"
	device_rules_hold
	# New rules take the place of the old ones in both.
	echo '{"devices": [{"allow": false, "access": "rwm"},
		{"allow": true, "type": "c", "major": 1, "minor": 1, "access": "m"}]}' >new.json
	must runtime update -r new.json "$ID"
	must runtime exec "$ID" mknod /tmp/mem c 1 1
	look
	[[ ${shown[DeviceAllow]} != *1:11* ]]
	fails runtime exec "$ID" sh -c 'true </tmp/kmsg'
	echo '{"devices": [{"allow": true, "access": "rwm"}]}' >new.json
	must runtime update -r new.json "$ID"
	look
	is DevicePolicy auto
	must runtime exec "$ID" sh -c 'true </tmp/kmsg'
}

@test "systemd: properties from annotations" {
	edit '.annotations = {
		"org.systemd.property.TimeoutStopSec": "7",
		"org.systemd.property.RuntimeMaxUSec": "uint64 3600000000",
		"org.systemd.property.MemoryMin": "uint64 1048576",
		"org.systemd.property.SendSIGHUP": "true",
		"org.systemd.property.Description": "'"'a \\\"box\\\"'"'",
		"org.systemd.property.CollectMode": "'"'inactive'"'",
		"org.systemd.property.Documentation": "['"'man:a(1)', 'man:b(1)'"']"}'
	start_sleeper
	look
	is TimeoutStopUSec 7s
	is RuntimeMaxUSec 1h
	is MemoryMin 1048576 memory.min 1048576
	is SendSIGHUP yes
	is Description 'a "box"'
	is CollectMode inactive
	is Documentation '"man:a(1)" "man:b(1)"'
}

@test "systemd: wrong annotations are refused by name" {
	require dabba
	local name value words
	while IFS='|' read -r name value words; do
		edit '.annotations = {($name): $value}' --arg name "org.systemd.property.$name" \
			--arg value "$value"
		fails runtime run "$ID"
		one_sentence
		said "$words"
	done <<-'END'
		NoSuch|1|NoSuch
		MemoryMax|uint64|MemoryMax
		MemoryMax|[1|MemoryMax
		TimeoutStopSec|'soon'|TimeoutStopSec
		MemoryMax|'much'|wrong type
		PIDs|[uint32 1]|PIDs
		CollectMode|'never'|CollectMode
	END
	no_scopes
}

@test "systemd: update reaches both, and lasts" {
	edit "$limits"
	start_sleeper
	must runtime update --memory 50331648 --pids-limit 44 --cpu-quota 20000 --cpu-share 1024 "$ID"
	updated() {
		look
		is MemoryMax 50331648 memory.max 50331648
		is TasksMax 44 pids.max 44
		is CPUQuotaPerSecUSec 100ms cpu.max '20000 200000'
		is CPUWeight 100 cpu.weight 100
		# What was not named.
		is MemoryLow 33554432 memory.low 33554432
		is MemoryHigh 50331648 memory.high 50331648
		is AllowedCPUs 0 cpuset.cpus 0
		file cpu.max.burst 1000
	}
	updated
	systemctl daemon-reload
	updated
	must runtime update --memory -1 --memory-swap -1 --pids-limit -1 --cpu-quota -1 "$ID"
	look
	is MemoryMax infinity memory.max max
	is TasksMax infinity pids.max max
	# Without a quota systemd does not keep the period.
	is CPUQuotaPerSecUSec infinity cpu.max 'max 100000'
}

@test "systemd: an update that fails changes neither" {
	require dabba
	edit "$limits"
	start_sleeper
	echo '{"memory": {"limit": 50331648}, "unified": {"cgroup.max.depth": "deep"}}' >new.json
	fails runtime update -r new.json "$ID"
	one_sentence
	said cgroup.max.depth
	has_limits
	systemctl daemon-reload
	has_limits
	VIA=(bash -c 'without_systemd "$@"' bash)
	fails runtime update --memory 50331648 "$ID"
	one_sentence
	said 'connect'
	has_limits
}

# without_systemd COMMAND...: where neither systemd nor a message bus can be reached.
without_systemd() {
	unshare -m sh -c 'mount -t tmpfs none /run/systemd && mount -t tmpfs none /run/dbus &&
		exec "$@"' sh "$@"
}
export -f without_systemd

@test "systemd: where it cannot be reached, one sentence says so" {
	require dabba
	VIA=(bash -c 'without_systemd "$@"' bash)
	fails runtime run "$ID"
	one_sentence
	said "cannot connect to.*systemd.*--cgroup-manager=cgroupfs"
	VIA=()
	if [[ ! -e /usr/local/libexec/dabba/dabba-systemd ]]; then
		mkdir alone
		cp "$PROGRAM" alone/dabba
		RUNTIME=$PWD/alone/dabba
		fails runtime run "$ID"
		one_sentence
		said "needs the program dabba-systemd.*alone/dabba-systemd.*--cgroup-manager=cgroupfs"
		RUNTIME=$PROGRAM
	fi
}

@test "systemd: where it cannot be reached, delete works" {
	require dabba
	start_sleeper
	VIA=(bash -c 'without_systemd "$@"' bash)
	must runtime delete --force "$ID"
	# Nothing is said when systemd was faster with the scope of a dead container.
	[[ -z $error ]] || removed_without_systemd "/system.slice/$SCOPE"
	eventually no_scopes
	# Here it is not: it knows nothing of this cgroup.
	edit '.linux.cgroupsPath = $path' --arg path "/$SCOPE"
	must timeout 60 "$RUNTIME" --root "$ROOT" run -d "$ID"
	jq -c '.cgroupDriver = "systemd"' <"$ROOT/$ID/state.json" >new.json
	cp new.json "$ROOT/$ID/state.json"
	must runtime delete --force "$ID"
	removed_without_systemd "/$SCOPE"
	no_scopes
	[[ ! -e $ROOT/$ID ]]
}

# removed_without_systemd CGROUP: all that was said.
removed_without_systemd() {
	[[ $(grep -c . <<<"$error") == 1 && $error == *"level=warning msg="* ]]
	[[ $error == *"cgroup $1 is removed without systemd: cannot connect to"* ]]
}

@test "systemd: a failed unit of that name makes room, one at work does not" {
	require dabba
	# A scope has failed whose program has to be killed.
	systemd-run -q --scope --unit="$SCOPE" -p TimeoutStopSec=100ms \
		sh -c 'trap "" TERM; echo >ready; exec sleep 600' 3>&- &
	eventually test -s ready
	systemctl stop "$SCOPE"
	wait $! || true
	has_state failed
	start_sleeper
	has_state active
	must runtime delete --force "$ID"
	systemd-run -q --scope --unit="$SCOPE" sleep 600 3>&- &
	eventually has_state active
	fails runtime run "$ID"
	one_sentence
	said "$SCOPE.*already"
	has_state active
	systemctl stop "$SCOPE"
	wait $! || true
}

@test "systemd: pause, resume, ps, exec, events and kill" {
	start_sleeper
	must runtime pause "$ID"
	has_status paused
	must runtime resume "$ID"
	has_status running
	must runtime ps --format json "$ID"
	[[ $(jq "index($(container_pid))" <<<"$output") == 0 ]]
	must runtime ps "$ID" -o pid,args
	[[ $output == *PID*COMMAND* && $output == *"sleep 600"* ]]
	must runtime exec -d --pid-file pid "$ID" sleep 600
	look
	grep -qx "$(cat pid)" "$cgroup/cgroup.procs"
	must runtime events --stats "$ID"
	[[ $(jq .data.pids.current <<<"$output") -ge 2 ]]
	must runtime kill --all "$ID" KILL
	eventually has_status stopped
	eventually no_scopes
	must runtime delete "$ID"
}

@test "systemd: exec below the scope, and after an init that handed controllers down" {
	edit '.linux.resources = {pids: {limit: 50}} | .mounts += [{destination: "/sys/fs/cgroup",
		type: "cgroup", source: "cgroup", options: ["nosuid", "noexec", "nodev", "rw"]}]'
	sh_args 'cd /sys/fs/cgroup && mkdir init other && echo 1 >init/cgroup.procs &&
		echo +pids >cgroup.subtree_control && touch /tmp/moved && sleep 600'
	must runtime create "$ID"
	must runtime start "$ID"
	eventually test -e rootfs/tmp/moved
	must runtime exec "$ID" sed -n 's/^0:://p' /proc/self/cgroup
	[[ $output == /init ]]
	must runtime exec --cgroup other "$ID" sed -n 's/^0:://p' /proc/self/cgroup
	[[ $output == /other ]]
	fails runtime exec --cgroup / "$ID" true
	said 'takes no processes'
}

@test "systemd: memory that runs out is an event, at once" {
	require dabba
	edit '.linux.resources = {memory: {limit: 16777216, swap: 16777216}}'
	# Again and again, as what was before the watcher is none of its events.
	sh_args 'while :; do (tr "\0" x </dev/zero | sed -n p); sleep 0.2; done'
	must runtime create "$ID"
	must runtime start "$ID"
	runtime events --interval 1h "$ID" >events 3>&- &
	eventually grep -q '"type":"oom_kill"' events
	grep -q '"type":"oom"' events
	must runtime events --stats "$ID"
	jq -e '.data.memory | .event_count.oom_kill >= 1 and .psi.some' <<<"$output"
	must runtime delete --force "$ID"
	wait $!
}

@test "systemd: delete --force, paused, without an own pid namespace and after init" {
	start_sleeper
	must runtime pause "$ID"
	must runtime delete --force "$ID"
	no_scopes
	edit '.linux.namespaces |= map(select(.type != "pid"))'
	sh_args 'sleep 600 & sleep 600 & exit'
	must runtime create "$ID"
	must runtime start "$ID"
	eventually has_status stopped
	look
	[[ $(wc -l <"$cgroup/cgroup.procs") == 2 ]]
	must runtime delete --force "$ID"
	no_scopes
}

@test "systemd: a create that fails leaves no scope, wherever" {
	require dabba
	local change
	cp config.json good.json
	while read -r change; do
		cp good.json config.json
		edit "$change"
		try runtime run "$ID"
		((status != 0))
		no_scopes
		[[ ! -e $ROOT/$ID ]]
	done <<-'END'
		.hooks.prestart = [{path: "/bin/false"}]
		.hooks.createRuntime = [{path: "/bin/false"}]
		.hooks.createContainer = [{path: "/bin/false"}]
		.hooks.startContainer = [{path: "/bin/false"}]
		.mounts += [{destination: "/mnt", type: "bind", source: "/no/such", options: ["bind"]}]
		.mounts += [{destination: "/mnt", type: "nosuchfs", source: "none"}]
		.process.args = ["/no/such/program"]
		.process.user.additionalGids = [1] | .linux.sysctl = {"kernel.no_such": "1"}
	END
}

@test "systemd: a create that is killed leaves no scope" {
	require dabba
	edit '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", "echo $$ >hook; exec sleep 600"],
		env: ["PATH=/bin"]}]'
	runtime create "$ID" 3>&- &
	eventually test -s hook
	has_state active
	pkill -KILL -f -- "--root $ROOT --systemd-cgroup create $ID"
	wait $! || true
	eventually no_scopes
	kill "$(cat hook)"
	must runtime delete --force "$ID"
	[[ ! -e $ROOT/$ID ]]
}

@test "systemd: 200 containers with limits leave no cgroup, scope, program or mount" {
	require command bpftool
	local i
	edit "$limits"
	edit '.process.args = ["true"] | .linux.resources.devices = [{allow: false, access: "rwm"}]'
	traces >before
	for ((i = 0; i < 100; i++)); do
		runtime run "$ID-$i" </dev/null 3>&-
	done
	edit '.process.args = ["sleep", "600"]'
	for ((i = 100; i < 200; i++)); do
		runtime run -d "$ID-$i" </dev/null 3>&-
		runtime delete --force "$ID-$i"
	done
	eventually same_traces before
	no_scopes
}

@test "systemd: the manager \"disabled\" stays out of it" {
	require dabba
	sh_args 'cat /proc/self/cgroup'
	edit '.linux.namespaces |= map(select(.type != "cgroup"))'
	must "$RUNTIME" --root "$ROOT" --cgroup-manager disabled run "$ID"
	[[ $output == "$(cat /proc/self/cgroup)" ]]
	no_scopes
	edit "$limits"
	fails "$RUNTIME" --root "$ROOT" --cgroup-manager disabled run "$ID"
	one_sentence
	said 'linux.resources.memory.limit'
}

# --- a user's own systemd ---------------------------------------------------------------

# Makes $BUNDLE and $ROOT those of a user who has a systemd of its own.
setup_user() {
	require vm
	id tester >/dev/null 2>&1 || {
		useradd -m -u 4321 tester
		loginctl enable-linger tester
	}
	# The user's systemd takes longer than "eventually" to start.
	local i
	for ((i = 0; i < 300; i++)); do
		[[ ! -S /run/user/4321/systemd/private ]] || break
		sleep 0.2
	done
	# Our own directories may be closed to other users.
	mkdir -p /home/tester/bin
	cp "$PROGRAM" "${PROGRAM%/*}/dabba-systemd" /home/tester/bin
	RUNTIME=/home/tester/bin/dabba
	BUNDLE=$(mktemp -d /home/tester/bundle-XXXXXX)
	ROOT=/run/user/4321/dabba-$ID
	VIA=(runuser -u tester -- env XDG_RUNTIME_DIR=/run/user/4321 "$@")
	SYSTEMCTL=(runuser -u tester -- env XDG_RUNTIME_DIR=/run/user/4321 systemctl --user)
	mkdir "$BUNDLE/rootfs"
	cp -a "$BATS_FILE_TMPDIR/rootfs/." "$BUNDLE/rootfs"
	cd "$BUNDLE" || return
	chown -R tester "$BUNDLE"
	"${VIA[@]}" "$RUNTIME" --root "$ROOT" spec --rootless >/dev/null
	edit '.process.terminal = false'
	chown tester config.json
}

user_container_works() {
	edit "$limits"
	start_sleeper
	has_limits
	is ControlGroup "/user.slice/user-4321.slice/user@4321.service/user.slice/$SCOPE"
	grep -qx "$(container_pid)" "$cgroup/cgroup.procs"
	must runtime exec -d --pid-file pid "$ID" sleep 600
	grep -qx "$(cat pid)" "$cgroup/cgroup.procs"
	must runtime update --memory 50331648 "$ID"
	look
	is MemoryMax 50331648 memory.max 50331648
	must runtime pause "$ID"
	must runtime resume "$ID"
	must runtime delete --force "$ID"
	no_scopes
}

@test "systemd: a user's container, called from the user's own cgroups" {
	setup_user systemd-run --user --scope -q
	user_container_works
}

@test "systemd: a user's container, called from another cgroup, without XDG_RUNTIME_DIR" {
	setup_user env -u XDG_RUNTIME_DIR
	user_container_works
}

@test "systemd: a user without a systemd is told what to do" {
	require dabba
	setup_user env XDG_RUNTIME_DIR=/home/tester
	ROOT=/home/tester/state
	fails runtime run "$ID"
	one_sentence
	said 'cannot connect to.*loginctl enable-linger'
}
