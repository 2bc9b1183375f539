/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/sync.h"

#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sock.h"

/* An error record is a sync_message with the struct behind it. */
struct error_packet {
	struct sync_message head;
	struct error error;
};

int sync_send_filtered(int fd, enum sync_type type, int value, struct error *err)
{
	struct sync_message msg = { .type = type, .value = value };

	if (TEMP_FAILURE_RETRY(write(fd, &msg, sizeof(msg))) != (ssize_t)sizeof(msg))
		return error_sys(err, "write", "sync message %d", (int)type);
	return 0;
}

void sync_send_error(int fd, const struct error *failure)
{
	struct error_packet packet = { .head.type = SYNC_ERROR, .error = *failure };

	(void)!write(fd, &packet, sizeof(packet));
}

/* The sender may be an init under attack: lengths and terminators are checked before use. */
static int unpack_error(struct error_packet *packet, ssize_t n, struct error *err)
{
	struct error *e = &packet->error;

	if (n != (ssize_t)sizeof(*packet) || e->code >= 0)
		return error_set(err, EPROTO, "malformed error message from the container's init");
	e->msg[sizeof(e->msg) - 1] = '\0';
	e->hint[sizeof(e->hint) - 1] = '\0';
	e->pointer[sizeof(e->pointer) - 1] = '\0';
	e->phase[sizeof(e->phase) - 1] = '\0';
	e->step[sizeof(e->step) - 1] = '\0';
	e->path[sizeof(e->path) - 1] = '\0';
	e->syscall[sizeof(e->syscall) - 1] = '\0';
	*err = *e;
	return err->code;
}

int sync_receive(int fd, struct sync_message *msg, int *passed_fd, struct error *err)
{
	struct error_packet packet;
	size_t n_fds = passed_fd ? 1 : 0;
	ssize_t n;

	if (passed_fd)
		*passed_fd = -EBADF;
	n = sock_recv(fd, &packet, sizeof(packet), passed_fd, passed_fd ? &n_fds : NULL, err);
	/* Told once, when the peer ended with a message of ours unread; its own come after. */
	if (n == -ECONNRESET) {
		error_clear(err);
		n_fds = passed_fd ? 1 : 0;
		n = sock_recv(fd, &packet, sizeof(packet), passed_fd, passed_fd ? &n_fds : NULL,
			      err);
	}
	if (n == 0)
		return 0;
	if (n < 0)
		return (int)n;
	if (n < (ssize_t)sizeof(packet.head)) {
		if (passed_fd)
			fd_close(passed_fd);
		return error_set(err, EPROTO, "short message of %zd bytes", n);
	}
	if (packet.head.type == SYNC_ERROR)
		return unpack_error(&packet, n, err);
	*msg = packet.head;
	return 1;
}

/* A peer that ended may have said why before: that is the failure, not that it is gone. */
static int peer_is_gone(int fd, enum sync_type type, struct error *err)
{
	struct sync_message msg;
	int r;

	error_clear(err);
	do {
		r = sync_receive(fd, &msg, NULL, err);
	} while (r > 0);
	if (r < 0)
		return r;
	return error_set(err, EPIPE, "the other side ended before sync message %d", (int)type);
}

static int send_message(int fd, enum sync_type type, int value, const int *passed_fd,
			struct error *err)
{
	struct sync_message msg = { .type = type, .value = value };
	int r = sock_send(fd, &msg, sizeof(msg), passed_fd, passed_fd ? 1 : 0, err);

	return r == -EPIPE || r == -ECONNRESET ? peer_is_gone(fd, type, err) : r;
}

int sync_send(int fd, enum sync_type type, int value, struct error *err)
{
	return send_message(fd, type, value, NULL, err);
}

int sync_send_fd(int fd, enum sync_type type, int value, int passed_fd, struct error *err)
{
	return send_message(fd, type, value, &passed_fd, err);
}

int sync_expect(int fd, enum sync_type type, struct error *err)
{
	struct sync_message msg;
	int r = sync_receive(fd, &msg, NULL, err);

	if (r < 0)
		return r;
	if (r == 0)
		return error_set(err, EPIPE, "the other side ended before sync message %d",
				 (int)type);
	if (msg.type != type)
		return error_set(err, EPROTO, "sync message %d where %d was expected",
				 (int)msg.type, (int)type);
	return 0;
}
