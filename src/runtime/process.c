/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/syscall.h"
#include "base/timing.h"
#include "linux/label.h"
#include "linux/oom.h"
#include "linux/passwd.h"
#include "linux/personality.h"
#include "runtime/sync.h"

/* The first fd that is not standard input, output or error (sd_listen_fds(3) too). */
enum { FIRST_FD = 3 };

int process_apply_early(const struct process_plan *plan, struct error *err)
{
	int r;

	r = schedule_apply(&plan->schedule, err);
	if (r == 0 && plan->personality)
		r = personality_apply(plan->personality, err);
	return r;
}

int process_open_terminal(const struct process_plan *plan, int root_fd, int sync_fd,
			  int *slave_fd, struct error *err)
{
	struct terminal terminal = TERMINAL_INIT;
	int r;

	r = terminal_open(root_fd, &terminal, err);
	if (r == 0)
		r = terminal_set_size(terminal.master_fd, plan->process->console_size, err);
	if (r == 0)
		r = terminal_set_owner(&terminal, plan->credential.uid, err);
	if (r == 0)
		r = sync_send_fd(sync_fd, SYNC_CONSOLE, 0, terminal.master_fd, err);
	if (r == 0)
		r = sync_expect(sync_fd, SYNC_PROCEED, err);
	if (r == 0 && slave_fd) {
		*slave_fd = fd_dup_above(terminal.slave_fd, FIRST_FD, err);
		r = *slave_fd < 0 ? *slave_fd : 0;
	}
	if (r == 0)
		r = terminal_enter(&terminal, err);
	terminal_fini(&terminal);
	return r;
}

static bool is_dev_null(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

/*
 * The container's /dev/null, or -EBADF: one without keeps the host's, there is no other.
 * Looked at before it is opened: opening some other device may do things by itself.
 */
static int open_null(struct error *err)
{
	cleanup_close int path_fd = open("/dev/null", O_PATH | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	int fd;

	if (path_fd < 0 || fstat(path_fd, &st) < 0 || !is_dev_null(&st))
		return -EBADF;
	fd = proc_reopen(path_fd, O_RDWR, err);
	if (fd == -EPERM)
		(void)error_hint(err, "a cgroup above the container's forbids all devices, as podman "
				      "4 does to its pods unless its cgroup manager is systemd");
	return fd < 0 ? error_context(err, "the container's /dev/null") : fd;
}

/*
 * The host's /dev/null would stay reachable as /proc/self/fd/N.  And a pipe or
 * file must belong to the user who is to open it again as /dev/stdout; that
 * it cannot be given away (read-only, no privilege) is no error.  *NULL_FD is opened
 * for the first that needs it.
 */
static int fix_stdio(int fd, uid_t uid, int *null_fd, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return errno == EBADF ? 0 : error_sys(err, "fstat", "fd %d", fd);
	if (!is_dev_null(&st)) {
		if (!S_ISCHR(st.st_mode) && st.st_uid != uid)
			(void)!fchown(fd, uid, (gid_t)-1);
		return 0;
	}
	if (*null_fd < 0)
		*null_fd = open_null(err);
	if (*null_fd < 0)
		return *null_fd == -EBADF ? 0 : *null_fd;
	if (dup3(*null_fd, fd, 0) < 0)
		return error_sys(err, "dup3", "/dev/null as fd %d", fd);
	return 0;
}

int process_fix_stdio(const struct process_plan *plan, struct error *err)
{
	cleanup_close int null_fd = -EBADF;
	int r = 0;

	for (int fd = 0; r == 0 && fd < FIRST_FD; fd++)
		r = fix_stdio(fd, plan->credential.uid, &null_fd, err);
	return r;
}

int process_set_home(struct process_plan *plan, int root_fd, struct error *err)
{
	cleanup_free char *home = NULL;
	int r;

	for (size_t i = 0; i < plan->env.n; i++) {
		const char *value = str_skip_prefix(plan->env.v[i], "HOME=");

		if (value && *value)
			return 0;
	}
	r = passwd_home(root_fd, plan->credential.uid, &home, err);
	if (r < 0)
		return r;
	strvec_pushf(&plan->env, "HOME=%s", home);
	return 0;
}

/*
 * A working directory that is outside the root would show the host
 * (CVE-2024-21626): the kernel then says "(unreachable)/...", without a "/".
 */
static int check_cwd(const char *cwd, struct error *err)
{
	char buf[4096];
	long n = sys_getcwd(buf, sizeof(buf));

	if (n < 0)
		return error_sys(err, "getcwd", "in process.cwd \"%s\"", cwd);
	if (buf[0] != '/')
		return error_set(err, EPERM,
				 "process.cwd: \"%s\" leads out of the container's root", cwd);
	return 0;
}

int process_enter_cwd(const struct process_plan *plan, bool create, struct error *err)
{
	const char *cwd = plan->process->cwd;
	int r = chdir(cwd);

	if (r < 0 && errno == ENOENT && create) {
		cleanup_close int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		cleanup_close int fd = path_make_dir(root_fd, cwd, 0755, err);

		if (fd < 0)
			return error_context(err, "process.cwd");
		r = fchdir(fd);
	}
	if (r < 0) {
		(void)error_sys(err, "chdir", "to process.cwd \"%s\"", cwd);
		/* Not in errno's words: engines take these for a program that is missing. */
		if (err->code == -ENOENT)
			(void)error_set(err, ENOENT, "process.cwd: the container has no directory "
						     "\"%s\"", cwd);
		(void)error_path(err, "%s", cwd);
		return error_pointer(err, "process.cwd");
	}
	return check_cwd(cwd, err);
}

/* 0 for a file that could be executed, or the errno execve(2) would give. */
static int probe(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno;
	if (!S_ISREG(st.st_mode))
		return EACCES;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? errno : 0;
}

/* A file that is there and yet ENOENT: the program that would run it is not. */
static int hint_interpreter(const char *path, struct error *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	char line[256];
	ssize_t n = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);

	line[n > 0 ? n : 0] = '\0';
	if (n > 2 && line[0] == '#' && line[1] == '!') {
		line[strcspn(line, "\r\n")] = '\0';
		return error_hint(err, "the file is there, but not what its first line names: %s",
				  line);
	}
	return error_hint(err, "the file is there, but the dynamic loader it was linked for is "
			       "not: is it a program for another distribution?");
}

/* What a person has to look at when PATH could not be executed. */
static int hint_reason(const char *path, int code, struct error *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return code == ENOENT ? error_hint(err, "is the file in the container's root "
							"file system?")
				      : code;
	if (S_ISDIR(st.st_mode))
		return error_hint(err, "it is a directory");
	if (code == ENOENT)
		return hint_interpreter(path, err);
	if (code == ENOEXEC)
		return error_hint(err, "it is no program for this machine, and no script that "
				       "begins with #!");
	if (code == EACCES && (st.st_mode & 0111) == 0)
		return error_hint(err, "its mode is %04o: nobody may execute it",
				  st.st_mode & 07777);
	return code;
}

/*
 * PATH was tried, or is NULL when $PATH was searched in vain.  The words are runc's: engines
 * turn them into exit codes 126 and 127.
 */
static int not_executable(const char *name, const char *path, int code, struct error *err)
{
	if (code == ENOENT && !path)
		(void)error_set(err, code, "exec: \"%s\": executable file not found in $PATH",
				name);
	else if (code == ENOENT)
		(void)error_set(err, code, "exec: \"%s\": no such file or directory", name);
	else if (code == EACCES)
		(void)error_set(err, code, "exec: \"%s\": permission denied", name);
	else
		(void)error_set(err, code, "exec: \"%s\": %s", name, strerror(code));
	err->exit_status = code == ENOENT ? 127 : 126;
	(void)error_path(err, "%s", name);
	if (path)
		(void)hint_reason(path, code, err);
	else if (code == ENOENT)
		(void)error_hint(err, "is the file in the container's root file system?");
	return error_pointer(err, "process.args[0]");
}

static const char *search_path(const struct process_plan *plan)
{
	for (size_t i = 0; i < plan->env.n; i++) {
		const char *value = str_skip_prefix(plan->env.v[i], "PATH=");

		if (value)
			return value;
	}
	return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

int process_find_program(const struct process_plan *plan, char path[4096], struct error *err)
{
	const char *name = plan->process->args[0];
	const char *dirs = search_path(plan);
	int found = ENOENT;

	if (strchr(name, '/')) {
		found = probe(name);
		(void)snprintf(path, 4096, "%s", name);
		return found ? not_executable(name, name, found, err) : 0;
	}
	for (const char *next; dirs; dirs = next) {
		const char *end = strchrnul(dirs, ':');
		int n = (int)(end - dirs);
		int code;

		next = *end ? end + 1 : NULL;
		/* An empty element is the working directory, as in execvp(3). */
		if (snprintf(path, 4096, "%.*s%s%s", n, dirs, n ? "/" : "./", name) >= 4096)
			continue;
		code = probe(path);
		if (code == 0)
			return 0;
		if (code == EACCES)
			found = EACCES;
	}
	return not_executable(name, NULL, found, err);
}

/* The runtime copies the listener out of us and answers; only then may execve close it. */
static int install_seccomp(const struct process_plan *plan, int sync_fd, struct error *err)
{
	struct sync_message answer;
	int listener_fd = -EBADF;
	int r = seccomp_install(&plan->seccomp, &listener_fd, err);

	if (r < 0 || listener_fd < 0)
		return r;
	r = sync_send_filtered(sync_fd, SYNC_SECCOMP, listener_fd, err);
	if (r == 0 && TEMP_FAILURE_RETRY(read(sync_fd, &answer, sizeof(answer))) <= 0)
		r = error_set(err, EPIPE, "the runtime went away with the seccomp listener");
	(void)close(listener_fd);
	return r;
}

static int become(const struct process_plan *plan, int sync_fd, struct error *err)
{
	const struct oci_process *process = plan->process;
	int r;

	r = label_apply_exec(process->selinux_label, process->apparmor_profile, err);
	if (r == 0 && !plan->other_userns)
		r = rlimit_apply(0, &plan->rlimits, err);
	if (r == 0)
		r = capability_apply_bounding(&plan->caps, plan->credential.uid != 0, err);
	if (r < 0)
		return r;
	timing_step("init", "labels and limits");
	if (process->no_new_privileges) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
			return error_sys(err, "prctl", "PR_SET_NO_NEW_PRIVS");
	} else if (plan->seccomp.n_filter) {
		/* Without no_new_privs the filter needs CAP_SYS_ADMIN, so it comes first. */
		r = install_seccomp(plan, sync_fd, err);
		timing_step("init", "seccomp");
	}
	if (r == 0)
		r = credential_apply(&plan->credential, err);
	if (r == 0)
		r = capability_apply(&plan->caps, err);
	return r;
}

/* Handlers go at execve; what the caller ignored would stay ignored. */
static void reset_signals(uint32_t ignored)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int sig = 1; sig < 32; sig++)
		if (ignored & UINT32_C(1) << (sig - 1))
			(void)sigaction(sig, &dfl, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

int process_execute(const struct process_plan *plan, const struct process_start *start,
		    struct error *err)
{
	int r;

	reset_signals(start->ignored_signals);
	/* Again, as time has passed; before the filter, which may forbid the call. */
	r = check_cwd(plan->process->cwd, err);
	if (r == 0)
		r = become(plan, start->sync_fd, err);
	timing_step("init", "credentials");
	/* Before the hooks: they are programs of the container like the one to come. */
	if (r == 0 && plan->process->no_new_privileges && plan->seccomp.n_filter)
		r = install_seccomp(plan, start->sync_fd, err);
	timing_step("init", "seccomp and descriptors");
	if (r == 0)
		r = hooks_run(&start->hooks, start->state, err);
	timing_step("init", "startContainer hooks");
	for (size_t i = 0; r == 0 && i < plan->n_kept_fds; i++)
		r = fd_set_cloexec(plan->kept_fds[i], false, err);
	if (r < 0)
		return r;
	(void)execve(start->program, plan->process->args, plan->env.v);
	return not_executable(plan->process->args[0], start->program, errno, err);
}

int process_prepare_start(const struct process_plan *plan, pid_t pid, struct error *err)
{
	const struct oci_process *process = plan->process;
	int r = 0;

	if (process->oom_score_adj)
		r = oom_write(pid, *process->oom_score_adj, err);
	if (r == 0 && plan->other_userns)
		r = rlimit_apply(pid, &plan->rlimits, err);
	return r;
}

int process_write_pid_file(const char *path, pid_t pid, struct error *err)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d", (int)pid);

	return path ? file_replace_at(AT_FDCWD, path, text, (size_t)n, 0644, err) : 0;
}

static int forward_listener(const struct process_await *await, int remote_fd,
			    struct error *err)
{
	const struct oci_linux *linux = await->container->config->linux;
	cleanup_close int listener_fd = -EBADF;
	cleanup_free char *state = NULL;
	int r;

	if (!linux || !linux->seccomp || !linux->seccomp->listener_path)
		return error_set(err, EPROTO, "a seccomp listener that nobody asked for");
	listener_fd = pidfd_getfd(await->pidfd, remote_fd, 0);
	if (listener_fd < 0)
		return error_sys(err, "pidfd_getfd", "the seccomp listener");
	r = container_seccomp_state_json(await->container, await->pid, &state, err);
	if (r == 0)
		r = seccomp_send_listener(linux->seccomp->listener_path, state, listener_fd, err);
	return r < 0 ? r : sync_send(await->sync_fd, SYNC_PROCEED, 0, err);
}

int process_await_exec(const struct process_await *await, struct error *err)
{
	for (;;) {
		struct sync_message msg;
		int r = sync_receive(await->sync_fd, &msg, NULL, err);

		if (r <= 0)
			return r;
		if (msg.type != SYNC_SECCOMP)
			return error_set(err, EPROTO, "sync message %d instead of execve",
					 (int)msg.type);
		r = forward_listener(await, msg.value, err);
		if (r < 0)
			return r;
	}
}
