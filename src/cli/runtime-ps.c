/* SPDX-License-Identifier: Apache-2.0 */
/* The table is that of the host's ps(1), of which only the container's lines are kept. */
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/output.h"
#include "cli/runtime.h"
#include "runtime/pause.h"

enum { MAX_PS_OUTPUT = 64 << 20 };

struct ps_options {
	const char *format;
};

static const struct ps_options defaults = { .format = "table" };

static const struct option_spec options[] = {
	{ "format", 'f', OPTION_CHOICE, offsetof(struct ps_options, format), "table|json",
	  "the output of ps(1), or an array of process ids" },
	OPTION_END,
};

static int print_json(const pid_t *pids, size_t n, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	strbuf_addch(&text, '[');
	for (size_t i = 0; i < n; i++)
		strbuf_addf(&text, "%s%d", i ? "," : "", (int)pids[i]);
	strbuf_adds(&text, "]\n");
	return output_write(text.buf, err);
}

/* What "ps ARGS" prints. */
static int run_ps(char **args, struct strbuf *out, struct error *err)
{
	cleanup_close int read_fd = -EBADF, write_fd = -EBADF;
	posix_spawn_file_actions_t actions;
	int fds[2], status, r;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_sys(err, "pipe2", "for ps");
	read_fd = fds[0];
	write_fd = fds[1];
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_adddup2(&actions, write_fd, STDOUT_FILENO);
	r = posix_spawnp(&pid, "ps", &actions, NULL, args, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	fd_close(&write_fd);
	if (r != 0) {
		errno = r;
		(void)error_sys(err, "posix_spawnp", "ps");
		return error_hint(err, "install procps, or use --format json");
	}
	r = file_read_fd(read_fd, "the output of ps", MAX_PS_OUTPUT, out, err);
	if (TEMP_FAILURE_RETRY(waitpid(pid, &status, 0)) < 0)
		return error_sys(err, "waitpid", "ps");
	if (r == 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		return error_set(err, EINVAL, "ps failed");
	return r;
}

/* Which column of the heading is called PID; -1 if none. */
static int find_pid_column(const char *line)
{
	cleanup_free char *copy = xstrdup(line);
	int column = 0;

	for (char *save = NULL, *word = strtok_r(copy, " ", &save); word;
	     word = strtok_r(NULL, " ", &save), column++)
		if (streq(word, "PID"))
			return column;
	return -1;
}

static bool is_listed(const char *line, int column, const pid_t *pids, size_t n)
{
	cleanup_free char *copy = xstrdup(line);
	char *save = NULL, *word = strtok_r(copy, " ", &save);
	uint64_t pid;

	while (word && column-- > 0)
		word = strtok_r(NULL, " ", &save);
	if (!word || !str_to_u64(word, INT32_MAX, &pid))
		return false;
	for (size_t i = 0; i < n; i++)
		if ((uint64_t)pids[i] == pid)
			return true;
	return false;
}

static int print_table(char **ps_options, const pid_t *pids, size_t n, struct error *err)
{
	cleanup_strvec struct strvec args = STRVEC_INIT;
	cleanup_strbuf struct strbuf all = STRBUF_INIT, kept = STRBUF_INIT;
	char *save = NULL, *line;
	int column, r;

	strvec_push(&args, "ps");
	if (*ps_options)
		strvec_pushv(&args, ps_options);
	else
		strvec_push(&args, "-ef");
	r = run_ps(args.v, &all, err);
	if (r < 0)
		return r;
	line = strtok_r(all.buf, "\n", &save);
	column = line ? find_pid_column(line) : -1;
	if (column < 0)
		return error_set(err, EINVAL, "ps prints no column PID with these options");
	strbuf_addf(&kept, "%s\n", line);
	while ((line = strtok_r(NULL, "\n", &save)))
		if (is_listed(line, column, pids, n))
			strbuf_addf(&kept, "%s\n", line);
	return output_write(kept.buf, err);
}

static int run(struct invocation *invocation, struct error *err)
{
	const struct ps_options *o = invocation->options;
	cleanup_free pid_t *pids = NULL;
	size_t n;
	int r = container_pids(runtime_root(invocation), invocation->args[0], &pids, &n, err);

	if (r < 0)
		return r;
	if (streq(o->format, "json"))
		return print_json(pids, n, err);
	return print_table(invocation->args + 1, pids, n, err);
}

const struct command command_ps = {
	.name = "ps",
	.arguments = "ID [PS-OPTION]...",
	.summary = "List the processes of a container",
	.description = "Prints those lines of the host's ps(1) that belong to the container; "
		       "without options for it, of \"ps -ef\".",
	.options = options,
	.options_size = sizeof(struct ps_options),
	.defaults = &defaults,
	.min_args = 1,
	.max_args = COMMAND_MANY,
	.run = run,
};
