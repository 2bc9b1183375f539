#!/usr/bin/env bats
# Sentences of the runtime specification that no other file shows. What is
# shown where stands in tests/conformance/spec.tsv and traps.tsv.
load helpers/bundle

setup() {
	setup_bundle
}

@test "conformance: an operation that is not told which container is an error" {
	local verb
	for verb in state create start kill delete exec pause resume ps update; do
		fails runtime $verb
	done
	nothing_left
}

@test "conformance: delete of a created container kills it, as all engines do" {
	must runtime create "$ID"
	must runtime delete "$ID"
	nothing_left
	must runtime create "$ID"
	must runtime delete --force "$ID"
	nothing_left
}

@test "conformance: prestart, createRuntime and createContainer: each failure undoes the create" {
	local kind
	for kind in prestart createRuntime createContainer; do
		edit '.hooks = {($kind): [{path: "/bin/false"}],
			poststop: [{path: "/bin/touch", args: ["touch", $mark]}]}' \
			--arg kind $kind --arg mark "$BATS_TEST_TMPDIR/$kind"
		fails runtime create "$ID"
		said "$kind hook #0"
		nothing_left
		[[ -e $BATS_TEST_TMPDIR/$kind ]]
	done
}

@test "conformance: a relative destination starts at /" {
	edit '.mounts += [{destination: "tmp/rel", type: "tmpfs", source: "x"}]'
	run_sh 'grep " /tmp/rel " /proc/self/mountinfo'
	((status == 0))
	[[ -n $output ]]
}

@test "conformance: destinations with slashes and dots too many" {
	edit '.mounts += [{destination: "/tmp//x/../y/", type: "tmpfs", source: "x"},
		{destination: "/../../tmp/z", type: "tmpfs", source: "x"}]'
	mkdir -p rootfs/tmp/x
	run_sh 'cut -d " " -f 5 /proc/self/mountinfo'
	grep -qx /tmp/y <<<"$output"
	grep -qx /tmp/z <<<"$output"
}

@test "conformance: only bind and rbind make a bind mount, not the type" {
	require dabba
	edit '.mounts += [{destination: "/data", type: "bind", source: "/tmp"}]'
	fails runtime run "$ID"
	one_sentence
	edit '.mounts[-1] = {destination: "/data", type: "none", source: "/tmp", options: ["rbind"]}'
	must runtime run "$ID"
}

@test "conformance: the options of mount(8) that MUST be there" {
	require dabba
	local option missing=
	for option in async atime bind defaults dev diratime dirsync exec iversion lazytime loud \
		noatime nodev nodiratime noexec noiversion nolazytime norelatime nostrictatime nosuid \
		private rbind relatime remount ro rprivate rshared rslave runbindable rw shared silent \
		slave strictatime suid sync unbindable nosymfollow symfollow ratime rdev rdiratime rexec \
		rnoatime rnodiratime rnoexec rnorelatime rnostrictatime rnosuid rnosymfollow rrelatime \
		rro rrw rstrictatime rsuid rsymfollow idmap ridmap tmpcopyup; do
		runtime features | jq -e --arg option $option '.mountOptions | index($option)' \
			>/dev/null || missing+=" $option"
	done
	echo "missing:$missing"
	[[ -z $missing ]]
}

@test "conformance: remount changes a mount that is there" {
	edit '.mounts += [{destination: "/tmp", type: "tmpfs", source: "x"},
		{destination: "/tmp", type: "tmpfs", source: "x", options: ["remount", "noexec", "ro"]}]'
	run_sh 'grep " /tmp " /proc/self/mountinfo; ! touch /tmp/x'
	((status == 0))
	[[ $output == *noexec* && $(wc -l <<<"$output") == 1 ]]
}

@test "conformance: flags are cleared on a bind of a mount that has them" {
	mkdir source
	host_mount -t tmpfs -o ro,nosuid,nodev,noexec,noatime none source
	edit '.mounts += [{destination: "/data", source: "source",
		options: ["bind", "rw", "suid", "dev", "exec", "relatime"]}]'
	run_sh 'grep " /data " /proc/self/mountinfo | cut -d " " -f 6; touch /data/x'
	[[ $RUNTIME != *crun* ]] || skip "crun clears nothing"
	[[ $output == rw,relatime ]]
}

@test "conformance: a locked flag stays, and to clear it is an error" {
	require dabba
	mkdir source
	host_mount -t tmpfs -o nosuid,nodev,noexec none source
	in_userns() {
		"$@" unshare --user --map-root-user --mount --propagation unchanged \
			"$RUNTIME" --root "$ROOT" --cgroup-manager disabled run "$ID"
	}
	# Inside another user namespace the flags of the host's mounts are locked.
	edit '.mounts = [{destination: "/proc", type: "proc", source: "proc"},
		{destination: "/data", source: $dir, options: ["bind", "ro"]}] |
		.linux.namespaces = [{type: "mount"}, {type: "pid"}] | del(.hostname) |
		del(.linux.maskedPaths, .linux.readonlyPaths)' --arg dir "$BUNDLE/source"
	sh_args 'grep " /data " /proc/self/mountinfo | cut -d " " -f 6'
	in_userns must
	[[ $output == ro,*nosuid,nodev,noexec* ]]
	edit '.mounts[1].options = ["bind", "exec"]'
	in_userns fails
	said 'mounts\[1\].*exec|exec.*mounts\[1\]|locked'
}

@test "conformance: consoleSize without a terminal is ignored" {
	edit '.process.consoleSize = {height: 70000, width: 70000} | .process.terminal = false'
	run_sh 'echo fine'
	((status == 0))
	[[ $output == fine ]]
}

@test "conformance: HOME that is empty is looked up" {
	edit '.process.env += ["HOME="]'
	run_sh 'echo $HOME'
	[[ $output == /root ]]
}

@test "conformance: annotations: in the state, empty values, no empty key, strings only" {
	edit '.annotations = {"org.example.a": "", "b": "1"}'
	start_sleeper
	runtime state "$ID" | jq -e '.annotations["org.example.a"] == "" and .annotations.b == "1"'
	must runtime delete --force "$ID"
	edit '.annotations = {"a": 1}'
	fails runtime create "$ID"
	require dabba
	edit '.annotations = {"": "x"}'
	fails runtime create "$ID"
	said 'annotations'
	nothing_left
}

@test "conformance: the path of a namespace must be absolute" {
	require dabba
	edit '.linux.namespaces |= map(if .type == "ipc" then .path = "ipc" else . end)'
	fails runtime run "$ID"
	one_sentence
	said 'linux.namespaces\[[0-9]+\].path.*ipc'
}

@test "conformance: the same cgroupsPath is the same place" {
	local path
	for path in "/$ID" "$ID"; do
		edit '.linux.cgroupsPath = $path' --arg path "$path"
		sh_args 'sleep 30'
		must runtime create "$ID"
		is_dabba && [[ -d /sys/fs/cgroup/$ID ]]
		must runtime delete "$ID"
		[[ ! -e /sys/fs/cgroup/$ID ]]
	done
}

@test "conformance: a value that is one of several is refused by its name otherwise" {
	require dabba
	local filter
	for filter in '.linux.rootfsPropagation = "sideways"' '.linux.personality = {domain: "MARS"}' \
		'.process.scheduler = {policy: "SCHED_NOW"}' \
		'.process.ioPriority = {class: "IOPRIO_CLASS_X", priority: 1}' \
		'.linux.memoryPolicy = {mode: "MPOL_X"}' \
		'.linux.personality = {domain: "LINUX", flags: ["X"]}' \
		'.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", flags: ["X"]}' \
		'.linux.devices = [{type: "x", path: "/dev/x", major: 1, minor: 1}]'; do
		make_bundle "$BUNDLE/again" "$ID"
		cd "$BUNDLE/again"
		edit "$filter"
		fails runtime run "$ID"
		one_sentence
		cd "$BUNDLE"
	done
	nothing_left
}

@test "conformance: a memory policy, CPUs for exec, a nice value" {
	require dabba
	edit '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_STATIC_NODES"]} |
		.process.execCPUAffinity = {initial: "0", final: "1"}'
	(($(nproc) > 1)) || skip "one CPU"
	[[ -e /proc/self/numa_maps ]] || skip "no NUMA"
	start_sleeper
	grep -q 'bind.*:0' "/proc/$(container_pid)/numa_maps"
	# Init is not concerned.
	[[ $(grep Cpus_allowed_list "/proc/$(container_pid)/status") != *[[:space:]]1 ]]
	must runtime exec "$ID" grep Cpus_allowed_list /proc/self/status
	[[ $output == *[[:space:]]1 ]]
}

@test "conformance: execve that fails is reported by start" {
	require dabba
	echo '#!/no/such/interpreter' >rootfs/bin/script
	chmod 755 rootfs/bin/script
	edit '.process.args = ["/bin/script"]'
	must runtime create "$ID"
	fails runtime start "$ID"
	((status == 127))
	one_sentence
	said '/bin/script.*no such file or directory'
	printf '\1\2' >rootfs/bin/script
	must runtime delete "$ID"
	must runtime create "$ID"
	fails runtime start "$ID"
	((status == 126))
}

@test "conformance: the state that hooks read, in each of the six" {
	local kind
	edit '.hooks = (["prestart", "createRuntime", "createContainer", "poststart", "poststop"] |
		map({(.): [{path: "/bin/sh", args: ["sh", "-c", "cat >\($dir)/\(.)"]}]}) | add) |
		.hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "cat >/tmp/startContainer"]}]' \
		--arg dir "$BATS_TEST_TMPDIR"
	sh_args 'sleep 30'
	must runtime create "$ID"
	must runtime start "$ID"
	must runtime delete --force "$ID"
	cp rootfs/tmp/startContainer "$BATS_TEST_TMPDIR"
	for kind in prestart createRuntime createContainer startContainer poststart poststop; do
		jq -e '.id == $id and (.ociVersion | test("^1\\.")) and .bundle == $bundle' \
			--arg id "$ID" --arg bundle "$BUNDLE" "$BATS_TEST_TMPDIR/$kind"
	done
	require dabba
	jq -e '.status == "creating" and .pid > 1' "$BATS_TEST_TMPDIR"/{prestart,createRuntime}
	# As the container's pid namespace has it.
	jq -e '.status == "creating" and .pid == 1' "$BATS_TEST_TMPDIR/createContainer"
	jq -e '.status == "created" and .pid == 1' "$BATS_TEST_TMPDIR/startContainer"
	jq -e '.status == "running" and .pid > 1' "$BATS_TEST_TMPDIR/poststart"
	jq -e '.status == "stopped"' "$BATS_TEST_TMPDIR/poststop"
}

@test "conformance: features: each value it names is accepted, none is missing" {
	require dabba
	local f value
	runtime features >features.json
	f() { jq -r "$1 | .[]" features.json; }
	for value in $(jq -r '.ociVersionMin, .ociVersionMax' features.json); do
		edit '.ociVersion = $v' --arg v "$value"
		must runtime run "$ID"
	done
	# Capabilities: none is unknown (some may not be grantable here).
	edit '.process.capabilities = {bounding: $all}' --argjson all "$(jq '.linux.capabilities' features.json)"
	must runtime run "$ID"
	[[ $error != *unknown* ]]
	[[ $(f .linux.capabilities | wc -l) -gt $(cat /proc/sys/kernel/cap_last_cap) ]]
	edit '.linux.namespaces = ($all | map(select(. != "user") | {type: .}))' \
		--argjson all "$(jq '.linux.namespaces' features.json)"
	must runtime run "$ID"
	# Each hook is run.
	edit '.hooks = ($all | map({(.): [{path: "/bin/true"}]}) | add)' \
		--argjson all "$(jq .hooks features.json)"
	must runtime run "$ID"
	[[ $(f .hooks | sort | tr '\n' ' ') == \
		"createContainer createRuntime poststart poststop prestart startContainer " ]]
}

@test "conformance: features: what seccomp is said to know" {
	require dabba
	local value
	runtime features >features.json
	for value in $(jq -r '.linux.seccomp.actions[]' features.json); do
		[[ $value != SCMP_ACT_NOTIFY ]] || continue
		edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
			syscalls: [{names: ["swapoff"], action: $v}]}' --arg v "$value"
		must runtime run "$ID"
	done
	for value in $(jq -r '.linux.seccomp.operators[]' features.json); do
		edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["swapoff"],
			action: "SCMP_ACT_ERRNO", args: [{index: 0, value: 7, valueTwo: 7, op: $v}]}]}' \
			--arg v "$value"
		must runtime run "$ID"
	done
	for value in $(jq -r '.linux.seccomp.archs[]' features.json); do
		edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: [$v, "SCMP_ARCH_X86_64"]}' \
			--arg v "$value"
		must runtime run "$ID"
	done
	for value in $(jq -r '.linux.seccomp.supportedFlags[]' features.json); do
		[[ $value != *WAIT_KILLABLE* ]] || continue
		edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", flags: [$v]}' --arg v "$value"
		must runtime run "$ID"
	done
}

@test "conformance: features: what is said to be implemented is, what is not is refused" {
	require dabba
	runtime features >features.json
	jq -e '.linux.intelRdt == {enabled: true, schemata: true, monitoring: true} and
		.linux.netDevices.enabled and .linux.mountExtensions.idmap.enabled and
		(.linux.memoryPolicy.modes | length) >= 6' features.json
	# cgroup v1 is not: its limits are errors, not silence.
	jq -e '.linux.cgroup.v1 == false' features.json
	edit '.linux.resources.network = {classID: 1}'
	fails runtime run "$ID"
	said 'linux.resources.network'
	nothing_left
}

@test "conformance: a rootfs that is . and one that is a link" {
	cp config.json rootfs/config.json
	(cd rootfs && edit '.root.path = "."')
	must runtime run --bundle rootfs "$ID"
	rm rootfs/config.json
	ln -s rootfs linked
	edit '.root.path = "linked"'
	must runtime run "$ID"
}

@test "conformance: what runc's users match: headers, version, words" {
	must runtime list
	[[ $output == ID*PID*STATUS*BUNDLE*CREATED*OWNER ]]
	require dabba
	must runtime --version
	[[ $(sed -n 1,3p <<<"$output" | sed 's/ [^ ]*$//') == $'dabba version\ncommit:\nspec:' ]]
	[[ $output == *$'\n'"spec: 1.3"* ]]
	fails runtime start nobody
	said 'container does not exist'
	fails runtime --log "$BATS_TEST_TMPDIR/log" start nobody
	grep -q '^time="[^"]*" level=error msg="container does not exist' "$BATS_TEST_TMPDIR/log"
	edit '.process.args = ["nosuch"]'
	fails runtime create "$ID"
	said 'executable file not found in \$PATH'
	edit '.process.args = ["true"]'
	must runtime create "$ID"
	must runtime start "$ID"
	eventually has_status stopped
	fails runtime kill "$ID" TERM
	said 'container not running'
}
