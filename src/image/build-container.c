/* SPDX-License-Identifier: Apache-2.0 */
#include "image/build-container.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/interrupt.h"
#include "image/runtime-call.h"

enum { READ_SIZE = 1 << 16 };

/* Tells the complete lines in TEXT, and with ALL what is left. */
static void tell_lines(struct build_stage *stage, struct strbuf *text, bool all)
{
	char *line = text->buf, *end;

	while ((end = strchr(line, '\n'))) {
		*end = '\0';
		build_stage_tell(stage, BUILD_OUTPUT, "%s", line);
		line = end + 1;
	}
	if (all || text->len - (size_t)(line - text->buf) >= BUILD_TEXT_MAX - 1) {
		if (*line)
			build_stage_tell(stage, BUILD_OUTPUT, "%s", line);
		strbuf_reset(text);
		return;
	}
	text->len -= (size_t)(line - text->buf);
	memmove(text->buf, line, text->len + 1);
}

static int read_output(struct build_stage *stage, int fd, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	cleanup_free char *buffer = xmalloc(READ_SIZE);
	ssize_t n;

	while ((n = interrupt_read(fd, buffer, READ_SIZE, err)) > 0) {
		/* A NUL would end the line for all who see it as a string. */
		for (ssize_t i = 0; i < n; i++)
			strbuf_addch(&text, buffer[i] ? buffer[i] : ' ');
		tell_lines(stage, &text, false);
	}
	if (n == 0)
		tell_lines(stage, &text, true);
	return (int)n;
}

/*
 * Interrupted, at whatever the runtime, PID, is just doing: what it leaves when
 * it is killed can be deleted, and is not made any more afterwards.
 */
static void end_container(struct container *c, pid_t pid)
{
	static const char *const force[] = { "--force", NULL };
	struct error ignored = ERROR_INIT;
	int status;

	interrupt_ignore();
	(void)kill(pid, SIGKILL);
	(void)runtime_wait(pid, &status, &ignored);
	(void)runtime_call(c, "delete", force, &ignored);
}

int build_container_run(struct build_stage *stage, struct container *c, int *status,
			struct error *err)
{
	cleanup_close int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	cleanup_close int read_fd = -EBADF, write_fd = -EBADF;
	cleanup_strvec struct strvec argv = STRVEC_INIT;
	int fds[2], r;
	pid_t pid;

	if (null_fd < 0 || pipe2(fds, O_CLOEXEC) < 0)
		return error_sys(err, "pipe2", "for the output");
	read_fd = fds[0];
	write_fd = fds[1];
	runtime_command(c, "run", &argv);
	strvec_push(&argv, "--bundle");
	strvec_push(&argv, c->path);
	strvec_push(&argv, c->record.id);
	r = runtime_spawn(argv.v, &(struct runtime_streams){ null_fd, write_fd, write_fd }, &pid,
			  err);
	fd_close(&write_fd);
	if (r < 0)
		return r;
	r = read_output(stage, read_fd, err);
	if (r < 0) {
		end_container(c, pid);
		return r;
	}
	r = runtime_wait(pid, status, err);
	/* The command may have ended by the same Ctrl-C. */
	return r < 0 ? r : interrupt_check(err);
}
