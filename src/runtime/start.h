/* SPDX-License-Identifier: Apache-2.0 */
/* The part of starting that "start" and "run" share. */
#pragma once

#include "base/error.h"
#include "runtime/container.h"

/*
 * Init, at the other end of SYNC_FD, has been told SYNC_START: waits until it
 * has executed the user's program, and runs the poststart hooks.  C has its
 * configuration; PIDFD is init's.  A failure leaves the container as it is.
 */
int start_await(const struct container *c, int sync_fd, int pidfd, struct error *err);
