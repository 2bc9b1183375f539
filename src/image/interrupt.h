/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIGINT, SIGTERM and SIGHUP as ordinary errors, so that whoever is at work
 * takes its temporary files away on its way out.
 */
#pragma once

#include <poll.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

/* From here on the signals are noted, and interrupt blocking calls. */
void interrupt_catch(void);
/* From here on they end the program again. */
void interrupt_release(void);
/* From here on they do nothing, nor to what is started: for the way out, which is short. */
void interrupt_ignore(void);

/* -EINTR and a sentence if one has come. */
int interrupt_check(struct error *err);

/* poll(2), ended with EINTR also by a signal that came before it. MSEC: -1 for ever. */
int interrupt_poll(struct pollfd *fds, size_t n, int msec);

/* read(2) of what can make one wait for long: a pipe, a terminal.  0 at the end. */
ssize_t interrupt_read(int fd, void *data, size_t size, struct error *err);
