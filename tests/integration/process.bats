#!/usr/bin/env bats
# process: user, groups, umask, rlimits, capabilities, no_new_privs, oom score,
# scheduler and I/O priority.
load helpers/bundle

setup() {
	setup_bundle
}

@test "process: uid, gid and additional gids" {
	edit '.process.user = {uid: 11, gid: 22, additionalGids: [33, 44]}'
	run_sh 'id -u; id -g; grep Groups: /proc/self/status'
	[[ $output == 11$'\n'22$'\n'Groups:*33*44* ]]
}

@test "process: no additional gids means none, not the caller's" {
	sh_args 'grep Groups: /proc/self/status'
	must setpriv --groups 55 "$RUNTIME" --root "$ROOT" run "$ID"
	[[ $output != *55* ]]
}

@test "process: umask" {
	edit '.process.user.umask = 23'
	run_sh 'umask'
	[[ $output == *027 ]]
	edit 'del(.process.user.umask)'
	run_sh 'umask'
	[[ $output == *022 ]]
}

@test "process: capability sets are exactly those of the config" {
	edit '.process.capabilities = {bounding: ["CAP_CHOWN", "CAP_KILL"], permitted: ["CAP_CHOWN"],
		effective: ["CAP_CHOWN"], inheritable: [], ambient: []}'
	run_sh 'grep Cap /proc/self/status'
	[[ $output == *"CapPrm:"?0000000000000001* ]]
	[[ $output == *"CapEff:"?0000000000000001* ]]
	[[ $output == *"CapBnd:"?0000000000000021* ]]
	[[ $output == *"CapAmb:"?0000000000000000* ]]
}

@test "process: ambient capabilities survive the execve of a user" {
	edit '.process.user = {uid: 5, gid: 5} |
		.process.capabilities = ({bounding: ["CAP_CHOWN"]} |
		.permitted = .bounding | .effective = .bounding | .inheritable = .bounding |
		.ambient = .bounding)'
	run_sh 'grep Cap /proc/self/status'
	[[ $output == *"CapEff:"?0000000000000001* ]]
	[[ $output == *"CapAmb:"?0000000000000001* ]]
}

@test "process: without capabilities there are none" {
	edit 'del(.process.capabilities)'
	run_sh 'grep -E "Cap(Prm|Eff|Bnd|Inh|Amb)" /proc/self/status | sort -u -k2 | wc -l'
	is_dabba || skip "other runtimes differ here"
	[[ $output == 1 ]]
}

@test "process: an unknown capability is a warning" {
	require dabba
	edit '.process.capabilities.bounding += ["CAP_NOSUCH"]'
	run_sh 'echo ran'
	((status == 0))
	[[ $output == ran ]]
	said 'CAP_NOSUCH'
}

@test "process: no_new_privs" {
	run_sh 'grep NoNewPrivs /proc/self/status'
	[[ $output == *1 ]]
	edit '.process.noNewPrivileges = false'
	run_sh 'grep NoNewPrivs /proc/self/status'
	[[ $output == *0 ]]
}

@test "process: oom score" {
	edit '.process.oomScoreAdj = 700'
	run_sh 'cat /proc/self/oom_score_adj'
	[[ $output == 700 ]]
	edit 'del(.process.oomScoreAdj)'
	run_sh 'cat /proc/self/oom_score_adj'
	[[ $output == "$(cat /proc/self/oom_score_adj)" ]]
}

@test "process: oom score out of range" {
	require dabba
	edit '.process.oomScoreAdj = 1001'
	fails runtime run "$ID"
	one_sentence
	said 'process.oomScoreAdj.*1001'
}

@test "process: I/O priority and scheduler" {
	require dabba
	require command chrt
	edit '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6} |
		.process.scheduler = {policy: "SCHED_BATCH", nice: 5}'
	start_sleeper
	[[ $(ionice -p "$(container_pid)") == "best-effort: prio 6" ]]
	[[ $(chrt -p "$(container_pid)") == *SCHED_BATCH* ]]
	[[ $(ps -o ni= -p "$(container_pid)") -eq 5 ]]
}

@test "process: cwd that is no absolute path" {
	edit '.process.cwd = "relative"'
	fails runtime run "$ID"
	one_sentence
	said 'process.cwd.*relative'
}

@test "process: cwd through a leaked descriptor does not leave the root" {
	local fd
	for fd in 3 4 5 6 7 8 9 10; do
		edit '.process.cwd = $cwd' --arg cwd "/proc/self/fd/$fd"
		sh_args 'cd ../../../..; ls'
		try runtime run "$ID" 9</
		[[ $output != *vmlinuz* && $output != *boot* ]]
	done
}

@test "process: no args" {
	edit '.process.args = []'
	fails runtime run "$ID"
	one_sentence
	said 'process.args'
}

@test "process: arguments and variables with any byte arrive unchanged" {
	edit '.process.args = ["printf", "%s|", "", "a b", "\u00e9\u20ac", "line\nbreak", "\"\\\\"] |
		.process.env += ["X=1\n2"]'
	must runtime run "$ID"
	[[ $output == $'|a b|\u00e9\u20ac|line\nbreak|"\\|' || $output == $'|a b|é€|line\nbreak|"\\\\|' ]]
}

@test "process: HOME comes from the container's passwd, and is / for unknown users" {
	echo 'me:x:9:9::/home/me:/bin/sh' >>rootfs/etc/passwd
	edit '.process.user = {uid: 9, gid: 9}'
	run_sh 'echo $HOME'
	[[ $output == /home/me ]]
	edit '.process.user = {uid: 10, gid: 10}'
	run_sh 'echo $HOME'
	[[ $output == / ]]
	edit '.process.env += ["HOME=/given"]'
	run_sh 'echo $HOME'
	[[ $output == /given ]]
}

@test "process: keep-groups of podman keeps the groups of the caller" {
	[[ $RUNTIME != *runc* ]] || skip "runc does not know the annotation"
	edit '.annotations["run.oci.keep_original_groups"] = "1"'
	sh_args 'grep Groups: /proc/self/status'
	must setpriv --groups 55,66 "$RUNTIME" --root "$ROOT" run "$ID"
	[[ $output == *55*66* ]]
}

@test "a program that cannot be executed: why" {
	mkdir rootfs/dir
	echo 'echo hello' >rootfs/plain
	cp rootfs/plain rootfs/forbidden
	printf '#!/no/such/shell -e\n' >rootfs/script
	chmod 755 rootfs/plain rootfs/script
	chmod 644 rootfs/forbidden
	cannot_run /dir 'permission denied.*a directory'
	cannot_run /forbidden 'permission denied.*0644'
	cannot_run /script 'no such file.*#!/no/such/shell'
	cannot_run /plain 'Exec format error.*#!'
	cannot_run /missing 'no such file.*root file system'
}

# cannot_run PATH WORDS: and an engine's log has all of the words too.
cannot_run() {
	edit '.process.args = [$path]' --arg path "$1"
	fails runtime --log log.json --log-format json run "$ID"
	is_dabba || return 0
	[[ $error == *"$1"* ]]
	one_sentence
	said "$2"
	error=$(tail -n 1 log.json | jq -r .msg)
	said "$2"
}
