/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The foreground of "run" and "exec": passes signals on to the container's
 * process and, with a terminal, copies bytes between it and our own until the
 * process has ended.  Reference: signalfd(2), termios(3), pidfd_open(2).
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <termios.h>

#include "base/error.h"

struct relay {
	int signal_fd;
	/* What the terminal was like before, if HAS_SAVED. */
	int tty_fd;
	struct termios saved;
	bool has_saved;
	sigset_t saved_mask;
	bool has_mask;
};
#define RELAY_INIT { .signal_fd = -EBADF, .tty_fd = -EBADF }

/*
 * Blocks the signals that will be passed on, so that none is lost before
 * relay_run().  Children inherit the mask: relay_restore_mask() undoes that.
 */
int relay_init(struct relay *relay, struct error *err);

/* In a child of relay_init()'s caller: the signal mask as it was. */
void relay_restore_mask(const struct relay *relay);

/*
 * Until the process of PIDFD ends: passes signals on; with MASTER_FD >= 0 also
 * copies stdin to it and it to stdout, with our terminal in raw mode and its
 * size kept equal.  What the terminal still holds at the end is written out.
 * The caller reaps the process.
 */
int relay_run(struct relay *relay, int pidfd, int master_fd, struct error *err);

/* Gives the terminal and the signal mask back; also after errors, also twice. */
void relay_fini(struct relay *relay);
