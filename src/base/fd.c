/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fd.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <unistd.h>

#include "base/mem.h"

void fd_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd);
	*fd = -EBADF;
	errno = saved;
}

int fd_dup_above(int fd, int min, struct error *err)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, min);

	if (copy < 0)
		return error_sys(err, "fcntl", "F_DUPFD_CLOEXEC %d", fd);
	return copy;
}

int fd_set_cloexec(int fd, bool on, struct error *err)
{
	if (fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0) < 0)
		return error_sys(err, "fcntl", "F_SETFD %d", fd);
	return 0;
}

int fd_open_standard(struct error *err)
{
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO }, { .fd = STDOUT_FILENO }, { .fd = STDERR_FILENO },
	};

	if (poll(fds, ARRAY_SIZE(fds), 0) < 0)
		return error_sys(err, "poll", "the standard fds");
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		/* The lowest number that is free is this one: those below are open by now. */
		if (fds[i].revents & POLLNVAL && open("/dev/null", O_RDWR) != fds[i].fd)
			return error_sys(err, "open", "/dev/null as fd %d", fds[i].fd);
	return 0;
}

int fd_cloexec_from(unsigned int first, struct error *err)
{
	if (close_range(first, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return error_sys(err, "close_range", "from %u", first);
	return 0;
}
