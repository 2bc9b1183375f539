/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hook's standard input and its output are memory files: nothing blocks on a
 * hook that does not read, nor on a daemon it leaves behind.
 */
#include "runtime/hooks.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/syscall.h"

/* How much of a hook's output an error shows. */
enum { OUTPUT_TAIL = 512 };

static int memory_file(const char *name, const char *content, struct error *err)
{
	cleanup_close int fd = memfd_create(name, MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return error_sys(err, "memfd_create", "%s", name);
	r = file_write_fd(fd, name, content, strlen(content), err);
	if (r < 0)
		return r;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return error_sys(err, "lseek", "%s", name);
	return take_fd(fd);
}

static void __attribute__((noreturn))
exec_hook(const struct oci_hook *hook, char *const *default_env, int in_fd, int out_fd)
{
	char *argv[] = { (char *)hook->path, NULL };
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(in_fd, STDIN_FILENO) >= 0 && dup2(out_fd, STDOUT_FILENO) >= 0 &&
	    dup2(out_fd, STDERR_FILENO) >= 0)
		(void)execve(hook->path, hook->n_args ? hook->args : argv,
			     hook->env ? hook->env : (char **)default_env);
	dprintf(out_fd, "execve %s: %s", hook->path, strerror(errno));
	_exit(127);
}

/* What the hook wrote last, on one line. */
static void read_tail(int fd, char tail[OUTPUT_TAIL + 1])
{
	off_t size = lseek(fd, 0, SEEK_END);
	off_t start = size > OUTPUT_TAIL ? size - OUTPUT_TAIL : 0;
	ssize_t n = pread(fd, tail, OUTPUT_TAIL, start);

	tail[n > 0 ? n : 0] = '\0';
	for (char *p = tail; *p; p++)
		if (*p == '\n')
			*p = p[1] ? ' ' : '\0';
}

static int wait_hook(pid_t pid, int pidfd, const struct oci_hook *hook, int *status)
{
	struct pollfd pfd = { .fd = pidfd, .events = POLLIN };
	int timeout_ms = hook->timeout ? (int)(*hook->timeout * 1000) : -1;
	/* Without a pidfd there is nothing to wait on but the process itself. */
	bool timed_out = pidfd >= 0 && TEMP_FAILURE_RETRY(poll(&pfd, 1, timeout_ms)) == 0;

	if (timed_out)
		(void)kill(pid, SIGKILL);
	if (TEMP_FAILURE_RETRY(waitpid(pid, status, 0)) < 0)
		*status = 0;
	return timed_out ? -ETIMEDOUT : 0;
}

static int run_hook(const struct oci_hook *hook, const struct hook_list *list, const char *state,
		    struct error *err)
{
	cleanup_close int in_fd = -EBADF, out_fd = -EBADF, pidfd = -EBADF;
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	char tail[OUTPUT_TAIL + 1];
	int status;
	pid_t pid;

	in_fd = memory_file("state", state, err);
	if (in_fd < 0)
		return in_fd;
	out_fd = memory_file("hook-output", "", err);
	if (out_fd < 0)
		return out_fd;
	pid = sys_clone3(&args);
	/* Behind the container's seccomp filter, which forbids what it cannot look into. */
	if (pid < 0 && (errno == ENOSYS || errno == EPERM))
		pid = fork();
	if (pid < 0)
		return error_sys(err, "fork", "for %s", hook->path);
	if (pid > 0 && pidfd < 0)
		pidfd = pidfd_open(pid, 0);
	if (pid == 0)
		exec_hook(hook, list->default_env, in_fd, out_fd);

	if (wait_hook(pid, pidfd, hook, &status) < 0)
		return error_set(err, ETIMEDOUT, "%s did not end within %lld s and was killed",
				 hook->path, (long long)*hook->timeout);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	read_tail(out_fd, tail);
	if (WIFSIGNALED(status))
		return error_set(err, ECANCELED, "%s was killed by signal %d%s%s", hook->path,
				 WTERMSIG(status), *tail ? ": " : "", tail);
	return error_set(err, ECANCELED, "%s exited with status %d%s%s", hook->path,
			 WEXITSTATUS(status), *tail ? ": " : "", tail);
}

static int run_nth(const struct hook_list *list, size_t i, const char *state, struct error *err)
{
	int r = run_hook(&list->hooks[i], list, state, err);

	if (r < 0) {
		(void)error_pointer(err, "hooks.%s[%zu]", list->name, i);
		(void)error_path(err, "%s", list->hooks[i].path);
		(void)error_context(err, "%s hook #%zu", list->name, i);
	}
	return r;
}

int hooks_run(const struct hook_list *list, const char *state, struct error *err)
{
	for (size_t i = 0; i < list->n; i++) {
		int r = run_nth(list, i, state, err);

		if (r < 0)
			return r;
	}
	return 0;
}

void hooks_run_all(const struct hook_list *list, const char *state)
{
	for (size_t i = 0; i < list->n; i++) {
		struct error err = ERROR_INIT;

		if (run_nth(list, i, state, &err) < 0)
			log_warning("%s", err.msg);
	}
}
