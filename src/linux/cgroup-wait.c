/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting for a cgroup to become empty or frozen.  The kernel wakes poll(2)
 * with POLLPRI whenever cgroup.events changes since it was last read, so
 * nothing here sleeps on the clock.
 */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "linux/cgroup-driver.h"

static const char *const event_keys[] = {
	[CGROUP_EVENT_POPULATED] = "populated ",
	[CGROUP_EVENT_FROZEN] = "frozen ",
};

/* The file's text is a line "key 0" or "key 1" for each event. */
int cgroup_event_read(int fd, enum cgroup_event event, bool *out, struct error *err)
{
	char text[256];
	const char *at;
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	/* The cgroup was removed under us: what it held is neither there nor frozen. */
	if (n < 0 && errno == ENODEV) {
		*out = false;
		return 0;
	}
	if (n < 0)
		return error_sys(err, "read", "cgroup.events");
	text[n] = '\0';
	at = strstr(text, event_keys[event]);
	if (!at)
		return error_set(err, ENOTSUP, "cgroup.events has no \"%s\": dabba needs Linux "
				 "5.2 or newer", event_keys[event]);
	*out = at[strlen(event_keys[event])] == '1';
	return 0;
}

static int open_events(int dir_fd, struct error *err)
{
	return path_open(dir_fd, "cgroup.events", PATH_BENEATH, O_RDONLY, 0, err);
}

int cgroup_event_get(int dir_fd, enum cgroup_event event, bool *out, struct error *err)
{
	cleanup_close int fd = open_events(dir_fd, err);

	/* Removed under us as above: systemd takes an empty scope away by itself. */
	if (fd == -ENOENT) {
		error_clear(err);
		*out = false;
		return 0;
	}
	return fd < 0 ? fd : cgroup_event_read(fd, event, out, err);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int cgroup_event_wait(int dir_fd, enum cgroup_event event, bool value, int timeout_ms,
		      struct error *err)
{
	cleanup_close int fd = open_events(dir_fd, err);
	int64_t deadline = now_ms() + timeout_ms;

	if (fd == -ENOENT && !value) {
		error_clear(err);
		return 0;
	}
	if (fd < 0)
		return fd;
	for (;;) {
		struct pollfd pfd = { .fd = fd, .events = POLLPRI };
		int64_t left = deadline - now_ms();
		bool current;
		int r = cgroup_event_read(fd, event, &current, err);

		if (r < 0 || current == value)
			return r;
		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&pfd, 1, (int)left) < 0 && errno != EINTR)
			return error_sys(err, "poll", "cgroup.events");
	}
}
