#!/usr/bin/env bats
# dabba create: everything but the program is there.
load helpers/bundle

setup() {
	setup_bundle
}

@test "create: the program waits for start" {
	sh_args 'touch /tmp/ran'
	must runtime create "$ID"
	has_status created
	[[ ! -e rootfs/tmp/ran ]]
	must runtime start "$ID"
	eventually has_status stopped
	[[ -e rootfs/tmp/ran ]]
}

@test "create: prints nothing" {
	must runtime create "$ID"
	[[ -z $output$error ]]
}

@test "create: --pid-file holds the pid of state, and no newline" {
	must runtime create --pid-file pid "$ID"
	[[ $(cat pid) == "$(container_pid)" ]]
	[[ $(wc -l <pid) == 0 ]]
	[[ ! -e .pid ]]
}

@test "create: --bundle=DIR, from another directory" {
	cd /
	must runtime create --bundle="$BUNDLE" "$ID"
	[[ $(runtime state "$ID" | jq -r .bundle) == "$BUNDLE" ]]
}

@test "create: config.json is frozen" {
	sh_args 'echo first >/tmp/out'
	must runtime create "$ID"
	sh_args 'echo second >/tmp/out'
	rm config.json
	must runtime start "$ID"
	eventually has_status stopped
	[[ $(cat rootfs/tmp/out) == first ]]
	must runtime delete "$ID"
}

@test "create: the same id twice is refused, the first one lives" {
	start_sleeper
	pid=$(container_pid)
	fails runtime create "$ID"
	one_sentence
	said "$ID.*already exists"
	has_status running
	[[ $(container_pid) == "$pid" ]]
}

@test "create: names that are no names" {
	local name
	fails runtime create a/b
	fails runtime create ''
	require dabba
	for name in .. . .hidden 'a b' $'a\nb' ../../etc; do
		fails runtime create "$name"
		said "id"
	done
	nothing_left
}

@test "create: names with every allowed character" {
	must runtime create "A+b_c-1.2"
	must runtime delete --force "A+b_c-1.2"
}

@test "create: a failure leaves no pid file behind that names a process" {
	edit '.process.args = ["/missing"]'
	fails runtime create --pid-file pid "$ID"
	[[ ! -s pid ]]
	nothing_left
}

@test "create: --no-pivot works" {
	sh_args 'echo $(ls /)'
	must runtime run --no-pivot "$ID"
	[[ $output == *bin*proc* ]]
	[[ $output != *boot* ]]
}

@test "create: killed in the middle, it can be deleted" {
	local i
	for i in 1 2 3 4 5 6 7 8; do
		"$RUNTIME" --root "$ROOT" create "$ID" >/dev/null 2>&1 3>&- &
		sleep "0.00$i"
		kill -KILL $! 2>/dev/null || true
		wait $! || true
		must runtime delete --force "$ID"
	done
	eventually nothing_left
}

@test "create: no process is given: legal until start" {
	require dabba
	edit 'del(.process)'
	must runtime create "$ID"
	has_status created
	fails runtime start "$ID"
	said process
}

@test "a pid namespace by path: the stage is not overtaken by what it clones" {
	local i pid
	require controller cpu
	start_sleeper
	pid=$(container_pid)
	mkdir -p ../other
	ln -s "$BUNDLE/rootfs" ../other/rootfs
	jq --arg path "/proc/$pid/ns/pid" '.linux.cgroupsPath = "/other" | .process.args = ["true"] |
		.linux.resources.cpu = {quota: 1000, period: 10000} |
		(.linux.namespaces[] | select(.type == "pid")).path = $path' config.json >../other/config.json
	for ((i = 0; i < 30; i++)); do
		must timeout 30 "$RUNTIME" --root "$ROOT" run --bundle ../other "other$i"
	done
}
