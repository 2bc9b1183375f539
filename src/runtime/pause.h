/* SPDX-License-Identifier: Apache-2.0 */
/* pause, resume and ps: what engines ask for beyond the specification. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "linux/cgroup.h"
#include "runtime/container.h"

/*
 * Loads a created, running or paused container with its status and opens its
 * cgroup; -ESRCH for a stopped one, -ENOTSUP for one without a cgroup.
 */
int container_load_live(struct container *c, const char *root, const char *id,
			enum oci_status *status, struct cgroup *cg, struct error *err);

/* Freezes every process of a running or created container; returns when they stand still. */
int container_pause(const char *root, const char *id, struct error *err);

/* Thaws them. */
int container_resume(const char *root, const char *id, struct error *err);

/* The processes of the container, as the host counts them: *PIDS is the heap's. */
int container_pids(const char *root, const char *id, pid_t **pids, size_t *n,
		   struct error *err);
