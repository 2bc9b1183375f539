/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terminal of a container in the background: the runtime sends its master
 * over a unix socket (runc's --console-socket), and what the program writes to
 * it goes to the log.
 */
#pragma once

#include <sys/types.h>

#include "base/error.h"
#include "base/str.h"

struct console {
	int socket_fd;
	int master_fd;
	/* For --console-socket; no longer than a socket's address may be. */
	char path[64];
};

#define CONSOLE_INIT { .socket_fd = -EBADF, .master_fd = -EBADF }

/* Listens on "console.sock" below DIR_FD, which stays open until the master came. */
int console_listen(struct console *console, int dir_fd, struct error *err);

/* Takes the master, and the socket away. */
int console_receive(struct console *console, int dir_fd, struct error *err);

/* Copies what comes from the terminal to LOG_FD until the process PID ends, or the terminal. */
void console_copy(struct console *console, int log_fd, pid_t pid);

void console_close(struct console *console);
