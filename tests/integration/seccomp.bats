#!/usr/bin/env bats
# linux.seccomp: every action, arguments, flags, the notify listener.
load helpers/bundle

setup() {
	setup_bundle
	PROFILE='{"defaultAction": "SCMP_ACT_ALLOW",
		"architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_AARCH64"]}'
}

# profile RULE-JSON...: an allowing profile with these rules.
profile() {
	edit '.linux.seccomp = $profile | .linux.seccomp.syscalls = ($ARGS.positional | map(fromjson))' \
		--argjson profile "$PROFILE" --args "$@"
}

@test "seccomp: the filter is in force, for exec too" {
	profile '{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}'
	run_sh 'grep Seccomp: /proc/self/status; mkdir /tmp/x'
	((status != 0))
	[[ $output == *2 ]]
	[[ $error == *"ot permitted"* ]]
	start_sleeper
	fails runtime exec "$ID" mkdir /tmp/x
	must runtime exec "$ID" grep Seccomp: /proc/self/status
	[[ $output == *2 ]]
}

@test "seccomp: without one there is none" {
	run_sh 'grep Seccomp: /proc/self/status'
	[[ $output == *0 ]]
}

@test "seccomp: an errno of the rule, an errno of the default" {
	profile '{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}'
	run_sh 'mkdir /tmp/x'
	[[ $error == *"No space left"* ]]
	edit '.linux.seccomp |= {defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 38, architectures,
		syscalls: [{names: $names, action: "SCMP_ACT_ALLOW"}]}' \
		--argjson names "$(allowed_names)"
	run_sh 'mkdir /tmp/x'
	[[ $error == *"not implemented"* ]]
}

# What busybox's shell needs, and the runtime before it.
allowed_names() {
	echo '["read","write","open","openat","close","stat","fstat","lstat","newfstatat","statx","poll",
	"mmap","mprotect","munmap","brk","rt_sigaction","rt_sigprocmask","rt_sigreturn","ioctl","access",
	"pipe","pipe2","dup","dup2","dup3","getpid","getppid","fork","vfork","clone","clone3","execve",
	"execveat","exit","exit_group","wait4","kill","uname","fcntl","getcwd","chdir","getuid","getgid",
	"geteuid","getegid","setpgid","getpgrp","arch_prctl","set_tid_address","set_robust_list","rseq",
	"prlimit64","readlink","readlinkat","getrandom","futex","sigaltstack","tgkill","gettid","umask",
	"prctl","seccomp","capget","capset","setresuid","setresgid","setgroups","close_range","sendmsg",
	"recvmsg","sendto","recvfrom","accept4","accept","faccessat","faccessat2","getdents64","madvise",
	"epoll_ctl","epoll_pwait","epoll_create1","nanosleep","clock_nanosleep","sched_yield","socket",
	"connect","getsockopt","setsockopt","mincore","sched_getaffinity","pread64","lseek","fstatfs",
	"openat2","setsid","shutdown","rt_sigsuspend","lgetxattr","writev","readv"]'
}

@test "seccomp: KILL, KILL_PROCESS, KILL_THREAD, TRAP" {
	local action
	for action in SCMP_ACT_KILL SCMP_ACT_KILL_PROCESS SCMP_ACT_KILL_THREAD SCMP_ACT_TRAP; do
		profile "{\"names\": [\"mkdir\", \"mkdirat\"], \"action\": \"$action\"}"
		run_sh 'mkdir /tmp/x; echo $?'
		# SIGSYS is 31.
		[[ $output == 159 ]]
	done
}

@test "seccomp: LOG lets the call pass" {
	profile '{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_LOG"}'
	run_sh 'mkdir /tmp/x && echo made'
	[[ $output == made ]]
}

@test "seccomp: TRACE without a tracer is ENOSYS" {
	profile '{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_TRACE"}'
	run_sh 'mkdir /tmp/x'
	[[ $error == *"not implemented"* ]]
}

@test "seccomp: arguments with every operator" {
	local case
	# kill(pid, signal): the signal is argument 1; the shell sends 10 (USR1) and 12 (USR2).
	for case in EQ:10:0:yn NE:10:0:ny LT:12:0:yn LE:10:0:yn GT:10:0:ny GE:11:0:ny \
		MASKED_EQ:6:4:ny; do
		IFS=: read -r operator value two want <<<"$case"
		profile "{\"names\": [\"kill\"], \"action\": \"SCMP_ACT_ERRNO\", \"args\": [{\"index\": 1,
			\"value\": $value, \"valueTwo\": $two, \"op\": \"SCMP_CMP_$operator\"}]}"
		run_sh 'trap : USR1 USR2
			for s in 10 12; do kill -$s $$ 2>/dev/null && printf n || printf y; done'
		echo "$case gave $output"
		[[ $output == "$want" ]]
	done
}

@test "seccomp: several arguments of one rule must all match" {
	profile '{"names": ["kill"], "action": "SCMP_ACT_ERRNO", "args": [
		{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}, {"index": 1, "value": 10, "op": "SCMP_CMP_EQ"}]}'
	run_sh 'trap : USR1 USR2; for s in 10 12; do kill -$s 1 2>/dev/null && printf n || printf y; done'
	[[ $output == yn ]]
}

@test "seccomp: a name the library does not know is skipped" {
	profile '{"names": ["nosuchsyscall", "mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}'
	run_sh 'mkdir /tmp/x'
	((status != 0))
	[[ $error == *"ot permitted"* ]]
}

@test "seccomp: flags" {
	edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
		flags: ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC"],
		syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO"}]}'
	run_sh 'grep Seccomp: /proc/self/status; mkdir /tmp/x'
	((status != 0))
	[[ $output == *2 ]]
	require dabba
	edit '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_NOSUCH"]'
	fails runtime run "$ID"
	one_sentence
	said 'linux.seccomp.flags\[0\].*SECCOMP_FILTER_FLAG_NOSUCH'
}

@test "seccomp: without no_new_privs too" {
	edit '.process.noNewPrivileges = false | .process.user = {uid: 5, gid: 5}'
	profile '{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}'
	run_sh 'grep -E "Seccomp:|NoNew" /proc/self/status; mkdir /tmp/x'
	[[ $output == *NoNewPrivs:*0*Seccomp:*2 ]]
}

@test "seccomp: unknown actions, operators and architectures" {
	local rule
	for rule in '{"names": ["mkdir"], "action": "SCMP_ACT_NOSUCH"}' \
		'{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 0, "op": "NOSUCH"}]}'; do
		profile "$rule"
		fails runtime run "$ID"
		one_sentence
		said 'linux.seccomp.syscalls\[0\].*NOSUCH'
	done
	nothing_left
	require dabba
	profile '{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 6, "value": 0, "op": "SCMP_CMP_EQ"}]}'
	fails runtime run "$ID"
	said 'index.*6'
	edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_NOSUCH"]}'
	fails runtime run "$ID"
	said 'architectures.*SCMP_ARCH_NOSUCH'
}

@test "seccomp: an errno for an action that takes none; metadata without a listener" {
	require dabba
	edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", defaultErrnoRet: 1}'
	fails runtime run "$ID"
	one_sentence
	said 'defaultErrnoRet'
	edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerMetadata: "x"}'
	fails runtime run "$ID"
	one_sentence
	said 'listenerMetadata'
}

@test "seccomp: NOTIFY hands the listener and the state to the agent" {
	/usr/bin/python3 "$TOOLS/notify.py" agent.sock 28 >agent 2>&1 3>&- &
	eventually test -S agent.sock
	profile '{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_NOTIFY"}'
	edit '.linux.seccomp.listenerPath = $path | .linux.seccomp.listenerMetadata = "meta"' \
		--arg path "$BUNDLE/agent.sock"
	run_sh 'mkdir /tmp/x'
	cat agent
	((status != 0))
	[[ $error == *"No space left"* ]]
	jq -e --arg id "$ID" '.metadata == "meta" and .state.id == $id and .pid > 0 and
		(.fds | index("seccompFd") != null) and .ociVersion' agent
}

@test "seccomp: NOTIFY without a listener, with one that is not there" {
	profile '{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_NOTIFY"}'
	fails runtime run "$ID"
	one_sentence
	said 'listenerPath'
	edit '.linux.seccomp.listenerPath = "/no/such.sock"'
	fails runtime run "$ID"
	one_sentence
	said '/no/such.sock'
	nothing_left
}

@test "seccomp: the default profile of the engines" {
	require dabba
	[[ -e /usr/share/containers/seccomp.json ]] || skip "no default profile of the engines is installed"
	edit '.linux.seccomp = ($p[0] | {defaultAction, defaultErrnoRet, architectures: ["SCMP_ARCH_X86_64",
		"SCMP_ARCH_X86", "SCMP_ARCH_X32"], syscalls: (.syscalls | map(select(.excludes.caps | not) |
		{names, action, args: (.args // []), errnoRet} | with_entries(select(.value != null))))} |
		with_entries(select(.value != null)))' --slurpfile p /usr/share/containers/seccomp.json
	run_sh 'mkdir /tmp/x && echo made; grep Seccomp: /proc/self/status'
	((status == 0))
	[[ $output == made*2 ]]
}

@test "seccomp: startContainer hooks are behind it, with and without no_new_privs" {
	local nnp
	edit '.hooks.startContainer = [{path: "/bin/mkdir", args: ["mkdir", "/tmp/by-hook"]}]'
	for nnp in true false; do
		edit '.process.noNewPrivileges = ($nnp == "true")' --arg nnp $nnp
		# clone3 as container engines forbid it: the hook starts all the same.
		profile '{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}' \
			'{"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}'
		fails runtime run "$ID"
		said 'startContainer hook #0.*mkdir.*not permitted'
		[[ ! -e rootfs/tmp/by-hook ]]
	done
	profile '{"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}'
	must runtime run "$ID"
	[[ -d rootfs/tmp/by-hook ]]
}

# The names of calls that ours make before the program runs.
forbid() {
	profile "$(jq -nc '{names: $ARGS.positional, action: "SCMP_ACT_KILL_PROCESS"}' --args "$@")"
}

@test "seccomp: it is loaded last, and may forbid what the set-up needed (R21)" {
	local calls=(getcwd chdir fchdir openat2 mount move_mount umount2 pivot_root accept4 setsid
		sendmsg recvmsg unshare setns setsockopt setrlimit)
	forbid "${calls[@]}"
	edit '.process.noNewPrivileges = false | .process.args = ["sleep", "30"]'
	must runtime create "$ID"
	must runtime start "$ID"
	must runtime exec "$ID" echo executed
	[[ $output == executed ]]
	must runtime delete --force "$ID"
	# Without no_new_privs it needs CAP_SYS_ADMIN, and comes before these.
	forbid "${calls[@]}" setgroups setresgid setresuid capset umask close_range seccomp
	edit '.process.noNewPrivileges = true | .process.user = {uid: 1, gid: 2, additionalGids: [3]}'
	must runtime create "$ID"
	must runtime start "$ID"
	must runtime exec "$ID" echo executed
	[[ $output == executed ]]
}
