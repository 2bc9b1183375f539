#!/usr/bin/env bats
# dabba start: runs the program of a created container.
load helpers/bundle

setup() {
	setup_bundle
}

@test "start: created becomes running, then stopped" {
	sh_args 'sleep 0.3'
	must runtime create "$ID"
	must runtime start "$ID"
	[[ -z $output$error ]]
	has_status running
	eventually has_status stopped
}

@test "start: when it returns, the program runs" {
	edit '.process.args = ["sleep", "30"]'
	must runtime create "$ID"
	must runtime start "$ID"
	[[ $(tr '\0' ' ' <"/proc/$(container_pid)/cmdline") == "sleep 30 " ]]
}

@test "start: a running container is refused and unharmed" {
	start_sleeper
	fails runtime start "$ID"
	one_sentence
	said "$ID.*running"
	has_status running
}

@test "start: a stopped container is refused" {
	must runtime create "$ID"
	must runtime start "$ID"
	eventually has_status stopped
	fails runtime start "$ID"
	one_sentence
	said "$ID.*stopped"
}

@test "start: an unknown container" {
	fails runtime start nobody
	one_sentence
	said 'nobody.*does not exist'
}

@test "start: no name, too many names" {
	fails runtime start
	fails runtime start a b
}

@test "start: the init that died while created" {
	must runtime create "$ID"
	kill -KILL "$(container_pid)"
	eventually has_status stopped
	fails runtime start "$ID"
	said "stopped"
	must runtime delete "$ID"
}
