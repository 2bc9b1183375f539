/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The foreground of "run" and "exec": passes signals on to the container's
 * process and, with a terminal, copies bytes between it and our own until the
 * process has ended.  Reference: signalfd(2), termios(3), pidfd_open(2).
 *
 * relay_init() before the process is made, relay_attach() once its terminal is
 * here and before its program runs, relay_run(), relay_fini().
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <termios.h>

#include "base/error.h"

struct relay {
	int signal_fd;
	/* The container's terminal (borrowed), or -EBADF. */
	int master_fd;
	/* Our own terminal: 0 or 1, or -EBADF when neither is one. */
	int tty_fd;
	/* What our terminal was like before, if HAS_SAVED. */
	struct termios saved;
	bool has_saved;
	sigset_t saved_mask;
	bool has_mask;
};
#define RELAY_INIT { .signal_fd = -EBADF, .master_fd = -EBADF, .tty_fd = -EBADF }

/* Blocks the signals that will be passed on, so that none is lost or kills us halfway. */
int relay_init(struct relay *relay, struct error *err);

/* In a child of relay_init()'s caller, which has inherited the mask: as it was before. */
void relay_restore_mask(const struct relay *relay);

/*
 * Couples our terminal to MASTER_FD, which stays the caller's: raw mode here, no
 * newline translation there, and our size unless it has one already.
 */
int relay_attach(struct relay *relay, int master_fd, struct error *err);

/*
 * Until the process of PIDFD ends: signals are passed on; with a terminal
 * attached stdin is copied to it and it to stdout, and its size follows ours.
 * What it still holds at the end is written out.  The caller reaps the process.
 */
int relay_run(struct relay *relay, int pidfd, struct error *err);

/* Gives the terminal and the signal mask back; also after errors, also twice. */
void relay_fini(struct relay *relay);
