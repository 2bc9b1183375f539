/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/image.h"
#include "image/container.h"
#include "image/interrupt.h"

enum { READ_SIZE = 1 << 16 };

struct logs_options {
	bool follow;
	const char *tail;
};

static const struct option_spec options[] = {
	{ "follow", 'f', OPTION_FLAG, offsetof(struct logs_options, follow), NULL,
	  "go on until the container ends" },
	{ "tail", 'n', OPTION_STRING, offsetof(struct logs_options, tail), "N",
	  "the last N lines alone" },
	OPTION_END,
};

/* Copies what there is from where FD stands. */
static int copy(int fd, struct error *err)
{
	char buf[READ_SIZE];
	ssize_t n;

	while ((n = TEMP_FAILURE_RETRY(read(fd, buf, sizeof(buf)))) > 0) {
		int r = file_write_fd(STDOUT_FILENO, "stdout", buf, (size_t)n, err);

		if (r < 0)
			return r;
	}
	return n < 0 ? error_sys(err, "read", "log") : 0;
}

static size_t count_newlines_back(const char *buf, size_t n, uint64_t *wanted)
{
	while (n > 0)
		if (buf[--n] == '\n' && (*wanted)-- == 0)
			return n + 1;
	return 0;
}

/* To the beginning of the last N lines. */
static int seek_tail(int fd, uint64_t n_lines, struct error *err)
{
	off_t at = lseek(fd, 0, SEEK_END);
	char buf[READ_SIZE], last = '\n';

	if (at > 0 && pread(fd, &last, 1, at - 1) < 0)
		return error_sys(err, "read", "log");
	/* A line without its end counts. */
	if (last != '\n' && n_lines > 0)
		n_lines--;
	while (at > 0) {
		off_t start = at > READ_SIZE ? at - READ_SIZE : 0;
		ssize_t n = pread(fd, buf, (size_t)(at - start), start);
		size_t found;

		if (n < 0)
			return error_sys(err, "read", "log");
		found = count_newlines_back(buf, (size_t)n, &n_lines);
		at = start + (off_t)found;
		if (found)
			break;
	}
	return lseek(fd, at, SEEK_SET) < 0 ? error_sys(err, "lseek", "log") : 0;
}

static int follow(struct container *c, int fd, struct error *err)
{
	const struct timespec pause = { .tv_nsec = 50000000 };
	bool busy;
	int r;

	do {
		/* Asked before the read: what it wrote last is in it. */
		busy = container_is_busy(c);
		r = copy(fd, err);
		if (r == 0 && busy)
			(void)nanosleep(&pause, NULL);
		if (r == 0)
			r = interrupt_check(err);
	} while (r == 0 && busy);
	return r;
}

static int run(struct invocation *invocation, struct error *err)
{
	const struct logs_options *o = invocation->options;
	cleanup_store struct store store = STORE_INIT;
	cleanup_container struct container c = CONTAINER_INIT;
	cleanup_close int fd = -EBADF;
	uint64_t n_lines = 0;
	int r = image_open_store(invocation, &store, err);

	if (r == 0 && o->tail && !streq(o->tail, "all") &&
	    !str_to_u64(o->tail, INT64_MAX, &n_lines))
		r = error_set(err, EINVAL, "--tail %s: not a number", o->tail);
	if (r == 0)
		r = container_open(&store, invocation->args[0], &c, err);
	if (r < 0)
		return r;
	store_leave(&store);
	fd = openat(c.dir_fd, "log", O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		(void)error_set(err, ENOENT, "container %s has no log", c.record.name);
		return error_hint(err, "only what runs in the background (run -d, start) has one");
	}
	if (fd < 0)
		return error_sys(err, "open", "%s/log", c.path);
	r = o->tail && !streq(o->tail, "all") ? seek_tail(fd, n_lines, err) : 0;
	if (r < 0)
		return r;
	return o->follow ? follow(&c, fd, err) : copy(fd, err);
}

const struct command command_logs = {
	.name = "logs",
	.arguments = "CONTAINER",
	.summary = "Print what a container in the background wrote",
	.description = "Of its last run, and both standard output and standard error, in the order "
		       "they were written.",
	.options = options,
	.options_size = sizeof(struct logs_options),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
