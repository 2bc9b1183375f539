#!/usr/bin/env bats
# Bad input: one clear sentence with the path and the place, a non-zero exit,
# nothing left behind, nothing lost.
load helpers/bundle

setup() {
	setup_bundle
}

# refused REGEX: run fails with one sentence that matches, and leaves no trace.
refused() {
	fails runtime run "$ID"
	one_sentence
	said "$1"
	nothing_left
}

@test "errors: no config.json" {
	rm config.json
	refused 'config.json.*[Nn]o such file'
}

@test "errors: no bundle" {
	fails runtime run --bundle /no/such/bundle "$ID"
	one_sentence
	said '/no/such/bundle'
}

@test "errors: a config.json that is a directory, empty, or binary" {
	rm config.json
	mkdir config.json
	refused 'config.json'
	rmdir config.json
	: >config.json
	refused 'config.json'
	head -c 4096 /bin/busybox >config.json
	refused 'config.json:1:1'
}

@test "errors: a syntax error gives line and column" {
	printf '{\n\t"ociVersion": "1.0.0",\n\t"root": {,}\n}\n' >config.json
	refused 'config.json:3:1[0-9]'
}

@test "errors: a wrong type gives line, column and the place" {
	edit '.process.user.uid = "root"'
	refused 'config.json:[0-9]+:[0-9]+.*process.user.uid.*root'
	edit '.process.user.uid = 0 | .mounts[1].options = "ro"'
	refused 'config.json:[0-9]+:[0-9]+.*mounts\[1\].options'
}

@test "errors: numbers out of range, fractions, negative ids" {
	local value
	for value in -1 4294967296 1.5 1e3; do
		jq --arg v "$value" '.process.user.uid = "@V@"' "$HELPERS/config.json" |
			sed "s/\"@V@\"/$value/" >config.json
		is_dabba || [[ $value != 1* ]] || continue
		refused 'process.user.uid'
	done
}

@test "errors: 64-bit numbers are exact" {
	require dabba
	sed -i 's/"ociVersion"/"linux": {"resources": {"memory": {"limit": 18446744073709551616}}}, "ociVersion"/' config.json
	refused 'linux.resources.memory.limit.*18446744073709551616'
}

@test "errors: required things that are missing" {
	edit 'del(.ociVersion)'
	refused 'ociVersion'
	cp "$HELPERS/config.json" config.json
	edit 'del(.process.cwd)'
	refused 'process.cwd'
	cp "$HELPERS/config.json" config.json
	edit 'del(.root.path)'
	refused 'root.path'
	cp "$HELPERS/config.json" config.json
	edit 'del(.mounts[0].destination)'
	refused 'mounts\[0\].destination'
}

@test "errors: duplicate keys" {
	require dabba
	sed -i 's/"hostname": "box"/"hostname": "a", "hostname": "b"/' config.json
	refused 'config.json:[0-9]+:[0-9]+.*hostname'
}

@test "errors: versions that are none, or too new" {
	edit '.ociVersion = "banana"'
	refused 'ociVersion.*banana'
	edit '.ociVersion = "2.0.0"'
	refused 'ociVersion.*2.0.0'
	require dabba
	for version in 1.0.0 1.1.0 1.2.1 1.3.0 1.0.2-dev; do
		edit '.ociVersion = $v' --arg v "$version"
		must runtime run "$ID"
	done
}

@test "errors: unknown properties are ignored, as the spec says" {
	edit '.nosuch = {a: [1, {b: null}]} | .process.nosuch = true | .linux.nosuch = "x"'
	must runtime run "$ID"
}

@test "errors: too deep, too large" {
	require dabba
	{ printf '{"x":'; printf '[%.0s' {1..20000}; } >config.json
	refused 'config.json.*deep'
	{ printf '{"x":"'; head -c 40000000 /dev/zero | tr '\0' a; printf '"}'; } >config.json
	refused 'config.json.*large'
}

@test "errors: a program that is missing: 127's words" {
	edit '.process.args = ["nosuch"]'
	refused 'executable file.*nosuch.*not found|nosuch.*executable file not found in \$PATH'
	edit '.process.args = ["/no/such"]'
	refused '/no/such.*[Nn]o such file or directory'
}

@test "errors: a directory, a file without the x bit: 126's words" {
	edit '.process.args = ["/bin"]'
	refused '/bin.*[Pp]ermission denied'
	edit '.process.args = ["/etc/passwd"]'
	refused '/etc/passwd.*[Pp]ermission denied'
}

@test "errors: a file that is no program" {
	printf '\1\2\3' >rootfs/bin/garbage
	chmod +x rootfs/bin/garbage
	edit '.process.args = ["/bin/garbage"]'
	if is_dabba; then
		refused '/bin/garbage.*[Ee]xec format error'
	fi
}

@test "errors: an unknown container, for every verb that takes one" {
	local verb
	for verb in start state kill delete "exec nobody true"; do
		# shellcheck disable=SC2086
		set -- $verb nobody
		[[ $verb != exec* ]] || set -- exec nobody true
		fails runtime "$@"
		one_sentence
		said 'nobody.*does not exist'
	done
}

@test "errors: a second container of the same id" {
	start_sleeper
	before=$(runtime state "$ID")
	fails runtime create "$ID"
	one_sentence
	said "$ID.*already exists"
	fails runtime run "$ID"
	one_sentence
	[[ $(runtime state "$ID") == "$before" ]]
}

@test "errors: a root directory that cannot be made" {
	fails runtime --root /proc/nowhere run "$ID"
	one_sentence
	said '/proc/nowhere'
}

@test "errors: a full disk" {
	mkdir small
	host_mount -t tmpfs -o size=4k,nr_inodes=3 none small
	head -c 4096 /dev/zero >small/fill
	fails runtime --root "$BUNDLE/small/state" run "$ID"
	one_sentence
	said 'small.*[Nn]o space left'
	[[ $(ls small) == fill ]] || [[ -z $(ls small/state) ]]
	[[ ! -e /sys/fs/cgroup/$ID ]]
}

@test "errors: a pid file that cannot be written stops the container" {
	fails runtime create --pid-file /no/such/dir/pid "$ID"
	one_sentence
	said '/no/such/dir/pid'
	eventually nothing_left
}
