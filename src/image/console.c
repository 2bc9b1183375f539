/* SPDX-License-Identifier: Apache-2.0 */
#include "image/console.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/sock.h"

#define SOCKET_NAME "console.sock"

int console_listen(struct console *console, int dir_fd, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	*console = (struct console)CONSOLE_INIT;
	(void)unlinkat(dir_fd, SOCKET_NAME, 0);
	/* The directory's own path may be longer than an address. */
	(void)snprintf(console->path, sizeof(console->path), "/proc/%d/fd/%d/" SOCKET_NAME,
		       (int)getpid(), dir_fd);
	memcpy(address.sun_path, console->path, sizeof(console->path));
	console->socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (console->socket_fd < 0 ||
	    bind(console->socket_fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(console->socket_fd, 1) < 0)
		return error_sys(err, "bind", "%s", console->path);
	return 0;
}

int console_receive(struct console *console, int dir_fd, struct error *err)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	int fd = accept4(console->socket_fd, NULL, NULL, SOCK_CLOEXEC);
	size_t n_fds = 1;
	char name[256];
	ssize_t n;

	if (fd < 0)
		return error_sys(err, "accept", "%s", console->path);
	n = sock_recv(fd, name, sizeof(name), &console->master_fd, &n_fds, err);
	(void)close(fd);
	fd_close(&console->socket_fd);
	(void)unlinkat(dir_fd, SOCKET_NAME, 0);
	if (n < 0)
		return (int)n;
	if (n_fds != 1)
		return error_set(err, EPROTO, "the runtime sent no terminal");
	(void)ioctl(console->master_fd, TIOCSWINSZ, &size);
	return 0;
}

/* false at the end: EIO is how the last slave's end shows. */
static bool copy_some(struct console *console, int log_fd)
{
	struct error ignored = ERROR_INIT;
	char buf[4096];
	ssize_t n = TEMP_FAILURE_RETRY(read(console->master_fd, buf, sizeof(buf)));

	return n > 0 && file_write_fd(log_fd, "log", buf, (size_t)n, &ignored) == 0;
}

void console_copy(struct console *console, int log_fd, pid_t pid)
{
	int pid_fd = pidfd_open(pid, 0);
	struct pollfd fds[] = { { .fd = console->master_fd, .events = POLLIN },
				{ .fd = pid_fd, .events = POLLIN } };

	for (;;) {
		if (TEMP_FAILURE_RETRY(poll(fds, 2, -1)) < 0)
			break;
		/* What it wrote last is still there when it has ended. */
		if (fds[0].revents && !copy_some(console, log_fd))
			break;
		if (!fds[0].revents && fds[1].revents)
			break;
	}
	fd_close(&pid_fd);
}

void console_close(struct console *console)
{
	fd_close(&console->socket_fd);
	fd_close(&console->master_fd);
}
