/* SPDX-License-Identifier: Apache-2.0 */
/* The part of starting that "start" and "run" share. */
#pragma once

#include "base/error.h"
#include "runtime/container.h"

/*
 * Tells init, at the other end of SYNC_FD, to go on, waits until it has
 * executed the user's program, and runs the poststart hooks.  C has its
 * configuration; PIDFD is init's.  A failure leaves the container as it is.
 */
int start_init(const struct container *c, int sync_fd, int pidfd, struct error *err);
