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
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/proc.h"
#include "base/syscall.h"
#include "libocispec/oci-error.h"
#include "libocispec/read.h"
#include "linux/cgroup.h"
#include "linux/document.h"
#include "linux/keyring.h"
#include "linux/namespace.h"
#include "linux/relay.h"
#include "runtime/container.h"
#include "runtime/process.h"
#include "runtime/sync.h"

enum { MAX_PROCESS = 16 * 1024 * 1024 };

struct execution {
	const struct exec_request *request;
	struct container container;
	/* The process to run, and what it points to when it is not from a file. */
	struct oci_process process;
	struct oci_user user;
	struct strvec env;
	uint32_t *additional_gids;
	struct process_plan plan;
	struct relay relay;
	struct cgroup cgroup;
	/* Init's. */
	int init_pidfd;
	/* CLONE_NEW* of the namespaces to join. */
	int join_flags;
	/* Without privilege on the host the user namespace must come before the pid namespace. */
	bool staged;
	int sync_fd, child_sync_fd;
	int console_fd, console_socket_fd;
	pid_t pid;
	int pidfd;
};

static void execution_fini(struct execution *x)
{
	relay_fini(&x->relay);
	process_plan_fini(&x->plan);
	cgroup_fini(&x->cgroup);
	container_fini(&x->container);
	strvec_release(&x->env);
	free(x->additional_gids);
	fd_close(&x->init_pidfd);
	fd_close(&x->sync_fd);
	fd_close(&x->child_sync_fd);
	fd_close(&x->console_fd);
	fd_close(&x->console_socket_fd);
	fd_close(&x->pidfd);
}
#define cleanup_execution __attribute__((cleanup(execution_fini)))

/* --- what to run ------------------------------------------------------------------------ */

static int read_process(struct execution *x, struct error *err)
{
	const char *path = x->request->process_file;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct oci_error oci_err = OCI_ERROR_INIT;
	int r = file_read_at(AT_FDCWD, path, MAX_PROCESS, &text, err);

	if (r < 0)
		return r;
	if (oci_read(&x->container.arena, &oci_process_object, text.buf, text.len, path,
		     &x->process, &oci_err) < 0)
		return error_from_oci(err, &oci_err);
	return 0;
}

static int set_user(struct execution *x, struct error *err)
{
	const struct exec_request *request = x->request;
	struct credential_user wanted;
	size_t n = 0;
	int r;

	if (x->process.user)
		x->user = *x->process.user;
	x->process.user = &x->user;
	if (request->user) {
		r = credential_parse_user(request->user, &wanted, err);
		if (r < 0)
			return r;
		x->user.uid = wanted.uid;
		if (wanted.has_gid)
			x->user.gid = wanted.gid;
	}
	while (request->additional_gids && request->additional_gids[n])
		n++;
	if (n == 0)
		return 0;
	x->additional_gids = xcalloc(x->user.n_additional_gids + n, sizeof(uint32_t));
	for (size_t i = 0; i < x->user.n_additional_gids; i++)
		x->additional_gids[i] = x->user.additional_gids[i];
	for (size_t i = 0; i < n; i++) {
		uint64_t gid;

		if (!str_to_u64(request->additional_gids[i], UINT32_MAX - 1, &gid))
			return error_set(err, EINVAL, "--additional-gids: \"%s\" is not a group id",
					 request->additional_gids[i]);
		x->additional_gids[x->user.n_additional_gids + i] = (uint32_t)gid;
	}
	x->user.additional_gids = x->additional_gids;
	x->user.n_additional_gids += n;
	return 0;
}

/* The container's own process, with the command line's changes. */
static int derive_process(struct execution *x, struct error *err)
{
	const struct exec_request *request = x->request;
	const struct oci_process *base = x->container.config->process;

	if (base)
		x->process = *base;
	else
		x->process.cwd = "/";
	x->process.args = (char **)request->args;
	x->process.n_args = 0;
	while (request->args && request->args[x->process.n_args])
		x->process.n_args++;
	x->process.terminal = request->tty;
	x->process.console_size = NULL;
	for (size_t i = 0; i < x->process.n_env; i++)
		strvec_push(&x->env, x->process.env[i]);
	strvec_pushv(&x->env, request->env);
	x->process.env = x->env.v;
	x->process.n_env = x->env.n;
	if (request->cwd)
		x->process.cwd = request->cwd;
	if (request->no_new_privs)
		x->process.no_new_privileges = true;
	return set_user(x, err);
}

/* What a process document leaves out is as the container has it. */
static void inherit(struct execution *x)
{
	const struct oci_process *base = x->container.config->process;

	if (!base)
		return;
	if (!x->process.capabilities)
		x->process.capabilities = base->capabilities;
	if (!x->process.rlimits) {
		x->process.rlimits = base->rlimits;
		x->process.n_rlimits = base->n_rlimits;
	}
	if (!x->process.apparmor_profile)
		x->process.apparmor_profile = base->apparmor_profile;
	if (!x->process.selinux_label)
		x->process.selinux_label = base->selinux_label;
	if (!x->process.exec_cpu_affinity)
		x->process.exec_cpu_affinity = base->exec_cpu_affinity;
}

static int plan_process(struct execution *x, struct error *err)
{
	const struct exec_request *request = x->request;
	struct process_request wanted = {
		.process = &x->process,
		.linux = x->container.config->linux,
		.other_userns = x->join_flags & CLONE_NEWUSER,
		.preserve_fds = request->preserve_fds,
	};
	int r;

	r = request->process_file ? read_process(x, err) : derive_process(x, err);
	if (r < 0)
		return r;
	if (request->process_file && request->tty)
		x->process.terminal = true;
	inherit(x);
	if (request->process_label)
		x->process.selinux_label = request->process_label;
	if (request->apparmor)
		x->process.apparmor_profile = request->apparmor;
	if (x->process.terminal && request->detach && !request->console_socket) {
		(void)error_set(err, EINVAL, "a detached process with a terminal needs a console "
					     "socket");
		return error_hint(err, "pass --console-socket PATH, or no terminal");
	}
	if (!x->process.terminal && request->console_socket)
		return error_set(err, EINVAL, "--console-socket is given, but the process has no "
					      "terminal");
	r = process_plan_init(&x->plan, &wanted, err);
	for (size_t i = 0; r == 0 && request->caps && request->caps[i]; i++)
		r = capability_add(&x->plan.caps, request->caps[i], err);
	return r;
}

/* --- where to run it -------------------------------------------------------------------- */

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
		return error_hint(err, "resume it, or use --ignore-paused to run once it is resumed");
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
	return 0;
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

/* --- in the new process ------------------------------------------------------------------- */

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
	return keyring_join(x->container.id, x->process.selinux_label,
			    x->join_flags & CLONE_NEWUSER, err);
}

static int run_program(struct execution *x, struct error *err)
{
	struct process_plan *plan = &x->plan;
	cleanup_close int root_fd = -EBADF;
	char program[4096];
	struct process_start start = { .sync_fd = x->child_sync_fd, .program = program };
	int r;

	r = become_member(x, err);
	if (r < 0)
		return r;
	root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return error_sys(err, "open", "the container's root");
	/* Before the affinity that was asked for: what the caller had means nothing here. */
	schedule_reset_affinity();
	r = schedule_apply_affinity(&plan->affinity.final, err);
	if (r == 0)
		r = process_apply_early(plan, err);
	if (r == 0 && plan->process->terminal)
		r = process_open_terminal(plan, root_fd, x->child_sync_fd, NULL, err);
	if (r == 0)
		r = process_fix_stdio(plan, err);
	if (r == 0)
		r = process_set_home(plan, root_fd, err);
	if (r == 0)
		r = process_enter_cwd(plan, false, err);
	if (r == 0)
		r = process_find_program(plan, program, err);
	if (r == 0)
		r = sync_send(x->child_sync_fd, SYNC_READY, 0, err);
	if (r == 0)
		r = sync_expect(x->child_sync_fd, SYNC_START, err);
	return r < 0 ? r : process_execute(plan, &start, err);
}

static void __attribute__((noreturn)) run_child(struct execution *x)
{
	struct error err = ERROR_INIT;

	(void)run_program(x, &err);
	sync_send_error(x->child_sync_fd, &err);
	_exit(1);
}

/* Joins everything, the user namespace first, and lets a sibling of its own be the process. */
static void __attribute__((noreturn)) run_stage(struct execution *x)
{
	struct clone_args args = { .flags = CLONE_PARENT };
	struct error err = ERROR_INIT;
	pid_t pid;

	if (setns(x->init_pidfd, x->join_flags) < 0) {
		(void)error_sys(&err, "setns", "the namespaces of container %s", x->container.id);
	} else {
		pid = sys_clone3(&args);
		if (pid == 0)
			run_child(x);
		if (pid > 0)
			_exit(sync_send(x->child_sync_fd, SYNC_STAGE_PID, pid, &err) < 0);
		(void)error_sys(&err, "clone3", "for the process");
	}
	sync_send_error(x->child_sync_fd, &err);
	_exit(1);
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
	if (pid < 0 && errno == EBUSY) {
		struct error ignored = ERROR_INIT;

		/* Init has moved below its cgroup, which then takes no processes itself. */
		cgroup_fini(&x->cgroup);
		if (cgroup_open_of_pid((pid_t)x->container.record.pid, &x->cgroup, &ignored) < 0)
			return -1;
		args.cgroup = (uint64_t)x->cgroup.fd;
		pid = sys_clone3(&args);
	}
	return pid;
}

static int await_stage(struct execution *x, struct error *err)
{
	struct sync_message msg = { 0 };
	int r = sync_receive(x->sync_fd, &msg, NULL, err);

	(void)TEMP_FAILURE_RETRY(waitpid(x->pid, NULL, 0));
	fd_close(&x->pidfd);
	x->pid = 0;
	if (r < 0)
		return r;
	if (r == 0 || msg.type != SYNC_STAGE_PID || msg.value <= 0)
		return error_set(err, EPROTO, "the stage process ended without a word");
	x->pid = msg.value;
	x->pidfd = pidfd_open(x->pid, 0);
	return x->pidfd < 0 ? error_sys(err, "pidfd_open", "%d", (int)x->pid) : 0;
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
		return error_sys(err, "setns", "the pid namespace of container %s", x->container.id);
	/* The process is visible in the container from its first instruction on. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_sys(err, "prctl", "PR_SET_DUMPABLE");
	x->pid = clone_process(x);
	if (x->pid < 0)
		return error_sys(err, "clone3", "for the process in container %s", x->container.id);
	if (x->pid == 0) {
		(void)close(x->sync_fd);
		if (x->staged)
			run_stage(x);
		run_child(x);
	}
	fd_close(&x->child_sync_fd);
	return x->staged ? await_stage(x, err) : 0;
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

static int write_pid_file(const struct execution *x, struct error *err)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d", (int)x->pid);

	if (!x->request->pid_file)
		return 0;
	return file_replace_at(AT_FDCWD, x->request->pid_file, text, (size_t)n, 0644, err);
}

static int start_process(struct execution *x, struct error *err)
{
	struct process_await await = { .container = &x->container };
	int r = spawn(x, err);

	if (r == 0)
		r = await_ready(x, err);
	if (r == 0)
		r = process_prepare_start(&x->plan, x->pid, err);
	if (r == 0)
		r = write_pid_file(x, err);
	if (r == 0)
		r = sync_send(x->sync_fd, SYNC_START, 0, err);
	await.sync_fd = x->sync_fd;
	await.pid = x->pid;
	await.pidfd = x->pidfd;
	if (r == 0)
		r = process_await_exec(&await, err);
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
	if (TEMP_FAILURE_RETRY(waitpid(x->pid, &status, 0)) < 0)
		return r < 0 ? r : error_sys(err, "waitpid", "%d", (int)x->pid);
	*exit_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return r;
}

int container_exec(const struct exec_request *request, int *exit_status, struct error *err)
{
	cleanup_execution struct execution x = {
		.request = request,
		.container = CONTAINER_INIT,
		.env = STRVEC_INIT,
		.plan.env = STRVEC_INIT,
		.relay = RELAY_INIT,
		.cgroup = CGROUP_INIT,
		.init_pidfd = -EBADF,
		.sync_fd = -EBADF,
		.child_sync_fd = -EBADF,
		.console_fd = -EBADF,
		.console_socket_fd = -EBADF,
		.pidfd = -EBADF,
	};
	int r;

	*exit_status = 0;
	r = container_load(&x.container, request->root, request->id, err);
	if (r == 0)
		r = check_status(&x, err);
	if (r == 0)
		r = container_load_config(&x.container, err);
	if (r == 0)
		r = find_namespaces(&x, err);
	if (r == 0)
		r = find_cgroup(&x, err);
	if (r == 0)
		r = plan_process(&x, err);
	if (r == 0 && request->console_socket) {
		x.console_socket_fd = terminal_connect(request->console_socket, err);
		r = x.console_socket_fd < 0 ? x.console_socket_fd : 0;
	}
	if (r < 0)
		return r;
	return request->detach ? start_process(&x, err) : run_in_foreground(&x, exit_status, err);
}
