/* SPDX-License-Identifier: Apache-2.0 */
#include "image/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

static const int caught[] = { SIGINT, SIGTERM, SIGHUP };
static volatile sig_atomic_t pending;

static void note(int signal_number)
{
	pending = signal_number;
}

static void set_all(void (*handler)(int))
{
	/* No SA_RESTART: a read from a pipe or a wait for a lock ends. */
	struct sigaction action = { .sa_handler = handler };

	for (size_t i = 0; i < ARRAY_SIZE(caught); i++) {
		struct sigaction old;

		/* nohup and background jobs ignore some: so they stay. */
		if (sigaction(caught[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			(void)sigaction(caught[i], &action, NULL);
	}
}

void interrupt_catch(void)
{
	set_all(note);
}

void interrupt_release(void)
{
	set_all(SIG_DFL);
}

void interrupt_ignore(void)
{
	set_all(SIG_IGN);
}

int interrupt_check(struct error *err)
{
	int signal_number = pending;

	if (!signal_number)
		return 0;
	(void)error_set(err, EINTR, "stopped by SIG%s", sigabbrev_np(signal_number));
	err->exit_status = 128 + signal_number;
	return err->code;
}

int interrupt_poll(struct pollfd *fds, size_t n, int msec)
{
	const struct timespec time = { .tv_sec = msec / 1000, .tv_nsec = msec % 1000 * 1000000L };
	sigset_t blocked, before;
	int r = -1;

	sigemptyset(&blocked);
	for (size_t i = 0; i < ARRAY_SIZE(caught); i++)
		sigaddset(&blocked, caught[i]);
	(void)sigprocmask(SIG_BLOCK, &blocked, &before);
	if (pending)
		errno = EINTR;
	else
		r = ppoll(fds, n, msec < 0 ? NULL : &time, &before);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return r;
}

ssize_t interrupt_read(int fd, void *data, size_t size, struct error *err)
{
	for (;;) {
		struct pollfd news = { .fd = fd, .events = POLLIN };
		ssize_t n;
		int r;

		(void)interrupt_poll(&news, 1, -1);
		r = interrupt_check(err);
		if (r < 0)
			return r;
		if (!news.revents)
			continue;
		n = read(fd, data, size);
		if (n >= 0)
			return n;
		if (errno != EINTR)
			return error_sys(err, "read", "%zu bytes", size);
	}
}
