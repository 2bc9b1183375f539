/* SPDX-License-Identifier: Apache-2.0 */
/* Messages with file descriptors over unix sockets. Reference: unix(7). */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

enum { SOCK_MAX_FDS = 8 };

/* Sends one message with N_FDS descriptors. */
int sock_send(int fd, const void *data, size_t n, const int *fds, size_t n_fds,
	      struct error *err);

/*
 * Receives one message of at most SIZE bytes: its length, 0 at the end of the
 * connection.  *N_FDS is the room in FDS, then the number received; the fds
 * are close-on-exec and the caller's.  A truncated message is -EMSGSIZE.
 */
ssize_t sock_recv(int fd, void *data, size_t size, int *fds, size_t *n_fds,
		  struct error *err);

/* Connects a stream or seqpacket TYPE socket to the absolute path of a unix socket. */
int sock_connect(const char *path, int type, struct error *err);
