#!/usr/bin/env bats
# Names that are paths: of containers, cgroups, files of cgroups, annotations.
# tests/hostile/prove.sh shows that each test fails without the defence it is for.
load helpers/bundle

setup() {
	setup_bundle
}

# The directory the state root is in: what "../name" would reach.
beside_root() {
	ls -A "$BATS_TEST_TMPDIR"
}

@test "names: container ids that are paths" {
	local id long before
	long=$(printf 'x%.0s' {1..256})
	must runtime list
	before=$(beside_root)
	for id in ../evil .. . .hidden a/b /a a/../b '' 'a b' $'a\nb' 'a%2e' "$long" '~' 'a*' 'é'; do
		fails runtime create "$id"
		fails runtime run "$id"
		fails runtime state "$id"
		fails runtime exec "$id" true
		fails runtime kill "$id"
		fails runtime start "$id"
		[[ $(beside_root) == "$before" ]]
	done
	# That there is none is no failure there; that it cannot be one is.
	mkdir "$BATS_TEST_TMPDIR/evil"
	try runtime delete --force ../evil
	[[ -d $BATS_TEST_TMPDIR/evil ]]
	nothing_left
}

@test "names: a state directory that is a link" {
	sh_args true
	must runtime create "$ID"
	mkdir elsewhere
	cp "$ROOT/$ID"/*.json elsewhere
	ln -s "$BUNDLE/elsewhere" "$ROOT/link"
	fails runtime state link
	fails runtime create link
	try runtime delete --force link
	[[ -e elsewhere/state.json ]]
	rm -f "$ROOT/link"
}

@test "names: keys of linux.resources.unified (GHSA-5g49-rx9x-qfc6)" {
	local key
	mkdir -p /sys/fs/cgroup/other
	for key in ../other/cgroup.freeze ../../x /cgroup.freeze a/b .. . '' cgroup.freeze/../cgroup.type; do
		edit '.linux.resources.unified = {($k): "1"}' --arg k "$key"
		fails runtime run "$ID"
		[[ $(cat /sys/fs/cgroup/other/cgroup.freeze) == 0 ]]
	done
	rmdir /sys/fs/cgroup/other
	nothing_left
}

@test "names: linux.cgroupsPath" {
	local path
	for path in ../evil /a/../../evil /.. .. /; do
		edit '.linux.cgroupsPath = $p' --arg p "$path"
		fails runtime run "$ID"
	done
	nothing_left
}

@test "names: exec --cgroup stays below the container's cgroup" {
	local sub
	start_sleeper
	mkdir -p /sys/fs/cgroup/other
	for sub in ../other ../../other /../other .. x/../../other; do
		fails runtime exec --cgroup "$sub" "$ID" true
	done
	rmdir /sys/fs/cgroup/other
}

@test "names: annotations are kept and mean nothing" {
	edit '.annotations = {
		"run.oci.pidfd_receiver": "../../../tmp/evil", "run.oci.hooks.stdout": $path,
		"run.oci.handler": "krun", "run.oci.delegate-cgroup": "../..", "../../x": "../../../etc/passwd",
		"org.systemd.property.Delegate": "true"}' --arg path "$BATS_TEST_TMPDIR/evil"
	sh_args true
	must runtime create "$ID"
	[[ $(runtime state "$ID" | jq -r '.annotations["../../x"]') == ../../../etc/passwd ]]
	must runtime start "$ID"
	[[ ! -e $BATS_TEST_TMPDIR/evil && ! -e rootfs/.krun_config.json ]]
}

@test "names: linux.intelRdt.closID" {
	local id
	for id in . .. a/b /a ''; do
		edit '.linux.intelRdt = {closID: $id}' --arg id "$id"
		fails runtime run "$ID"
		# A machine without resctrl has more to say against it, but later.
		said 'closID.*is not the name of a directory'
	done
	nothing_left
}

@test "names: sysctls that would lead out" {
	local key
	for key in net.../../kernel/core_pattern 'net/../kernel/core_pattern' kernel.core_pattern \
		'net.ipv4.conf.../../../kernel/sysrq.x' /etc/passwd '' net..x; do
		edit '.linux.sysctl = {($k): "1"}' --arg k "$key"
		fails runtime run "$ID"
	done
}

@test "names: devices without permission are out of reach (GHSA-g54h-m393-cpwq)" {
	edit '.linux.devices = [{path: "/dev/kmsg", type: "c", major: 1, minor: 11, fileMode: 438}]
		| .linux.resources.devices = [{allow: false, access: "rwm"}]
		| .process.capabilities |= map_values(. + ["CAP_MKNOD"])'
	run_sh 'mknod /tmp/sda b 8 0 2>/dev/null && echo made; dd if=/dev/kmsg count=0 2>/dev/null && echo opened
		echo end'
	is_dabba || return 0
	[[ $output == end ]]
}

# Root of a user namespace that is the host's root, as podman calls its runtime: only the mount
# keeps it from the host's cgroups.
@test "names: the host's cgroups are read-only without root of the host (CVE-2023-25809)" {
	edit 'del(.linux.cgroupsPath) | .linux.namespaces |= map(select(.type != "cgroup")) |
		.process.capabilities = {} | .mounts |= map(select(.type | IN("proc", "tmpfs"))) |
		.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["rw"]}]'
	sh_args 'cat /sys/fs/cgroup/cgroup.procs >/dev/null && echo seen; mkdir /sys/fs/cgroup/hit;
		echo 1000 >/sys/fs/cgroup/cgroup.max.depth && echo hit'
	try unshare --user --map-root-user --mount "$RUNTIME" --root "$ROOT" --cgroup-manager disabled \
		run "$ID"
	rmdir /sys/fs/cgroup/hit 2>/dev/null && output+=hit
	[[ $output == seen && $error == *"Read-only file system"*"Read-only file system"* ]]
}

# What a config.json can carry only counts where somebody reads it: engines learn from this
# list what they must not let their users pass on.
@test "names: annotations that change what is done are listed as unsafe (R20)" {
	local name listed
	must runtime features
	listed=$(jq -r '.potentiallyUnsafeConfigAnnotations[]' <<<"$output")
	for name in $(strings -n 8 "$PROGRAM" | grep -oxE '(run\.oci|org\.systemd|org\.criu)\.[A-Za-z_.]+'); do
		grep -qxF "$name" <<<"$listed"
	done
	grep -qx run.oci.keep_original_groups <<<"$listed"
	edit '.annotations = {"run.oci.keep_original_groups": "1"}'
	sh_args 'grep Groups: /proc/self/status'
	try setpriv --groups 4242 "$RUNTIME" --root "$ROOT" run "$ID"
	[[ $output == *4242* ]]
}

@test "names: mappings and names longer than any message of ours (CVE-2021-43784)" {
	edit '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [range(9000) | {containerID: ., hostID: (. + 100000), size: 1}] |
		.linux.gidMappings = .linux.uidMappings'
	sh_args true
	fails runtime run "$ID"
	said 'uid_map|uidMappings'
	one_sentence
	nothing_left
	edit '.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings, .linux.gidMappings) |
		.linux.netDevices = {("x" * 70000): {}}'
	fails runtime run "$ID"
	said netDevices
	edit 'del(.linux.netDevices) | .hostname = "h" * 70000'
	fails runtime run "$ID"
	said hostname
	nothing_left
}
