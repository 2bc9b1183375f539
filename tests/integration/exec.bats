#!/usr/bin/env bats
# dabba exec: one more process in a running container.
load helpers/bundle

setup() {
	setup_bundle
	start_sleeper
}

@test "exec: output, error and exit code" {
	try runtime exec "$ID" sh -c 'echo out; echo err >&2; exit 9'
	((status == 9))
	[[ $output == out && $error == err ]]
}

@test "exec: stdin" {
	[[ $(echo word | runtime exec "$ID" cat) == word ]]
}

@test "exec: it is in every namespace and in the cgroup of the container" {
	local name pid
	pid=$(container_pid)
	for name in mnt pid net ipc uts cgroup; do
		must runtime exec "$ID" readlink "/proc/self/ns/$name"
		[[ $output == "$(readlink "/proc/$pid/ns/$name")" ]]
	done
	must runtime exec "$ID" grep ^0: /proc/self/cgroup
	[[ $output == 0::/ ]]
}

@test "exec: a killed process gives 128 + the signal" {
	try runtime exec "$ID" sh -c 'kill -TERM $$'
	((status == 143))
}

@test "exec: -e, --cwd, -u" {
	must runtime exec -e A=1 -e 'B=two words' --cwd /tmp -u 12:34 "$ID" \
		/bin/sh -c 'echo "$A $B $(pwd) $(/bin/id -u):$(/bin/id -g)"'
	[[ $output == "1 two words /tmp 12:34" ]]
}

@test "exec: --env adds to the environment of the container" {
	require dabba
	must runtime exec --env A=1 --env=B=2 "$ID" sh -c 'echo $A $B $TERM'
	[[ $output == "1 2 xterm" ]]
}

@test "exec: -u 1 is uid 1 and never root" {
	must runtime exec -u 1 "$ID" id -u
	[[ $output == 1 ]]
}

@test "exec: users that are none" {
	local user
	require dabba
	for user in 1: :1 -1 4294967295 1:-1 99999999999 1x; do
		fails runtime exec --user="$user" "$ID" true
		one_sentence
	done
}

@test "exec: -g adds groups" {
	"$RUNTIME" exec --help 2>&1 | grep -qE -- '-g|additional-gids' ||
		skip "this runtime has no exec -g"
	must runtime exec -u 5:6 -g 71 -g 72 "$ID" grep ^Groups: /proc/self/status
	[[ $output == *71*72* ]]
}

@test "exec: --cap adds a capability, but never an inheritable one" {
	must runtime exec --cap CAP_SYSLOG "$ID" grep Cap /proc/self/status
	[[ $output == *"CapEff:"?0000000420000420* ]]
	[[ $output == *"CapInh:"*0000000000000000* ]]
}

@test "exec: --cap of an unknown capability is a warning" {
	require dabba
	must runtime exec --cap CAP_NOSUCH "$ID" grep CapEff /proc/self/status
	said 'CAP_NOSUCH'
}

@test "exec: --cgroup does not lead out of the cgroup of the container" {
	require dabba
	local path
	for path in .. ../.. /../x; do
		fails runtime exec --cgroup "$path" "$ID" true
		one_sentence
		said 'not a sub cgroup path'
	done
}

@test "exec: without --cap it has those of the container" {
	want=$(grep Cap "/proc/$(container_pid)/status")
	must runtime exec "$ID" grep Cap /proc/self/status
	[[ $output == "$want" ]]
}

@test "exec: --no-new-privs" {
	runtime delete --force "$ID"
	edit 'del(.process.noNewPrivileges)'
	start_sleeper
	must runtime exec "$ID" grep NoNewPrivs /proc/self/status
	[[ $output == *0 ]]
	must runtime exec --no-new-privs "$ID" grep NoNewPrivs /proc/self/status
	[[ $output == *1 ]]
}

@test "exec: --process FILE" {
	jq '.process | .args = ["sh", "-c", "echo $V $(id -u) $(pwd)"] | .env += ["V=v"] |
		.user.uid = 7 | .cwd = "/tmp"' config.json >process.json
	must runtime exec --process process.json "$ID"
	[[ $output == "v 7 /tmp" ]]
}

@test "exec: --process file that is missing or wrong" {
	fails runtime exec --process nowhere.json "$ID"
	one_sentence
	said 'nowhere.json'
	echo '{"args": 1}' >bad.json
	fails runtime exec --process bad.json "$ID"
	one_sentence
	said 'bad.json.*args'
}

@test "exec: -d and --pid-file" {
	must runtime exec -d --pid-file exec-pid "$ID" sleep 20
	[[ $(tr '\0' ' ' <"/proc/$(cat exec-pid)/cmdline") == "sleep 20 " ]]
	must runtime kill "$ID" KILL
	eventually has_status stopped
}

@test "exec: options end at the name: the command keeps its own" {
	must runtime exec "$ID" echo -e -t --help
	[[ $output == "-t --help" ]]
}

@test "exec: a program that does not exist; a directory; a plain file" {
	fails runtime exec "$ID" nosuchprogram
	one_sentence
	said 'nosuchprogram.*executable file not found in \$PATH|executable file.*nosuchprogram'
	fails runtime exec "$ID" /no/such
	said '/no/such.*[Nn]o such file or directory'
	fails runtime exec "$ID" /tmp
	said '[Pp]ermission denied'
	fails runtime exec "$ID" /etc/passwd
	said '[Pp]ermission denied'
	has_status running
}

@test "exec: created containers take it, stopped ones do not" {
	runtime delete --force "$ID"
	must runtime create "$ID"
	must runtime exec "$ID" true
	must runtime kill "$ID" KILL
	eventually has_status stopped
	fails runtime exec "$ID" true
	one_sentence
	said 'not running|stopped'
}

@test "exec: an unknown container, no command" {
	fails runtime exec nobody true
	said 'nobody.*does not exist'
	fails runtime exec "$ID"
}

@test "exec: rlimits, umask and no fd of ours" {
	must runtime exec "$ID" sh -c 'umask; ls /proc/self/fd | wc -l' 9</etc/passwd
	[[ $output == 0022$'\n'4 || $output == 022$'\n'4 ]]
}

@test "exec: many at once" {
	local i pids=()
	for i in 1 2 3 4 5 6 7 8 9 10; do
		runtime exec "$ID" sh -c "exit $i" </dev/null 3>&- &
		pids+=($!)
	done
	for i in 1 2 3 4 5 6 7 8 9 10; do
		status=0
		wait "${pids[i - 1]}" || status=$?
		((status == i))
	done
}
