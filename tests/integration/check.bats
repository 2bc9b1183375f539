#!/usr/bin/env bats
# dabba check: everything that is wrong with a bundle on this host, at once,
# and nothing changed by asking.
load helpers/bundle

setup() {
	setup_bundle
	require dabba
}

# problem JQ-CONDITION: the JSON report has a problem like that.
problem() {
	jq -e "[.problems[] | select($1)] | length > 0" <<<"$output" >/dev/null || {
		echo "no problem with: $1"
		return 1
	}
}

@test "check: a sound bundle" {
	must runtime check
	[[ $output == "no problems found" ]]
	[[ -z $error ]]
	must runtime check --format json --bundle "$BUNDLE"
	jq -e '.errors == 0 and .problems == [] and .bundle == $bundle' \
		--arg bundle "$BUNDLE" <<<"$output"
}

@test "check: everything at once: configuration, files, mounts, hooks, process, ids" {
	edit '.ociVersion = "3.0" | .process.cwd = "here" | .process.env += ["X"] |
		.process.args = ["nosuch"] | .mounts += [
			{destination: "/a", source: "/no/a", options: ["bind"]},
			{destination: "/b", source: "/no/b", options: ["rbind"]},
			{destination: "/c", type: "nosuchfs", source: "c"},
			{destination: "/d", source: "/tmp", options: ["bind", "size=1"]}] |
		.hooks.poststop = [{path: "/no/hook"}] | .linux.sysctl = {"vm.swappiness": "1"} |
		.process.rlimits = [{type: "RLIMIT_CORE", soft: 2, hard: 1}] |
		.linux.namespaces += [{type: "user"}] | .process.user.uid = 77 |
		.linux.uidMappings = [{containerID: 0, hostID: 1000, size: 10}] |
		.linux.gidMappings = [{containerID: 0, hostID: 1000, size: 10}] |
		.process.capabilities.bounding += ["CAP_NOSUCH"]'
	try runtime check --format json
	((status == 1))
	jq -e '.errors >= 11 and .warnings >= 2' <<<"$output"
	problem '.pointer == "ociVersion"'
	problem '.pointer == "process.cwd"'
	problem '.pointer == "process.env[2]"'
	problem '.pointer == "process.args[0]" and .area == "file" and .errno == "ENOENT"'
	problem '.pointer == "mounts[6].source" and .path == "/no/a"'
	problem '.pointer == "mounts[7].source" and .path == "/no/b"'
	problem '.pointer == "mounts[8].type" and .level == "warning" and .area == "kernel"'
	problem '.pointer == "mounts[9].options[1]"'
	problem '.pointer == "hooks.poststop[0].path" and .path == "/no/hook"'
	problem '.msg | contains("vm.swappiness")'
	problem '.msg | contains("RLIMIT_CORE")'
	problem '.pointer == "process.user.uid" and .area == "mapping"'
	problem '.level == "warning" and (.msg | contains("CAP_NOSUCH"))'
	try runtime check
	((status == 1))
	[[ $(tail -n 1 <<<"$output") =~ ^[0-9]+\ errors,\ [0-9]+\ warnings$ ]]
	nothing_left
}

@test "check: several errors of the schema, and what is wrong besides" {
	edit '.process.user.uid = "root" | .process.rlimits = [{type: "RLIMIT_MOON", soft: 1, hard: 1},
			{type: "RLIMIT_CPU", soft: 2, hard: 1}] | .process.ioPriority = {priority: 3} |
		.process.env += [7] | .linux.namespaces += [{type: "moon"}, {type: "user", path: 3}] |
		.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: [], action: "SCMP_ACT_LOG"}]} |
		.mounts += [{type: "tmpfs"}, {destination: "/a", source: "/no/a", options: ["bind"]}] |
		.linux.resources = {pids: {limit: 1.5}} | .root.readonly = "yes" | .hostname = {a: [1, {}]} |
		.process.args = ["nosuch"] | .hooks.poststop = [{path: "/no/hook"}] |
		.linux.sysctl = {"vm.swappiness": "1", "net.core.somaxconn": 5}'
	try runtime check --format json
	((status == 1))
	for pointer in process.user.uid 'process.rlimits[0].type' process.ioPriority.class 'process.env[2]' \
		'linux.namespaces[6].type' 'linux.namespaces[7].path' 'linux.seccomp.syscalls[0].names' \
		'mounts[6].destination' linux.resources.pids.limit root.readonly hostname \
		'linux.sysctl["net.core.somaxconn"]'; do
		problem ".pointer == $(jq -nR --arg p "$pointer" '$p') and .area == \"schema\""
	done
	jq -e '[.problems[] | select(.area == "schema")] | length == 12' <<<"$output"
	problem '.pointer == "process.args[0]" and .area == "file"'
	problem '.path == "/no/a" and .area == "file"'
	problem '.pointer == "hooks.poststop[0].path"'
	problem '.pointer == "process.rlimits[1]" and (.msg | contains("RLIMIT_CPU"))'
	problem '.msg | contains("vm.swappiness")'
	try runtime check
	((status == 1))
	[[ $(grep -c '^error: schema: ' <<<"$output") == 12 ]]
	nothing_left
}

@test "check: schema errors to the end: a text that breaks off, one that is no object, a long list" {
	echo '{"ociVersion": 1, "root": 2, "mounts": [' >config.json
	try runtime check --format json
	((status == 1))
	jq -e '[.problems[].area] == ["schema", "schema", "schema"]' <<<"$output"
	echo '[]' >config.json
	try runtime check --format json
	jq -e '.errors == 1' <<<"$output"
	jq -n '{ociVersion: "1.0.0", mounts: [range(500) | {}]}' >config.json
	try runtime check --format json
	jq -e '.errors == 101' <<<"$output"
}

@test "check: no bundle, no config.json, a document that is none" {
	try runtime check --bundle /no/such
	((status == 1))
	[[ $output == "error: file: "*/no/such* ]]
	rm config.json
	try runtime check --format json
	((status == 1))
	problem '.area == "file" and .hint != null'
	echo '{"ociVersion": 1}' >config.json
	try runtime check --format json
	((status == 1))
	problem '.area == "schema" and .pointer == "ociVersion"'
	fails runtime check surplus
	fails runtime check --format xml
}

# A cgroup that is handed no controllers, as the root of a hierarchy.
@test "check: limits whose controllers are missing, all of them" {
	local bare=/sys/fs/cgroup/bare-$BATS_ROOT_PID

	edit '.linux.resources = {memory: {limit: 9999999}, pids: {limit: 9}, cpu: {shares: 100}}'
	mkdir -p "$bare/root"
	try sh -c 'echo $$ >"$1/cgroup.procs" && shift && exec unshare --cgroup --mount sh -c "
		umount -l /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec \"\$@\"" sh "$@"' sh "$bare/root" \
		"$RUNTIME" --root "$ROOT" check --format json
	rmdir "$bare/root" "$bare"
	((status == 1))
	problem '.area == "cgroup" and .pointer == "linux.resources.memory.limit"'
	problem '.area == "cgroup" and .pointer == "linux.resources.pids.limit"'
	problem '.area == "cgroup" and .pointer == "linux.resources.cpu.shares"'
}

@test "check: what a user may not do" {
	chmod -R a+rX "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR"
	try setpriv --reuid 65534 --regid 65534 --clear-groups "$RUNTIME" --root "$ROOT" check -f json
	((status == 1))
	problem '.area == "privilege" and (.msg | contains("CAP_SYS_ADMIN")) and .hint != null'
}

# All that create would make, as far as it can be seen from here.
snapshot() {
	find "$BUNDLE" -printf '%p %i %m %s %T@ %C@\n' | sort
	find /sys/fs/cgroup -type d | sort
	cat /proc/self/mountinfo
	ip -o link 2>/dev/null
}

@test "check: nothing is changed by it" {
	local before
	edit '.hooks.createRuntime = [{path: "/bin/touch", args: ["touch", "/tmp/hook-ran"]}] |
		.mounts += [{destination: "/new/dir", source: "/tmp", options: ["rbind"]}] |
		.linux.devices = [{type: "c", path: "/new/dev", major: 1, minor: 3}] |
		.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 1000, size: 10}] |
		.linux.gidMappings = [{containerID: 0, hostID: 1000, size: 10}]'
	snapshot >"$BATS_TEST_TMPDIR/snapshot.1"
	try runtime check
	((status == 0))
	snapshot >"$BATS_TEST_TMPDIR/snapshot.2"
	diff "$BATS_TEST_TMPDIR"/snapshot.[12]
	[[ ! -e /tmp/hook-ran && ! -e $ROOT ]]
	[[ ! -e rootfs/new ]]
}
