#!/usr/bin/env bats
# dabba kill: a signal by name or by number.
load helpers/bundle

setup() {
	setup_bundle
}

# trapper: a container that writes the names of the signals it gets.
trapper() {
	sh_args 'for s in HUP INT TERM USR1 WINCH; do trap "echo $s >>/tmp/got" $s; done
		touch /tmp/ready; while :; do sleep 0.02; done'
	must runtime create "$ID"
	must runtime start "$ID"
	eventually test -e rootfs/tmp/ready
}

got() {
	[[ $(tail -n 1 rootfs/tmp/got 2>/dev/null) == "$1" ]]
}

@test "kill: TERM is the default" {
	trapper
	must runtime kill "$ID"
	eventually got TERM
}

@test "kill: by name, with and without SIG, and by number" {
	local signal
	trapper
	for signal in HUP:HUP SIGINT:INT USR1:USR1 SIGTERM:TERM 28:WINCH 1:HUP; do
		must runtime kill "$ID" "${signal%:*}"
		[[ -z $output$error ]]
		eventually got "${signal#*:}"
	done
}

@test "kill: KILL stops it" {
	start_sleeper
	must runtime kill "$ID" KILL
	eventually has_status stopped
}

@test "kill: a created container too" {
	must runtime create "$ID"
	must runtime kill "$ID" 9
	eventually has_status stopped
	must runtime delete "$ID"
}

@test "kill: a signal that does not exist" {
	local signal
	start_sleeper
	for signal in NOSUCH 0x9 65 99999999999 '' 9x; do
		[[ -n $signal ]] || is_dabba || continue
		fails runtime kill "$ID" "$signal"
		one_sentence
	done
	has_status running
}

@test "kill: real-time signals, names in small letters" {
	require dabba
	trapper
	must runtime kill "$ID" sigusr1
	eventually got USR1
	must runtime delete --force "$ID"
	# The first process of a pid namespace ignores what it does not handle.
	edit '.linux.namespaces |= map(select(.type != "pid"))'
	start_sleeper
	must runtime kill "$ID" RTMIN+3
	eventually has_status stopped
}

@test "kill: a stopped container: the words the engines know" {
	must runtime create "$ID"
	must runtime start "$ID"
	eventually has_status stopped
	fails runtime kill "$ID" KILL
	one_sentence
	said 'not running|process already finished|[Nn]o such process'
}

@test "kill: an unknown container" {
	fails runtime kill nobody 9
	one_sentence
	said 'nobody.*does not exist'
}

@test "kill: --all reaches every process of a shared pid namespace" {
	edit '.linux.namespaces |= map(select(.type != "pid"))'
	sh_args 'sleep 77 & sleep 77 & exec sleep 77'
	must runtime create "$ID"
	must runtime start "$ID"
	eventually three_processes
	must runtime kill --all "$ID" KILL
	eventually no_processes
}

@test "kill: --all after init's death reaches what it has left behind, by any signal" {
	require dabba
	edit '.linux.namespaces |= map(select(.type != "pid"))'
	sh_args '(trap "echo USR1 >>/tmp/got" USR1; touch /tmp/ready; while :; do sleep 0.02; done) & exit 0'
	must runtime create "$ID"
	must runtime start "$ID"
	eventually test -e rootfs/tmp/ready
	eventually has_status stopped
	must runtime kill --all "$ID" USR1
	got_usr1() { [[ $(cat rootfs/tmp/got 2>/dev/null) == USR1* ]]; }
	eventually got_usr1
	must runtime kill --all "$ID" KILL
	eventually no_processes
	must runtime delete "$ID"
	nothing_left
}

@test "kill: --all of a stopped container succeeds" {
	must runtime create "$ID"
	must runtime start "$ID"
	eventually has_status stopped
	must runtime kill --all "$ID" KILL
}

three_processes() {
	[[ $(wc -l <"/sys/fs/cgroup/$ID/cgroup.procs") == 3 ]]
}

no_processes() {
	[[ ! -s /sys/fs/cgroup/$ID/cgroup.procs ]]
}

@test "kill: signal 0 asks whether it is there" {
	start_sleeper
	must runtime kill "$ID" 0
	has_status running
	must runtime kill "$ID" KILL
	eventually has_status stopped
	fails runtime kill "$ID" 0
	must runtime kill --all "$ID" 0
}

@test "kill: --regex" {
	[[ $("$RUNTIME" kill --help) == *--regex* ]] || skip "this runtime has no --regex"
	make_bundle "$BUNDLE/second" other
	(cd "$BUNDLE/second" && start_sleeper other-1)
	start_sleeper
	must runtime kill --regex '^test-[0-9]+$' KILL
	eventually has_status stopped
	[[ $(container_status other-1) == running ]]
	is_dabba || return 0
	fails runtime kill --regex '(' KILL
	one_sentence
}
