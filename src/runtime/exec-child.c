/* SPDX-License-Identifier: Apache-2.0 */
/* The half of exec that runs in the container: a table of steps that ends in execve(2). */
#include "runtime/execution.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/fd.h"
#include "base/syscall.h"
#include "base/timing.h"
#include "linux/keyring.h"
#include "linux/schedule.h"
#include "runtime/spawn.h"
#include "runtime/sync.h"

static int become_member(struct execution *x, struct error *err)
{
	int flags = x->staged ? 0 : x->join_flags & ~CLONE_NEWPID;

	if (flags && setns(x->init_pidfd, flags) < 0)
		return error_sys(err, "setns", "the namespaces of container %s", x->container.id);
	if (x->join_flags & CLONE_NEWUSER) {
		if ((setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) && errno != EINVAL)
			return error_sys(err, "setresuid", "to 0 in the user namespace");
	}
	if (setsid() < 0)
		return error_sys(err, "setsid", "for the process");
	return keyring_join(x->container.id, x->what.process.selinux_label,
			    x->join_flags & CLONE_NEWUSER, err);
}

/* Joining a mount namespace leads to its root, and that is not the container's if others use it. */
static int enter_root(const struct execution *x, struct error *err)
{
	if (x->init_root_fd < 0)
		return 0;
	if (fchdir(x->init_root_fd) < 0 || chroot(".") < 0)
		return error_sys(err, "chroot", "to the root of container %s", x->container.id);
	return chdir("/") < 0 ? error_sys(err, "chdir", "/") : 0;
}

static int child_join(struct execution *x, struct error *err)
{
	int r = become_member(x, err);

	if (r == 0)
		r = enter_root(x, err);
	if (r < 0)
		return r;
	x->root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return x->root_fd < 0 ? error_sys(err, "open", "the container's root") : 0;
}

static int child_schedule(struct execution *x, struct error *err)
{
	int r;

	/* Before the affinity that was asked for: what the caller had means nothing here. */
	schedule_reset_affinity();
	r = schedule_apply_affinity(&x->plan.affinity.final, err);
	return r < 0 ? r : process_apply_early(&x->plan, err);
}

static int child_stdio(struct execution *x, struct error *err)
{
	int r = 0;

	if (x->plan.process->terminal)
		r = process_open_terminal(&x->plan, x->root_fd, x->child_sync_fd, NULL, err);
	return r < 0 ? r : process_fix_stdio(&x->plan, err);
}

static int child_program(struct execution *x, struct error *err)
{
	int r = process_set_home(&x->plan, x->root_fd, err);

	if (r == 0)
		r = process_enter_cwd(&x->plan, false, err);
	return r < 0 ? r : process_find_program(&x->plan, x->program, err);
}

static int child_ready(struct execution *x, struct error *err)
{
	int r = sync_send(x->child_sync_fd, SYNC_READY, 0, err);

	fd_close(&x->root_fd);
	return r < 0 ? r : sync_expect(x->child_sync_fd, SYNC_START, err);
}

static int child_execute(struct execution *x, struct error *err)
{
	struct process_start start = {
		.sync_fd = x->child_sync_fd,
		.program = x->program,
		/* Finding out would cost more than resetting them all. */
		.ignored_signals = UINT32_MAX,
	};

	return process_execute(&x->plan, &start, err);
}

/* clang-format off */
static const struct exec_step child_steps[] = {
	{ "join namespaces",	child_join },
	{ "scheduling",		child_schedule },
	{ "terminal",		child_stdio },
	{ "program",		child_program },
	{ "ready",		child_ready },
	{ "execute",		child_execute },
};
/* clang-format on */

void execution_child(struct execution *x)
{
	struct error err = ERROR_INIT;

	timing_child();
	(void)execution_run("init", child_steps, ARRAY_SIZE(child_steps), x, &err);
	sync_send_error(x->child_sync_fd, &err);
	_exit(1);
}

/* Joins everything, the user namespace first, and lets a sibling of its own be the process. */
void execution_stage(struct execution *x)
{
	struct error err = ERROR_INIT;
	int r;

	if (setns(x->init_pidfd, x->join_flags) < 0) {
		(void)error_sys(&err, "setns", "the namespaces of container %s", x->container.id);
	} else {
		r = spawn_sibling(0, x->child_sync_fd, &err);
		if (r == 0)
			execution_child(x);
		if (r > 0)
			_exit(0);
	}
	sync_send_error(x->child_sync_fd, &err);
	_exit(1);
}
