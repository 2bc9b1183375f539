#!/usr/bin/env bats
# dabba features, --version, --help: what engines ask first.
load helpers/bundle

setup() {
	setup_bundle
}

require_features() {
	"$RUNTIME" features >/dev/null 2>&1 || skip "this runtime has no features"
}

@test "features: the spec's document" {
	require_features
	must runtime features
	jq -e '(.ociVersionMin | test("^1\\.0")) and (.ociVersionMax | test("^1\\.")) and
		(.hooks | index("createContainer")) and (.mountOptions | index("rro")) and
		(.linux.namespaces | index("network")) and (.linux.capabilities | index("CAP_CHOWN")) and
		.linux.seccomp.enabled' <<<"$output"
}

@test "features: all six hooks, eight namespaces" {
	require dabba
	must runtime features
	jq -e '(.hooks | length) == 6 and (.linux.namespaces | length) == 8 and
		.linux.cgroup.v2 and (.linux.seccomp.actions | index("SCMP_ACT_NOTIFY"))' <<<"$output"
}

@test "features: every mount option it names is accepted" {
	require dabba
	local options
	options=$(runtime features | jq -c '.mountOptions')
	# Those that exclude each other or need a mapping are tested one by one elsewhere.
	edit '.mounts += ($options | map(select(IN("bind", "rbind", "idmap", "ridmap", "tmpcopyup",
		"remount", "mand", "nomand") | not)) | map({destination: "/tmp/\(.)", type: "tmpfs",
		source: "tmpfs", options: [.]}))' --argjson options "$options"
	must runtime run "$ID"
}

@test "version: first line, commit and spec" {
	must runtime --version
	[[ ${output%%$'\n'*} =~ ^[a-z]+\ version\ [0-9] ]]
	[[ $output == *commit:* && $output == *spec:* ]]
}

@test "help: names every verb, and every verb has its own" {
	local verb
	must runtime --help
	for verb in create start run state kill delete list exec spec features; do
		is_dabba || continue
		grep -qw "$verb" <<<"$output"
		"$RUNTIME" "$verb" --help | grep -q "$verb"
	done
}

@test "usage: unknown verb, unknown option, no verb" {
	fails runtime nosuchverb
	said nosuchverb
	fails runtime state --nosuchoption x
	said nosuchoption
	require dabba
	fails "$RUNTIME"
}
