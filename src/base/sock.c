/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sock.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"

union control {
	char buf[CMSG_SPACE(sizeof(int) * SOCK_MAX_FDS)];
	struct cmsghdr align;
};

int sock_send(int fd, const void *data, size_t n, const int *fds, size_t n_fds,
	      struct error *err)
{
	struct iovec iov = { .iov_base = (void *)data, .iov_len = n };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control control;

	if (n_fds > 0) {
		struct cmsghdr *cmsg;

		memset(&control, 0, sizeof(control));
		msg.msg_control = control.buf;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(cmsg), fds, sizeof(int) * n_fds);
	}
	if (TEMP_FAILURE_RETRY(sendmsg(fd, &msg, MSG_NOSIGNAL)) != (ssize_t)n)
		return error_sys(err, "sendmsg", "%zu bytes, %zu fds", n, n_fds);
	return 0;
}

ssize_t sock_recv(int fd, void *data, size_t size, int *fds, size_t *n_fds, struct error *err)
{
	struct iovec iov = { .iov_base = data, .iov_len = size };
	union control control;
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	size_t room = n_fds ? *n_fds : 0, got = 0;
	ssize_t n;

	n = TEMP_FAILURE_RETRY(recvmsg(fd, &msg, MSG_CMSG_CLOEXEC));
	if (n < 0)
		return error_sys(err, "recvmsg", "fd %d", fd);
	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg)) {
		size_t count = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int received;

			memcpy(&received, CMSG_DATA(cmsg) + i * sizeof(int), sizeof(int));
			if (got < room)
				fds[got++] = received;
			else
				(void)close(received);
		}
	}
	if (n_fds)
		*n_fds = got;
	if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		for (size_t i = 0; i < got; i++)
			(void)close(fds[i]);
		return error_set(err, EMSGSIZE, "a message was longer than %zu bytes", size);
	}
	return n;
}

int sock_connect(const char *path, int type, struct error *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	cleanup_close int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	cleanup_close int path_fd = -EBADF;

	if (fd < 0)
		return error_sys(err, "socket", "AF_UNIX");
	if (strlen(path) < sizeof(addr.sun_path)) {
		strcpy(addr.sun_path, path);
	} else {
		/* sun_path holds 107 bytes; a link in /proc is always short enough. */
		path_fd = open(path, O_PATH | O_CLOEXEC);
		if (path_fd < 0)
			return error_file(err, "open", path);
		(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s",
			       path_of_fd(path_fd).s);
	}
	if (TEMP_FAILURE_RETRY(connect(fd, (struct sockaddr *)&addr, sizeof(addr))) < 0)
		return error_file(err, "connect", path);
	return take_fd(fd);
}
