/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The new process is born in the container's cgroup and pid namespace (a
 * pid namespace joined by setns(2) is that of the children) and joins the
 * other namespaces itself, all in one setns(2) of init's pidfd.  The runtime
 * stays outside.
 */
#include "runtime/exec.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/fd.h"
#include "base/proc.h"
#include "base/syscall.h"
#include "base/timing.h"
#include "linux/cgroup.h"
#include "linux/intel-rdt.h"
#include "linux/namespace.h"
#include "runtime/execution.h"
#include "runtime/spawn.h"
#include "runtime/sync.h"

int execution_run(const char *phase, const struct exec_step *steps, size_t n,
		  struct execution *x, struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		if (steps[i].run(x, err) < 0)
			return error_step(err, phase, steps[i].name);
		timing_step(phase, steps[i].name);
	}
	return 0;
}

static void execution_fini(struct execution *x)
{
	relay_fini(&x->relay);
	process_plan_fini(&x->plan);
	cgroup_fini(&x->cgroup);
	container_fini(&x->container);
	exec_process_fini(&x->what);
	fd_close(&x->init_pidfd);
	fd_close(&x->init_root_fd);
	fd_close(&x->sync_fd);
	fd_close(&x->child_sync_fd);
	fd_close(&x->console_fd);
	fd_close(&x->console_socket_fd);
	fd_close(&x->pidfd);
	fd_close(&x->root_fd);
}
#define cleanup_execution __attribute__((cleanup(execution_fini)))

/* --- what to run, and where -------------------------------------------------------------- */

static int plan_process(struct execution *x, struct error *err)
{
	const struct exec_request *request = x->request;
	struct process_request wanted = {
		.process = &x->what.process,
		.linux = x->container.config->linux,
		.other_userns = x->join_flags & CLONE_NEWUSER,
		.preserve_fds = request->preserve_fds,
		.keep_groups = process_keeps_groups(&x->container.config->annotations),
	};
	int r = exec_process_make(&x->what, err);

	if (r == 0)
		r = process_plan_init(&x->plan, &wanted, err);
	for (size_t i = 0; r == 0 && request->caps && request->caps[i]; i++)
		capability_add(&x->plan.caps, request->caps[i]);
	return r;
}

static int check_status(const struct execution *x, struct error *err)
{
	enum oci_status status;
	int r = container_status(&x->container, &status, err);

	if (r < 0)
		return r;
	if (status == OCI_STATUS_STOPPED)
		return error_set(err, EINVAL, "cannot exec in a stopped container");
	if (status == OCI_STATUS_CREATING)
		return error_set(err, EINVAL, "cannot exec in a container that is being created");
	if (status == OCI_STATUS_PAUSED && !x->request->ignore_paused) {
		(void)error_set(err, EINVAL, "cannot exec in a paused container");
		return error_hint(err,
				  "resume it, or use --ignore-paused to run once it is resumed");
	}
	return 0;
}

static bool shares_user_namespace(const struct execution *x)
{
	struct error ignored = ERROR_INIT;
	int root_fd = proc_fd(&ignored);
	struct stat ours, theirs;
	char path[32];

	(void)snprintf(path, sizeof(path), "%d/ns/user", (int)x->container.record.pid);
	return fstatat(root_fd, "self/ns/user", &ours, 0) == 0 &&
	       fstatat(root_fd, path, &theirs, 0) == 0 && ours.st_ino == theirs.st_ino &&
	       ours.st_dev == theirs.st_dev;
}

/* Without a mount namespace of its own the container has a root by chroot(2) alone. */
static int open_init_root(struct execution *x, struct error *err)
{
	char path[32];
	int dfd;

	if (namespace_has_own_mounts(x->container.config->linux))
		return 0;
	dfd = proc_fd(err);
	if (dfd < 0)
		return dfd;
	(void)snprintf(path, sizeof(path), "%d/root", (int)x->container.record.pid);
	x->init_root_fd = openat(dfd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (x->init_root_fd < 0)
		return error_sys(err, "open", "/proc/%s", path);
	/* Still there: so the pid was its own when the path was opened. */
	if (pidfd_send_signal(x->init_pidfd, 0, NULL, 0) < 0)
		return error_set(err, ESRCH, "cannot exec in a stopped container");
	return 0;
}

static int find_namespaces(struct execution *x, struct error *err)
{
	const struct oci_linux *linux = x->container.config->linux;

	x->init_pidfd = container_open_pidfd(&x->container, err);
	if (x->init_pidfd < 0)
		return x->init_pidfd == -ESRCH
			       ? error_set(err, ESRCH, "cannot exec in a stopped container")
			       : x->init_pidfd;
	for (size_t i = 0; linux && i < linux->n_namespaces; i++)
		x->join_flags |= namespace_flag(linux->namespaces[i].type);
	if ((x->join_flags & CLONE_NEWUSER) && shares_user_namespace(x))
		x->join_flags &= ~CLONE_NEWUSER;
	x->staged = (x->join_flags & CLONE_NEWUSER) && geteuid() != 0;
	return open_init_root(x, err);
}

static int find_cgroup(struct execution *x, struct error *err)
{
	const char *path = x->container.record.cgroup_path;
	struct cgroup own = CGROUP_INIT;
	int r;

	if (!path)
		return 0;
	if (!x->request->cgroup)
		return cgroup_open(path, &x->cgroup, err);
	r = cgroup_open(path, &own, err);
	if (r == 0)
		r = cgroup_open_below(&own, x->request->cgroup, &x->cgroup, err);
	cgroup_fini(&own);
	return r;
}

/* --- in the runtime ----------------------------------------------------------------------- */

static pid_t clone_process(struct execution *x)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uintptr_t)&x->pidfd,
		.exit_signal = SIGCHLD,
	};
	pid_t pid;

	if (x->cgroup.fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)x->cgroup.fd;
	}
	pid = sys_clone3(&args);
	if (pid < 0 && errno == EBUSY && !x->request->cgroup) {
		struct error ignored = ERROR_INIT;

		/* Init has moved below its cgroup, which then takes no processes itself. */
		cgroup_fini(&x->cgroup);
		if (cgroup_open_of_pid((pid_t)x->container.record.pid, &x->cgroup, &ignored) < 0)
			return -1;
		args.cgroup = (uint64_t)x->cgroup.fd;
		pid = sys_clone3(&args);
	}
	if (pid < 0 && errno == EACCES && cgroup_can_adopt(x->container.record.cgroup_driver)) {
		x->to_be_adopted = true;
		args.flags &= ~(uint64_t)CLONE_INTO_CGROUP;
		pid = sys_clone3(&args);
	}
	return pid;
}

static int explain_clone(const struct execution *x, struct error *err)
{
	(void)error_sys(err, "clone3", "for the process in container %s", x->container.id);
	if (err->code == -EAGAIN)
		return error_hint(err, "a limit on tasks is reached: pids.max of the container's "
				       "cgroup, or RLIMIT_NPROC");
	if (err->code == -EBUSY)
		return error_hint(err, "cgroup %s hands controllers down, and such a cgroup takes no "
				       "processes: name one below it", x->cgroup.path);
	return err->code;
}

static int spawn(struct execution *x, struct error *err)
{
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_sys(err, "socketpair", "for the process");
	x->sync_fd = pair[0];
	x->child_sync_fd = pair[1];
	r = schedule_apply_affinity(&x->plan.affinity.initial, err);
	if (r < 0)
		return r;
	if (!x->staged && (x->join_flags & CLONE_NEWPID) &&
	    setns(x->init_pidfd, CLONE_NEWPID) < 0)
		return error_sys(err, "setns", "the pid namespace of container %s",
				 x->container.id);
	/* The process is visible in the container from its first instruction on. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_sys(err, "prctl", "PR_SET_DUMPABLE");
	x->pid = clone_process(x);
	if (x->pid < 0)
		return explain_clone(x, err);
	if (x->pid == 0) {
		(void)close(x->sync_fd);
		if (x->staged)
			execution_stage(x);
		execution_child(x);
	}
	fd_close(&x->child_sync_fd);
	if (x->staged) {
		struct spawned spawned = { .pid = 0, .pidfd = -EBADF };
		int staged = spawn_await_stage(x->sync_fd, x->pid, &spawned, err);

		fd_close(&x->pidfd);
		x->pid = spawned.pid;
		x->pidfd = spawned.pidfd;
		return staged;
	}
	return 0;
}

/* The terminal goes to the console socket, or is coupled to ours, before anything uses it. */
static int take_console(struct execution *x, int fd, struct error *err)
{
	struct terminal terminal = { .master_fd = fd, .slave_fd = -EBADF, .name = "/dev/ptmx" };
	int r;

	if (x->console_socket_fd >= 0) {
		r = terminal_send(x->console_socket_fd, &terminal, err);
		terminal_fini(&terminal);
	} else {
		x->console_fd = fd;
		r = relay_attach(&x->relay, fd, err);
	}
	return r < 0 ? r : sync_send(x->sync_fd, SYNC_PROCEED, 0, err);
}

static int send_start(struct execution *x, struct error *err)
{
	int r = x->started ? 0 : sync_send(x->sync_fd, SYNC_START, 0, err);

	x->started = r == 0;
	return r;
}

/* Where nothing is to be done to the process from outside, it need not wait for us. */
static int go_ahead(struct execution *x, struct error *err)
{
	const struct oci_process *process = &x->what.process;

	if (process->terminal || process->oom_score_adj || x->plan.other_userns ||
	    x->request->pid_file || x->container.record.rdt_group)
		return 0;
	return send_start(x, err);
}

static int await_ready(struct execution *x, struct error *err)
{
	for (;;) {
		struct sync_message msg;
		int passed_fd;
		int r = sync_receive(x->sync_fd, &msg, &passed_fd, err);

		if (r < 0)
			return r;
		if (r == 0)
			return error_set(err, ECHILD, "the process ended before it was executed");
		if (msg.type == SYNC_READY)
			return 0;
		if (msg.type != SYNC_CONSOLE || passed_fd < 0 || x->console_fd >= 0) {
			fd_close(&passed_fd);
			return error_set(err, EPROTO, "unexpected sync message %d", (int)msg.type);
		}
		r = take_console(x, passed_fd, err);
		if (r < 0)
			return r;
	}
}

/* A process of the container gets its share of the caches, whoever its parent is. */
static int enter_rdt_group(struct execution *x, struct error *err)
{
	const struct container_record *record = &x->container.record;
	cleanup_close int root_fd = -EBADF;

	if (!record->rdt_group)
		return 0;
	root_fd = intel_rdt_open_root(err);
	return root_fd < 0 ? root_fd
			   : intel_rdt_enter(root_fd, record->rdt_group, record->rdt_monitor,
					     x->pid, err);
}

/* Before the program is executed. */
static int enter_cgroup(struct execution *x, struct error *err)
{
	const struct container_record *record = &x->container.record;

	return x->to_be_adopted ? cgroup_adopt(record->cgroup_driver, record->cgroup_path,
					       &x->cgroup, x->pid, err)
				: 0;
}

static int prepare_start(struct execution *x, struct error *err)
{
	int r = process_prepare_start(&x->plan, x->pid, err);

	return r < 0 ? r : process_write_pid_file(x->request->pid_file, x->pid, err);
}

static int await_execve(struct execution *x, struct error *err)
{
	struct process_await await = {
		.sync_fd = x->sync_fd,
		.pid = x->pid,
		.pidfd = x->pidfd,
		.container = &x->container,
	};
	int r = send_start(x, err);

	return r < 0 ? r : process_await_exec(&await, err);
}

/* clang-format off */
static const struct exec_step start_steps[] = {
	{ "clone",		spawn },
	{ "go ahead",		go_ahead },
	{ "await the process",	await_ready },
	{ "cgroup",		enter_cgroup },
	{ "resctrl group",	enter_rdt_group },
	{ "limits, pid file",	prepare_start },
	{ "await execve",	await_execve },
};
/* clang-format on */

static int start_process(struct execution *x, struct error *err)
{
	int r = execution_run("start", start_steps, ARRAY_SIZE(start_steps), x, err);

	if (r < 0 && x->pid > 0) {
		(void)kill(x->pid, SIGKILL);
		(void)TEMP_FAILURE_RETRY(waitpid(x->pid, NULL, 0));
	}
	return r;
}

static int run_in_foreground(struct execution *x, int *exit_status, struct error *err)
{
	int status = 0, r;

	r = relay_init(&x->relay, err);
	if (r == 0)
		r = start_process(x, err);
	if (r < 0)
		return r;
	r = relay_run(&x->relay, x->pidfd, err);
	timing_step("exec", "wait for the end");
	if (TEMP_FAILURE_RETRY(waitpid(x->pid, &status, 0)) < 0)
		return r < 0 ? r : error_sys(err, "waitpid", "%d", (int)x->pid);
	*exit_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return r;
}

static int load(struct execution *x, struct error *err)
{
	int r = container_load(&x->container, x->request->root, x->request->id, err);

	if (r == 0)
		r = check_status(x, err);
	return r < 0 ? r : container_load_config(&x->container, err);
}

static int connect_console(struct execution *x, struct error *err)
{
	if (!x->request->console_socket)
		return 0;
	x->console_socket_fd = terminal_connect(x->request->console_socket, err);
	return x->console_socket_fd < 0 ? x->console_socket_fd : 0;
}

/* clang-format off */
static const struct exec_step plan_steps[] = {
	{ "find the container",	load },
	{ "namespaces",		find_namespaces },
	{ "cgroup",		find_cgroup },
	{ "process",		plan_process },
	{ "console socket",	connect_console },
};
/* clang-format on */

int container_exec(const struct exec_request *request, int *exit_status, struct error *err)
{
	cleanup_execution struct execution x = {
		.request = request,
		.container = CONTAINER_INIT,
		.what = EXEC_PROCESS_INIT,
		.plan.env = STRVEC_INIT,
		.relay = RELAY_INIT,
		.cgroup = CGROUP_INIT,
		.init_pidfd = -EBADF,
		.init_root_fd = -EBADF,
		.sync_fd = -EBADF,
		.child_sync_fd = -EBADF,
		.console_fd = -EBADF,
		.console_socket_fd = -EBADF,
		.pidfd = -EBADF,
		.root_fd = -EBADF,
	};
	int r;

	*exit_status = 0;
	x.what.request = request;
	x.what.container = &x.container;
	r = execution_run("plan", plan_steps, ARRAY_SIZE(plan_steps), &x, err);
	if (r < 0)
		return r;
	return request->detach ? start_process(&x, err) : run_in_foreground(&x, exit_status, err);
}
