/* SPDX-License-Identifier: Apache-2.0 */
/* delete (runtime.md, Operations). */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "runtime/container.h"

/*
 * Removes a stopped container, or a created one (killing it, as all engines
 * do); with FORCE also a running one, and a missing one is no error.
 */
int container_delete(const char *root, const char *id, bool force, struct error *err);

/*
 * Undoes what create made of C, which is stopped or half-made: kills what is
 * left in its cgroup, removes cgroup and state directory, then runs the
 * poststop hooks.  What fails leaves the container there, to be deleted again.
 */
int container_destroy(struct container *c, const char *root, struct error *err);

/* The same for one whose init may still run: it is killed first, and waited for. */
int container_kill_and_destroy(struct container *c, const char *root, struct error *err);
