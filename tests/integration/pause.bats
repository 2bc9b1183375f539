#!/usr/bin/env bats
# dabba pause, resume and ps: the processes of a container.
load helpers/bundle

setup() {
	setup_bundle
}

# A container that counts.
counter() {
	sh_args 'i=0; while :; do i=$((i + 1)); echo $i >/tmp/count; sleep 0.01; done'
	must runtime create "$ID"
	must runtime start "$ID"
	eventually test -s rootfs/tmp/count
}

@test "pause: nothing moves until resume" {
	counter
	must runtime pause "$ID"
	[[ -z $output$error ]]
	has_status paused
	before=$(cat rootfs/tmp/count)
	sleep 0.2
	[[ $(cat rootfs/tmp/count) == "$before" ]]
	must runtime resume "$ID"
	has_status running
	counts_on() { [[ $(cat rootfs/tmp/count) != "$before" ]]; }
	eventually counts_on
}

@test "pause: a paused container refuses exec, and KILL ends it" {
	counter
	must runtime pause "$ID"
	fails runtime exec "$ID" true
	said 'paused'
	must runtime kill "$ID" KILL
	eventually has_status stopped
	must runtime delete "$ID"
	nothing_left
}

@test "pause: delete --force of a paused container" {
	counter
	must runtime pause "$ID"
	must runtime delete --force "$ID"
	nothing_left
}

@test "pause: twice, and resume of what is not paused" {
	counter
	fails runtime resume "$ID"
	one_sentence
	must runtime pause "$ID"
	if is_dabba; then
		fails runtime pause "$ID"
		one_sentence
		said "$ID.*already paused"
	fi
	must runtime resume "$ID"
}

@test "pause, resume, ps: a stopped container, an unknown one" {
	local verb
	must runtime create "$ID"
	must runtime start "$ID"
	eventually has_status stopped
	for verb in pause resume ps; do
		fails runtime "$verb" nobody
		said 'nobody.*does not exist'
		is_dabba || continue
		# ps has an answer: no process.
		[[ $verb != ps ]] || continue
		fails runtime "$verb" "$ID"
		one_sentence
		said 'not running'
	done
	must runtime ps "$ID"
	[[ $(wc -l <<<"$output") == 1 ]]
	is_dabba || return 0
	must runtime ps --format json "$ID"
	[[ $(jq length <<<"$output") == 0 ]]
}

@test "ps: an array of pids" {
	sh_args 'sleep 30 & sleep 30 & wait'
	must runtime create "$ID"
	must runtime start "$ID"
	three() { [[ $(runtime ps --format json "$ID" | jq length) == 3 ]]; }
	eventually three
	must runtime ps -f json "$ID"
	jq -e --argjson pid "$(container_pid)" 'index($pid) != null' <<<"$output"
}

@test "ps: the table of ps(1), with its options" {
	start_sleeper
	[[ $RUNTIME != *crun* ]] || skip "crun prints pids only"
	must runtime ps "$ID"
	[[ $output == *PID*CMD* && $output == *"sleep 30"* ]]
	must runtime ps "$ID" -o pid,args
	[[ $output == *PID*COMMAND* && $output == *"sleep 30"* ]]
	fails runtime ps "$ID" -o args
	said 'PID'
}
