/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the runtime and a container's init say to each other.
 *
 *   create, run or exec                      init (or exec's child)
 *   -------------------                      ----------------------
 *              <------- SYNC_STAGE_PID ---   (only the stage process: whom it cloned)
 *   id maps, netdevices
 *   --- SYNC_PROCEED ------------------->    only if init was told to wait for it
 *                                            mounts and devices
 *              <------- SYNC_HOOKS -------   only if there are such hooks
 *   prestart, createRuntime hooks
 *   --- SYNC_PROCEED ------------------->
 *                                            createContainer hooks, pivot, ...
 *              <------- SYNC_CONSOLE -----   + the pty's master, with a terminal
 *   --- SYNC_PROCEED ------------------->
 *              <------- SYNC_READY -------
 *   oom score, limits, pid file
 *   --- SYNC_WAIT ---------------------->    create: wait in accept() for "start"
 *   --- SYNC_START --------------------->    run, exec: go on at once (may have been
 *                                            said before SYNC_READY)
 *
 *   start (connects to start.sock)
 *   --- SYNC_START --------------------->    credentials, seccomp, hooks
 *       + the table of times, with --timing
 *              <------- SYNC_SECCOMP -----   the number of init's notify fd
 *              <------- end of connection    execve happened: the socket is close-on-exec
 *
 * At any point init may say SYNC_ERROR with a struct error and exit.  If the
 * runtime goes away before SYNC_WAIT, init reads the end and exits.
 *
 * The transport is a SOCK_SEQPACKET unix socket: one message, one packet.
 */
#pragma once

#include <stdint.h>

#include "base/error.h"

enum sync_type {
	SYNC_STAGE_PID = 1,
	SYNC_PROCEED,
	SYNC_HOOKS,
	SYNC_CONSOLE,
	SYNC_READY,
	SYNC_WAIT,
	SYNC_START,
	SYNC_SECCOMP,
	SYNC_ERROR,
};

struct sync_message {
	enum sync_type type;
	/*
	 * SYNC_STAGE_PID: a pid; SYNC_SECCOMP: an fd number of the sender; SYNC_START:
	 * the ignored signals (struct proc_stat), which execve(2) would leave ignored.
	 */
	int value;
};

/* Sends a message; a peer that is gone is -EPIPE. */
int sync_send(int fd, enum sync_type type, int value, struct error *err);

/*
 * The same from behind a seccomp filter: by a plain write(2), which profiles
 * allow.  A peer that is gone raises SIGPIPE: there is nobody left to tell.
 */
int sync_send_filtered(int fd, enum sync_type type, int value, struct error *err);

/* A message that an fd comes with, such as the pty's master with SYNC_CONSOLE. */
int sync_send_fd(int fd, enum sync_type type, int value, int passed_fd, struct error *err);

/* SYNC_ERROR: best effort, there is nobody to tell of a failure. */
void sync_send_error(int fd, const struct error *failure);

/*
 * The next message: 1, or 0 at the end of the connection.  A SYNC_ERROR fills
 * ERR and its code is returned.  *PASSED_FD (may be NULL) gets an fd that came
 * along, or -EBADF.
 */
int sync_receive(int fd, struct sync_message *msg, int *passed_fd, struct error *err);

/* The next message must be of TYPE; the end of the connection is -EPIPE. */
int sync_expect(int fd, enum sync_type type, struct error *err);
