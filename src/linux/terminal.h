/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terminal of a container: opened from the container's own devpts, made
 * the controlling terminal of its process, and handed to whoever asked for it
 * or relayed to the terminal we run on.  Reference: pty(7), ioctl_tty(2).
 */
#pragma once

#include <sys/types.h>

#include "base/error.h"

struct oci_console_size;

struct terminal {
	int master_fd;
	int slave_fd;
	/* Its name in the container, "/dev/pts/N". */
	char name[32];
};
#define TERMINAL_INIT { .master_fd = -EBADF, .slave_fd = -EBADF }

/* Refuses a size that a terminal cannot have. */
int terminal_check_size(const struct oci_console_size *size, struct error *err);

/*
 * Opens a new terminal from /dev/pts below ROOT_FD, after checking that it is
 * a devpts: the image may have put anything there.  Unset, OUT is untouched.
 */
int terminal_open(int root_fd, struct terminal *out, struct error *err);
void terminal_fini(struct terminal *terminal);

/* SIZE may be NULL, or 0 by 0: the kernel's default then. */
int terminal_set_size(int fd, const struct oci_console_size *size, struct error *err);

/* The slave belongs to UID, as login programs expect. */
int terminal_set_owner(const struct terminal *terminal, uid_t uid, struct error *err);

/* A new session with the slave as its terminal and as fds 0, 1 and 2; closes the slave. */
int terminal_enter(struct terminal *terminal, struct error *err);

/*
 * Sends the master with its name over a connected console socket, the way
 * conmon and containerd receive it.
 */
int terminal_send(int socket_fd, const struct terminal *terminal, struct error *err);

/* Connects to "--console-socket PATH". */
int terminal_connect(const char *path, struct error *err);
