/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fd.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <unistd.h>

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
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		/* The lowest number that is free is FD: those below are open by now. */
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return error_sys(err, "open", "/dev/null as fd %d", fd);
	return 0;
}

int fd_cloexec_from(unsigned int first, struct error *err)
{
	if (close_range(first, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return error_sys(err, "close_range", "from %u", first);
	return 0;
}
