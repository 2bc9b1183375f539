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

void fd_pile_add(struct fd_pile *pile, int *fd)
{
	unsigned int at;

	if (*fd < 0)
		return;
	if (pile->n == ARRAY_SIZE(pile->fds))
		fd_pile_close(pile);
	for (at = pile->n++; at > 0 && pile->fds[at - 1] > *fd; at--)
		pile->fds[at] = pile->fds[at - 1];
	pile->fds[at] = take_fd(*fd);
}

/* FIRST to LAST, at once where the kernel can (Linux 5.9). */
static void close_run(int first, int last)
{
	if (first < last && close_range((unsigned int)first, (unsigned int)last, 0) == 0)
		return;
	for (int fd = first; fd <= last; fd++)
		(void)close(fd);
}

void fd_pile_close(struct fd_pile *pile)
{
	int saved = errno;

	for (unsigned int i = 0, next; i < pile->n; i = next) {
		for (next = i + 1; next < pile->n; next++)
			if (pile->fds[next] != pile->fds[next - 1] + 1)
				break;
		close_run(pile->fds[i], pile->fds[next - 1]);
	}
	pile->n = 0;
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
