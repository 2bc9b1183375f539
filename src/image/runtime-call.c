/* SPDX-License-Identifier: Apache-2.0 */
#include "image/runtime-call.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"

extern char **environ;

enum { MAX_SAID = 4096 };

char *runtime_default(void)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - sizeof("dabba"));
	char *slash;

	if (n > 0) {
		self[n] = '\0';
		slash = strrchr(self, '/');
		strcpy(slash + 1, "dabba");
		if (access(self, X_OK) == 0)
			return xstrdup(self);
	}
	return xstrdup("dabba");
}

char *runtime_resolve(const char *given)
{
	char *path;

	if (!given)
		return runtime_default();
	path = strchr(given, '/') ? realpath(given, NULL) : NULL;
	return path ? path : xstrdup(given);
}

void runtime_command(const struct container *c, const char *verb, struct strvec *argv)
{
	strvec_push(argv, c->record.runtime);
	strvec_pushv(argv, c->record.runtime_flags);
	strvec_push(argv, verb);
}

static void set_streams(posix_spawn_file_actions_t *actions,
			const struct runtime_streams *streams)
{
	if (streams->in >= 0)
		(void)posix_spawn_file_actions_adddup2(actions, streams->in, STDIN_FILENO);
	if (streams->out >= 0)
		(void)posix_spawn_file_actions_adddup2(actions, streams->out, STDOUT_FILENO);
	if (streams->err >= 0)
		(void)posix_spawn_file_actions_adddup2(actions, streams->err, STDERR_FILENO);
}

int runtime_spawn(char *const *argv, const struct runtime_streams *streams, pid_t *pid,
		  struct error *err)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	int r;

	sigemptyset(&none);
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawnattr_init(&attributes);
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	set_streams(&actions, streams);
	r = posix_spawnp(pid, argv[0], &actions, &attributes, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attributes);
	if (r == 0)
		return 0;
	(void)error_set(err, r, "runtime %s: %s", argv[0], strerror(r));
	return error_hint(err, "install dabba beside dabba-image, or name it with --runtime");
}

int runtime_wait(pid_t pid, int *exit_status, struct error *err)
{
	int status;

	if (TEMP_FAILURE_RETRY(waitpid(pid, &status, 0)) < 0)
		return error_sys(err, "waitpid", "%d", (int)pid);
	*exit_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return 0;
}

/* The last line is the failure; warnings may come before it. */
static char *last_line(struct strbuf *said)
{
	char *line;

	while (said->len > 0 && said->buf[said->len - 1] == '\n')
		said->buf[--said->len] = '\0';
	line = strrchr(said->buf, '\n');
	return line ? line + 1 : said->buf;
}

/* Runs ARGV; a failure is what was said on STREAMS->err. */
static int run_and_listen(char *const *argv, const char *verb,
			  const struct runtime_streams *streams, struct error *err)
{
	cleanup_strbuf struct strbuf said = STRBUF_INIT;
	struct error ignored = ERROR_INIT;
	int status, r;
	pid_t pid;

	r = runtime_spawn(argv, streams, &pid, err);
	if (r == 0)
		r = runtime_wait(pid, &status, err);
	if (r < 0 || status == 0)
		return r;
	(void)lseek(streams->err, 0, SEEK_SET);
	(void)file_read_fd(streams->err, "stderr", MAX_SAID, &said, &ignored);
	(void)error_set(err, EIO, "%s %s: %s", argv[0], verb, last_line(&said));
	/* 126 and 127 mean the same in every program. */
	err->exit_status = status == 126 || status == 127 ? status : 0;
	return err->code;
}

int runtime_call_with(const struct container *c, const char *verb, const char *const *arguments,
		      const struct runtime_streams *streams, struct error *err)
{
	cleanup_strvec struct strvec argv = STRVEC_INIT;

	runtime_command(c, verb, &argv);
	for (; arguments && *arguments; arguments++)
		strvec_push(&argv, *arguments);
	strvec_push(&argv, c->record.id);
	return run_and_listen(argv.v, verb, streams, err);
}

/* Streams for a call that is only listened to. */
static int open_silence(struct runtime_streams *streams, struct error *err)
{
	streams->err = memfd_create("runtime-stderr", MFD_CLOEXEC);
	streams->in = streams->out = open("/dev/null", O_RDWR | O_CLOEXEC);
	return streams->err < 0 || streams->in < 0 ? error_sys(err, "open", "/dev/null") : 0;
}

static void close_silence(struct runtime_streams *streams)
{
	fd_close(&streams->err);
	fd_close(&streams->in);
}

int runtime_call(const struct container *c, const char *verb, const char *const *arguments,
		 struct error *err)
{
	struct runtime_streams streams;
	int r = open_silence(&streams, err);

	if (r == 0)
		r = runtime_call_with(c, verb, arguments, &streams, err);
	close_silence(&streams);
	return r;
}

int runtime_signal(const struct container *c, const char *signal, struct error *err)
{
	cleanup_strvec struct strvec argv = STRVEC_INIT;
	struct runtime_streams streams;
	int r = open_silence(&streams, err);

	runtime_command(c, "kill", &argv);
	strvec_push(&argv, c->record.id);
	strvec_push(&argv, signal);
	if (r == 0)
		r = run_and_listen(argv.v, "kill", &streams, err);
	close_silence(&streams);
	return r;
}
