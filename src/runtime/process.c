/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
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

static bool same_variable(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");

	return strncmp(a, b, n) == 0 && b[n] == '=';
}

/* Of several settings of one variable the last one counts. */
static int plan_env(struct process_plan *plan, struct error *err)
{
	const struct oci_process *process = plan->process;

	for (size_t i = 0; i < process->n_env; i++) {
		const char *var = process->env[i];
		bool again = false;

		if (!strchr(var, '=') || var[0] == '=') {
			(void)error_set(err, EINVAL, "process.env[%zu]: \"%s\" is not NAME=VALUE",
					i, var);
			return error_pointer(err, "process.env[%zu]", i);
		}
		for (size_t j = i + 1; j < process->n_env && !again; j++)
			again = same_variable(var, process->env[j]);
		if (!again)
			strvec_push(&plan->env, var);
	}
	return 0;
}

/* Socket activation (sd_listen_fds(3)): the sockets come first, and the process is pid 1. */
static unsigned int plan_listen_fds(struct process_plan *plan)
{
	const char *text = getenv("LISTEN_FDS");
	uint64_t n;

	if (!text || !str_to_u64(text, 1024, &n) || n == 0)
		return 0;
	strvec_pushf(&plan->env, "LISTEN_FDS=%s", text);
	strvec_push(&plan->env, "LISTEN_PID=1");
	if (getenv("LISTEN_FDNAMES"))
		strvec_pushf(&plan->env, "LISTEN_FDNAMES=%s", getenv("LISTEN_FDNAMES"));
	return (unsigned int)n;
}

/* Callers ask for more fds than they have, as a way to say "all": that is worth a warning only. */
static int plan_fds(struct process_plan *plan, unsigned int preserve_fds, struct error *err)
{
	long max = sysconf(_SC_OPEN_MAX);
	unsigned long wanted = (unsigned long)plan_listen_fds(plan) + preserve_fds;
	unsigned int n = max > 0 && wanted > (unsigned long)max ? (unsigned int)max
								 : (unsigned int)wanted;

	plan->kept_fds = xcalloc(n + 1, sizeof(*plan->kept_fds));
	for (unsigned int i = 0; i < n; i++)
		/* An fd of our own would be close-on-exec: this one was inherited. */
		if (fcntl((int)(FIRST_FD + i), F_GETFD) == 0)
			plan->kept_fds[plan->n_kept_fds++] = (int)(FIRST_FD + i);
	if (plan->n_kept_fds < wanted)
		log_warning("--preserve-fds and LISTEN_FDS ask for the %lu file descriptors from "
			    "%d on, and only %zu of them are open", wanted, FIRST_FD,
			    plan->n_kept_fds);
	return fd_cloexec_from(FIRST_FD + n, err);
}

static int check_args(const struct oci_process *process, struct error *err)
{
	if (!process->cwd || process->cwd[0] != '/') {
		(void)error_set(err, EINVAL, "process.cwd: \"%s\" is not an absolute path",
				process->cwd ? process->cwd : "");
		return error_pointer(err, "process.cwd");
	}
	if (process->n_args > 0 && process->args[0][0] != '\0')
		return 0;
	(void)error_set(err, EINVAL, "process.args: there must be at least the program's name");
	return error_pointer(err, "process.args");
}

static int plan_args(struct process_plan *plan, const struct process_request *request,
		     struct error *err)
{
	(void)request;
	return check_args(plan->process, err);
}

static int plan_environment(struct process_plan *plan, const struct process_request *request,
			    struct error *err)
{
	(void)request;
	return plan_env(plan, err);
}

static int plan_descriptors(struct process_plan *plan, const struct process_request *request,
			    struct error *err)
{
	return plan_fds(plan, request->preserve_fds, err);
}

static int plan_credential(struct process_plan *plan, const struct process_request *request,
			   struct error *err)
{
	int r = credential_check(plan->process->user, &plan->credential, err);

	plan->credential.keep_groups = request->keep_groups;
	return r;
}

static int plan_rlimits(struct process_plan *plan, const struct process_request *request,
			struct error *err)
{
	const struct oci_process *process = plan->process;
	int r = rlimit_parse(process->rlimits, process->n_rlimits, &plan->rlimits, err);

	(void)request;
	return r < 0 ? r : rlimit_check(&plan->rlimits, err);
}

static int plan_selinux(struct process_plan *plan, const struct process_request *request,
			struct error *err)
{
	(void)request;
	return label_check_selinux(plan->process->selinux_label, "process.selinuxLabel", err);
}

static int plan_apparmor(struct process_plan *plan, const struct process_request *request,
			 struct error *err)
{
	(void)request;
	return label_check_apparmor(plan->process->apparmor_profile, err);
}

static int plan_schedule(struct process_plan *plan, const struct process_request *request,
			 struct error *err)
{
	const struct oci_process *process = plan->process;
	const struct oci_linux *linux = request->linux;
	int r = schedule_parse(process->scheduler, process->io_priority,
			       linux ? linux->memory_policy : NULL, &plan->schedule, err);

	return r < 0 ? r
		     : schedule_parse_affinity(process->exec_cpu_affinity, &plan->affinity, err);
}

static int plan_personality(struct process_plan *plan, const struct process_request *request,
			    struct error *err)
{
	const struct oci_linux *linux = request->linux;

	return linux && linux->personality
		       ? personality_parse(linux->personality, &plan->personality, err)
		       : 0;
}

static int plan_seccomp(struct process_plan *plan, const struct process_request *request,
			struct error *err)
{
	const struct oci_linux *linux = request->linux;

	return linux && linux->seccomp ? seccomp_compile(linux->seccomp, &plan->seccomp, err) : 0;
}

static int plan_terminal(struct process_plan *plan, const struct process_request *request,
			 struct error *err)
{
	const struct oci_process *process = plan->process;

	(void)request;
	return process->terminal && process->console_size
		       ? terminal_check_size(process->console_size, err)
		       : 0;
}

static int plan_capabilities(struct process_plan *plan, const struct process_request *request,
			     struct error *err)
{
	(void)err;
	capability_parse(plan->process->capabilities,
			 capability_grantable(request->other_userns), &plan->caps);
	return 0;
}

static int (*const plan_parts[])(struct process_plan *plan, const struct process_request *request,
				 struct error *err) = {
	plan_args,     plan_environment, plan_descriptors, plan_credential,
	plan_rlimits,  plan_selinux,	 plan_apparmor,	   plan_schedule,
	plan_personality, plan_seccomp,	 plan_terminal,	   plan_capabilities,
};

bool process_keeps_groups(const struct oci_string_map *annotations)
{
	const char *value = oci_string_map_get(annotations, "run.oci.keep_original_groups");

	return value && streq(value, "1");
}

static void start_plan(struct process_plan *plan, const struct process_request *request)
{
	*plan = (struct process_plan){
		.process = request->process,
		.other_userns = request->other_userns,
		.env = STRVEC_INIT,
		.schedule = SCHEDULE_INIT,
		.seccomp = SECCOMP_PROGRAM_INIT,
	};
}

int process_plan_init(struct process_plan *plan, const struct process_request *request,
		      struct error *err)
{
	start_plan(plan, request);
	for (size_t i = 0; i < ARRAY_SIZE(plan_parts); i++) {
		if (plan_parts[i](plan, request, err) == 0)
			continue;
		process_plan_fini(plan);
		return err->code;
	}
	return 0;
}

void process_check(const struct process_request *request,
		   void (*report)(void *arg, const struct error *problem), void *arg)
{
	cleanup_process_plan struct process_plan plan;

	start_plan(&plan, request);
	for (size_t i = 0; i < ARRAY_SIZE(plan_parts); i++) {
		struct error err = ERROR_INIT;

		if (plan_parts[i](&plan, request, &err) < 0)
			report(arg, &err);
	}
}

void process_plan_fini(struct process_plan *plan)
{
	strvec_release(&plan->env);
	free(take_ptr(plan->kept_fds));
	seccomp_program_fini(&plan->seccomp);
}

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
 * The host's /dev/null would stay reachable as /proc/self/fd/N.  And a pipe or
 * file must belong to the user who is to open it again as /dev/stdout; that
 * it cannot be given away (read-only, no privilege) is no error.
 */
static int fix_stdio(int fd, uid_t uid, struct error *err)
{
	cleanup_close int path_fd = -EBADF, null_fd = -EBADF;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return errno == EBADF ? 0 : error_sys(err, "fstat", "fd %d", fd);
	if (!is_dev_null(&st)) {
		if (!S_ISCHR(st.st_mode) && st.st_uid != uid)
			(void)!fchown(fd, uid, (gid_t)-1);
		return 0;
	}
	/* Looked at before it is opened: opening some other device may do things by itself. */
	path_fd = open("/dev/null", O_PATH | O_CLOEXEC | O_NOFOLLOW);
	/* A container without /dev/null keeps the host's: there is no other. */
	if (path_fd < 0 || fstat(path_fd, &st) < 0 || !is_dev_null(&st))
		return 0;
	null_fd = proc_reopen(path_fd, O_RDWR, err);
	if (null_fd == -EPERM)
		(void)error_hint(err, "a cgroup above the container's forbids all devices, as podman "
				      "4 does to its pods unless its cgroup manager is systemd");
	if (null_fd < 0)
		return error_context(err, "the container's /dev/null");
	if (dup3(null_fd, fd, 0) < 0)
		return error_sys(err, "dup3", "/dev/null as fd %d", fd);
	return 0;
}

int process_fix_stdio(const struct process_plan *plan, struct error *err)
{
	int r = 0;

	for (int fd = 0; r == 0 && fd < FIRST_FD; fd++)
		r = fix_stdio(fd, plan->credential.uid, err);
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
		r = capability_apply_bounding(&plan->caps, err);
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
	r = become(plan, start->sync_fd, err);
	if (r == 0)
		r = check_cwd(plan->process->cwd, err);
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
