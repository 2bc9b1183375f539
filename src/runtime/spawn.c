/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/spawn.h"

#include <sched.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/fd.h"
#include "base/syscall.h"
#include "runtime/sync.h"

static uint64_t clone_flags(const struct spawn_request *request)
{
	return request->namespaces->new_flags & ~(request->made | CLONE_NEWCGROUP);
}

static pid_t clone_into(uint64_t flags, int cgroup_fd, int *pidfd)
{
	struct clone_args args = {
		.flags = flags | CLONE_PIDFD,
		.pidfd = (uintptr_t)pidfd,
		.exit_signal = SIGCHLD,
	};

	if (cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup_fd;
	}
	return sys_clone3(&args);
}

static int explain_clone(uint64_t flags, struct error *err)
{
	(void)error_sys(err, "clone3", "for the container's init");
	if (err->code == -EPERM && !(flags & CLONE_NEWUSER) && geteuid() != 0)
		return error_hint(err, "without root a user namespace is needed: "
				       "add {\"type\": \"user\"} to linux.namespaces");
	if (err->code == -EBUSY)
		return error_hint(err,
				  "the cgroup has controllers enabled for its children "
				  "and takes no processes (cgroups(7), no internal processes)");
	if (err->code == -EACCES)
		return error_hint(err, "the cgroups of the caller and of the container are both "
				       "below one of another user: \"systemd-run --user --scope\" "
				       "moves the caller, --cgroup-manager=systemd the container");
	if (err->code == -ENOSPC || err->code == -EUSERS)
		return error_hint(err, "a limit in /proc/sys/user/max_*_namespaces is reached");
	return err->code;
}

/*
 * The clone may be faster than we are, all the more below a cpu.max: its own messages have
 * to come after the one with its pid.  Our end closes the gate.
 */
int spawn_sibling(uint64_t flags, int sync_fd, struct error *err)
{
	struct clone_args args = { .flags = flags | CLONE_PARENT };
	cleanup_close int told_fd = -EBADF;
	int gate[2], r;
	pid_t pid;

	if (pipe2(gate, O_CLOEXEC) < 0)
		return error_sys(err, "pipe2", "between the stage process and its sibling");
	told_fd = gate[0];
	pid = sys_clone3(&args);
	if (pid < 0)
		return explain_clone(args.flags, err);
	if (pid == 0) {
		(void)close(gate[1]);
		(void)!TEMP_FAILURE_RETRY(read(told_fd, &(char){ 0 }, 1));
		return 0;
	}
	r = sync_send(sync_fd, SYNC_STAGE_PID, pid, err);
	return r < 0 ? r : 1;
}

/* The stage: everything that changes what its children are born with, then one clone. */
static int stage(const struct spawn_request *request, struct error *err)
{
	const struct namespace_plan *plan = request->namespaces;
	uint64_t flags = clone_flags(request);
	int r;

	r = namespace_join_all(plan, err);
	if (r < 0)
		return r;
	if (plan->time_offsets[0]) {
		r = namespace_unshare_time(plan, err);
		if (r < 0)
			return r;
		flags &= ~(uint64_t)CLONE_NEWTIME;
	}
	/*
	 * In a pid namespace that it joins, init has company from its first instruction on.
	 * One in a user namespace of its own must stay open to us until its ids are mapped.
	 */
	if (!(flags & CLONE_NEWUSER) && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_sys(err, "prctl", "PR_SET_DUMPABLE");
	r = spawn_sibling(flags, request->child_sync_fd, err);
	if (r == 0)
		request->child(request->arg);
	return r;
}

static void __attribute__((noreturn)) run_stage(const struct spawn_request *request)
{
	struct error err = ERROR_INIT;
	int r = stage(request, &err);

	if (r < 0)
		sync_send_error(request->child_sync_fd, &err);
	_exit(r < 0);
}

int spawn_await_stage(int sync_fd, pid_t stage_pid, struct spawned *out, struct error *err)
{
	struct sync_message msg = { 0 };
	int r = sync_receive(sync_fd, &msg, NULL, err);

	(void)TEMP_FAILURE_RETRY(waitpid(stage_pid, NULL, 0));
	if (r < 0)
		return r;
	if (r == 0 || msg.type != SYNC_STAGE_PID || msg.value <= 0)
		return error_set(err, EPROTO, "the stage process ended without a word");
	out->pid = msg.value;
	/* Our own child and not waited for: the pid cannot have gone to another. */
	out->pidfd = pidfd_open(out->pid, 0);
	if (out->pidfd < 0)
		return error_sys(err, "pidfd_open", "%d", (int)out->pid);
	return 0;
}

int spawn_init(const struct spawn_request *request, struct spawned *out, struct error *err)
{
	bool staged = namespace_plan_needs_stage(request->namespaces);
	uint64_t flags = staged ? 0 : clone_flags(request);
	cleanup_close int pidfd = -EBADF;
	pid_t pid = clone_into(flags, request->cgroup_fd, &pidfd);

	if (pid < 0)
		return explain_clone(flags, err);
	if (pid == 0) {
		(void)close(request->parent_sync_fd);
		if (staged)
			run_stage(request);
		request->child(request->arg);
	}
	if (staged)
		return spawn_await_stage(request->parent_sync_fd, pid, out, err);
	out->pid = pid;
	out->pidfd = take_fd(pidfd);
	return 0;
}
