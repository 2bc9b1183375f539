#!/usr/bin/env bats
# dabba spec: a config.json to start from.
load helpers/bundle

setup() {
	setup_bundle
	rm config.json
}

@test "spec: writes a config that runs" {
	must runtime spec
	[[ -z $output$error ]]
	# Two things this machine's root may not be able to do for any runtime.
	edit '.process.terminal = false | .process.args = ["echo", "ran"] |
		del(.process.rlimits) | del(.linux.resources)'
	must runtime run "$ID"
	[[ $output == ran ]]
}

@test "spec: never overwrites" {
	echo mine >config.json
	fails runtime spec
	one_sentence
	said 'config.json'
	[[ $(cat config.json) == mine ]]
}

@test "spec: --bundle" {
	mkdir other
	must runtime spec --bundle other
	jq -e .ociVersion other/config.json
	[[ ! -e config.json ]]
}

@test "spec: no inheritable capabilities, no_new_privs" {
	must runtime spec
	jq -e '(.process.capabilities.inheritable // []) == [] and .process.noNewPrivileges' config.json
}

@test "spec: --rootless has a user namespace with mappings" {
	must runtime spec --rootless
	jq -e '(.linux.namespaces | any(.type == "user")) and
		(.linux.uidMappings | length) > 0' config.json
}
