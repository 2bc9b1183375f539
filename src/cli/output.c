/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/str.h"

static struct output_options options = { .program = "dabba", .level = LOG_LEVEL_WARNING };
static int log_fd = -EBADF;

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

/* Quoted as both JSON and Go's %q read it. */
static void add_quoted(struct strbuf *sb, const char *s)
{
	strbuf_addch(sb, '"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			strbuf_addf(sb, "\\%c", c);
		else if (c == '\n')
			strbuf_adds(sb, "\\n");
		else if (c < 0x20)
			strbuf_addf(sb, "\\u%04x", c);
		else
			strbuf_addch(sb, (char)c);
	}
	strbuf_addch(sb, '"');
}

static void add_pair(struct strbuf *sb, const char *key, const char *value)
{
	if (!*value)
		return;
	if (options.json) {
		strbuf_adds(sb, sb->len > 1 ? "," : "");
		add_quoted(sb, key);
		strbuf_addch(sb, ':');
		add_quoted(sb, value);
		return;
	}
	strbuf_addf(sb, "%s%s=", sb->len ? " " : "", key);
	/* The level alone is bare in runc's lines. */
	if (streq(key, "level"))
		strbuf_adds(sb, value);
	else
		add_quoted(sb, value);
}

static void format_now(char text[64])
{
	struct timespec now;
	struct tm tm;
	size_t n;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)gmtime_r(&now.tv_sec, &tm);
	n = strftime(text, 64, "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(text + n, 64 - n, ".%06ldZ", now.tv_nsec / 1000);
}

/*
 * One line of the log; ERR adds its details, or is NULL.  Engines show their users the
 * message and nothing else, so that it has the hint as well.
 */
static void write_line(int fd, enum log_level level, const char *msg, const struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT, sb = STRBUF_INIT;
	struct error ignored;
	char now[64];

	format_now(now);
	if (options.json)
		strbuf_addch(&sb, '{');
	else
		add_pair(&sb, "time", now);
	add_pair(&sb, "level", level_names[level]);
	if (err && *err->hint)
		strbuf_addf(&text, "%s (%s)", msg, err->hint);
	add_pair(&sb, "msg", text.len ? text.buf : msg);
	if (options.json)
		add_pair(&sb, "time", now);
	if (err) {
		const char *name = err->code < 0 ? strerrorname_np(-err->code) : NULL;

		add_pair(&sb, "phase", err->phase);
		add_pair(&sb, "step", err->step);
		add_pair(&sb, "syscall", err->syscall);
		add_pair(&sb, "errno", name ? name : "");
		add_pair(&sb, "path", err->path);
		add_pair(&sb, "pointer", err->pointer);
		add_pair(&sb, "hint", err->hint);
	}
	strbuf_adds(&sb, options.json ? "}\n" : "\n");
	/* One write, so that lines of two processes never mix. */
	(void)file_write_fd(fd, "log", sb.buf, sb.len, &ignored);
}

void output_add_visible(struct strbuf *sb, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '\n')
			strbuf_adds(sb, "\\n");
		else if (c < 0x20 || c == 0x7f)
			strbuf_addf(sb, "\\x%02x", c);
		else
			strbuf_addch(sb, (char)c);
	}
}

/* One line, so that engines show all of it; a person gets the hint on a second one. */
static void write_plain(const char *kind, const char *msg, const char *hint)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	bool is_terminal = isatty(STDERR_FILENO);
	struct error ignored;

	strbuf_addf(&sb, "%s: %s", options.program, kind);
	output_add_visible(&sb, msg);
	if (*hint) {
		strbuf_adds(&sb, is_terminal ? "\n  hint: " : " (");
		output_add_visible(&sb, hint);
		strbuf_adds(&sb, is_terminal ? "" : ")");
	}
	strbuf_addch(&sb, '\n');
	(void)file_write_fd(STDERR_FILENO, "stderr", sb.buf, sb.len, &ignored);
}

static void sink(enum log_level level, const char *msg)
{
	char kind[16];

	/* What is no failure is for a log, unless a person sits there. */
	if (log_fd >= 0 || options.json || !isatty(STDERR_FILENO)) {
		write_line(log_fd >= 0 ? log_fd : STDERR_FILENO, level, msg, NULL);
		return;
	}
	(void)snprintf(kind, sizeof(kind), "%s: ", level_names[level]);
	write_plain(kind, msg, "");
}

int output_init(const struct output_options *init, struct error *err)
{
	options = *init;
	log_set_sink(sink, options.level);
	if (!options.log)
		return 0;
	log_fd = open(options.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
	if (log_fd < 0)
		return error_sys(err, "open", "log file %s", options.log);
	return 0;
}

void output_error(const struct error *err)
{
	cleanup_strbuf struct strbuf msg = STRBUF_INIT;

	strbuf_adds(&msg, err->msg);
	if (*err->pointer && !strstr(err->msg, err->pointer))
		strbuf_addf(&msg, " (config.json: %s)", err->pointer);
	if (log_fd >= 0 || options.json)
		write_line(log_fd >= 0 ? log_fd : STDERR_FILENO, LOG_LEVEL_ERROR, msg.buf, err);
	if (log_fd >= 0 || !options.json)
		write_plain("", msg.buf, err->hint);
}

int output_write(const char *text, struct error *err)
{
	int r = file_write_fd(STDOUT_FILENO, "stdout", text, strlen(text), err);

	return r < 0 ? error_context(err, "output") : 0;
}
