#!/usr/bin/env bats
# dabba delete: removes every trace of a container.
load helpers/bundle

setup() {
	setup_bundle
}

@test "delete: a stopped container goes, silently" {
	must runtime create "$ID"
	must runtime start "$ID"
	eventually has_status stopped
	must runtime delete "$ID"
	[[ -z $output$error ]]
	nothing_left
	fails runtime state "$ID"
}

@test "delete: a running container is refused and unharmed" {
	start_sleeper
	fails runtime delete "$ID"
	one_sentence
	said "$ID.*running"
	has_status running
}

@test "delete: --force kills first" {
	start_sleeper
	pid=$(container_pid)
	must runtime delete --force "$ID"
	[[ -z $output$error ]]
	nothing_left
	# Whose child it was reaps it.
	eventually test ! -e "/proc/$pid"
}

@test "delete: -f of a created container" {
	must runtime create "$ID"
	must runtime delete -f "$ID"
	nothing_left
}

@test "delete: an unknown container is an error, with --force it is not" {
	fails runtime delete nobody
	one_sentence
	said 'nobody.*does not exist'
	must runtime delete --force nobody
	[[ -z $output$error ]]
}

@test "delete: the processes init left behind go too" {
	edit '.linux.namespaces |= map(select(.type != "pid"))'
	sh_args 'sleep 78 & sleep 78 & exit 0'
	must runtime create "$ID"
	must runtime start "$ID"
	eventually has_status stopped
	must runtime delete --force "$ID"
	nothing_left
}

@test "delete: without force, a stopped container whose processes live on" {
	require dabba
	edit '.linux.namespaces |= map(select(.type != "pid"))'
	sh_args 'sleep 78 & exit 0'
	must runtime create "$ID"
	must runtime start "$ID"
	eventually has_status stopped
	must runtime delete "$ID"
	nothing_left
}

@test "delete: --force of a container that ignores signals and is frozen" {
	sh_args 'trap "" TERM; sleep 30'
	must runtime create "$ID"
	must runtime start "$ID"
	echo 1 >"/sys/fs/cgroup/$ID/cgroup.freeze"
	must runtime delete --force "$ID"
	nothing_left
}

@test "delete: sub-cgroups that the container made go too" {
	start_sleeper
	mkdir -p "/sys/fs/cgroup/$ID/a/b"
	must runtime delete --force "$ID"
	nothing_left
}

@test "delete: the name is free again" {
	must runtime run "$ID"
	must runtime run "$ID"
	nothing_left
}

@test "delete: bundle and rootfs stay" {
	must runtime run "$ID"
	[[ -e config.json && -e rootfs/bin/sh ]]
}

@test "delete: the bundle is already gone" {
	must runtime create "$ID"
	cd /
	rm -rf "$BUNDLE"
	must runtime delete --force "$ID"
	nothing_left
}

@test "delete: the state directory that a killed create left" {
	require dabba
	mkdir -p "$ROOT/$ID"
	must runtime delete --force "$ID"
	nothing_left
}

@test "delete: --regex takes all that match and no other" {
	[[ $("$RUNTIME" delete --help) == *--regex* ]] || skip "this runtime has no --regex"
	make_bundle "$BUNDLE/second" other
	(cd "$BUNDLE/second" && start_sleeper other-1)
	start_sleeper
	must runtime delete --force --regex '^test-'
	[[ $(runtime list -q) == other-1 ]]
	must runtime delete --force --regex 'nothing$'
	[[ $(runtime list -q) == other-1 ]]
}

@test "delete: --force on a kernel without cgroup.kill (before 5.14)" {
	require command strace
	edit '.linux.namespaces |= map(select(.type != "pid"))'
	sh_args 'sleep 30 & sleep 30 & sleep 30'
	must runtime create "$ID"
	must runtime start "$ID"
	eventually test "$(wc -l <"/sys/fs/cgroup/$ID/cgroup.procs")" -ge 1
	must strace -f -qq -P cgroup.kill -o "$BATS_TEST_TMPDIR/trace" \
		--inject=openat,openat2:error=ENOENT "$RUNTIME" --root "$ROOT" delete --force "$ID"
	grep -q INJECTED "$BATS_TEST_TMPDIR/trace"
	nothing_left
}
