/* SPDX-License-Identifier: Apache-2.0 */
/* The process, and what it tells its parent over a socket. */
#include "image/confine.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "image/interrupt.h"
#include "image/progress.h"

/* One packet each. */
enum message_type {
	/* uint64_t: bytes since the last one. */
	MESSAGE_PROGRESS,
	/* The level in one byte, text. */
	MESSAGE_LOG,
	/* A part of the result. */
	MESSAGE_RESULT,
	/* The end, good or bad: struct error. */
	MESSAGE_END,
};

enum {
	MAX_PAYLOAD = 1 << 15,
	/* What a work may have to say: an index of a million files is some 100 MB. */
	MAX_RESULT = 1 << 28,
};

struct message {
	uint32_t type;
	char payload[MAX_PAYLOAD];
};

/* --- in the process ---------------------------------------------------------------- */

static int channel_fd = -EBADF;

/* A parent that is gone takes us along: nothing to be said of a failure. */
static void tell(enum message_type type, const void *data, size_t n)
{
	struct message message;

	message.type = type;
	memcpy(message.payload, data, n);
	(void)TEMP_FAILURE_RETRY(
		write(channel_fd, &message, offsetof(struct message, payload) + n));
}

static void tell_progress(const struct progress *progress)
{
	static uint64_t told;
	uint64_t more = progress->bytes - told;

	told = progress->bytes;
	tell(MESSAGE_PROGRESS, &more, sizeof(more));
}

static void tell_log(enum log_level level, const char *msg)
{
	char text[1024];
	size_t n = strnlen(msg, sizeof(text) - 1);

	text[0] = (char)level;
	memcpy(text + 1, msg, n);
	tell(MESSAGE_LOG, text, n + 1);
}

static void tell_result(const struct strbuf *result)
{
	for (size_t done = 0, n; done < result->len; done += n) {
		n = result->len - done < MAX_PAYLOAD ? result->len - done : MAX_PAYLOAD;
		tell(MESSAGE_RESULT, result->buf + done, n);
	}
}

static void redirect_messages(void)
{
	enum log_level level = LOG_LEVEL_DEBUG;

	while (level > LOG_LEVEL_ERROR && !log_enabled(level))
		level--;
	if (log_enabled(level))
		log_set_sink(tell_log, level);
	if (progress_is_shown())
		progress_set_sink(tell_progress);
}

static void __attribute__((noreturn)) run(const struct confinement *confinement, pid_t parent,
					  confined_fn work, void *ctx)
{
	struct strbuf result = STRBUF_INIT;
	struct error err = ERROR_INIT;
	int r = 0;

	redirect_messages();
	/* Who comes too late for the signal has another parent. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != parent)
		r = error_set(&err, ESRCH, "the program that wants it is gone");
	if (r == 0)
		r = confine_enter(confinement, channel_fd, &err);
	if (r == 0)
		r = work(ctx, &result, &err);
	if (r == 0)
		tell_result(&result);
	tell(MESSAGE_END, &err, sizeof(err));
	_exit(r < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* --- in its parent ----------------------------------------------------------------- */

struct worker {
	pid_t pid;
	int fd;
	struct strbuf *result;
	bool ended;
	struct error err;
};

/* Of the process no more is believed than that it wrote bytes. */
static int take_message(struct worker *worker, struct message *message, size_t n,
			struct error *err)
{
	uint64_t bytes;

	if (message->type == MESSAGE_PROGRESS && n == sizeof(bytes)) {
		memcpy(&bytes, message->payload, n);
		progress_add(bytes);
	} else if (message->type == MESSAGE_LOG && n > 0) {
		log_message(message->payload[0] == LOG_LEVEL_DEBUG ? LOG_LEVEL_DEBUG
								   : LOG_LEVEL_WARNING,
			    "%.*s", (int)(n - 1), message->payload + 1);
	} else if (message->type == MESSAGE_RESULT && worker->result) {
		if (n > MAX_RESULT - worker->result->len)
			return error_set(err, EFBIG, "there is too much in it");
		strbuf_add(worker->result, message->payload, n);
	} else if (message->type == MESSAGE_END && n == sizeof(worker->err)) {
		memcpy(&worker->err, message->payload, n);
		worker->ended = true;
	}
	return 0;
}

static int listen_to(struct worker *worker, struct error *err)
{
	cleanup_free struct message *message = xmalloc(sizeof(*message));
	int r = 0;

	while (r == 0) {
		ssize_t n = recv(worker->fd, message, sizeof(*message), 0);

		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return error_sys(err, "recv", "from the process that reads it");
		r = interrupt_check(err);
		if (r == 0 && n >= (ssize_t)offsetof(struct message, payload))
			r = take_message(worker, message,
					 (size_t)n - offsetof(struct message, payload), err);
	}
	return r;
}

static void terminate_texts(struct error *err)
{
	err->syscall[sizeof(err->syscall) - 1] = '\0';
	err->phase[sizeof(err->phase) - 1] = '\0';
	err->step[sizeof(err->step) - 1] = '\0';
	err->path[sizeof(err->path) - 1] = '\0';
	err->pointer[sizeof(err->pointer) - 1] = '\0';
	err->hint[sizeof(err->hint) - 1] = '\0';
	err->msg[sizeof(err->msg) - 1] = '\0';
}

static int how_it_ended(const struct confinement *confinement, struct worker *worker, int status,
			struct error *err)
{
	terminate_texts(&worker->err);
	if (worker->ended && status == 0)
		return 0;
	if (worker->ended && worker->err.code < 0) {
		*err = worker->err;
		return err->code;
	}
	if (WIFSIGNALED(status))
		return error_set(err, EIO, "%s: the process that reads it was killed by SIG%s",
				 confinement->name, sigabbrev_np(WTERMSIG(status)));
	return error_set(err, EIO, "%s: the process that reads it ended without a word",
			 confinement->name);
}

static int start(const struct confinement *confinement, confined_fn work, void *ctx,
		 struct worker *worker, struct error *err)
{
	pid_t parent = getpid();
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return error_sys(err, "socketpair", "for %s", confinement->name);
	worker->pid = fork();
	if (worker->pid == 0) {
		channel_fd = fds[1];
		run(confinement, parent, work, ctx);
	}
	(void)close(fds[1]);
	worker->fd = fds[0];
	return worker->pid < 0 ? error_sys(err, "fork", "for %s", confinement->name) : 0;
}

int confine_run(const struct confinement *confinement, confined_fn work, void *ctx,
		struct strbuf *result, struct error *err)
{
	struct worker worker = { .fd = -EBADF, .result = result };
	int status = 0, r = confine_prepare(err);

	if (r == 0)
		r = start(confinement, work, ctx, &worker, err);
	if (r == 0) {
		r = listen_to(&worker, err);
		if (r < 0)
			(void)kill(worker.pid, SIGKILL);
		(void)TEMP_FAILURE_RETRY(waitpid(worker.pid, &status, 0));
	}
	fd_close(&worker.fd);
	return r < 0 ? r : how_it_ended(confinement, &worker, status, err);
}

int confine_run_sized(const struct confinement *confinement, confined_fn work, void *ctx,
		      const struct confined_result *result, struct error *err)
{
	cleanup_strbuf struct strbuf bytes = STRBUF_INIT;
	int r = confine_run(confinement, work, ctx, &bytes, err);

	if (r < 0)
		return r;
	if (bytes.len != result->size)
		return error_set(err, EIO, "%s: the process that read it told nonsense",
				 confinement->name);
	memcpy(result->data, bytes.buf, result->size);
	return 0;
}
