/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the cgroup modules: what a driver is, and the steps the drivers
 * share.  Callers outside use linux/cgroup.h.
 */
#pragma once

#include "base/error.h"
#include "linux/cgroup.h"

struct cgroup_plan;

struct cgroup_driver {
	/* As written to the state and given to --cgroup-manager. */
	const char *name;
	/* Makes the cgroup and sets its limits; OUT is filled on success only. */
	int (*create)(const struct cgroup_request *request, struct cgroup *out,
		      struct error *err);
	/*
	 * Called when the container's init is in the cgroup, and when the struct goes:
	 * for what only held its place.  Both may be NULL.
	 */
	int (*settle)(struct cgroup *cg, struct error *err);
	void (*release)(struct cgroup *cg);
	int (*remove)(const char *path, struct error *err);
	/* Makes sure that the controllers of PLAN reach the cgroup PATH, which exists. */
	int (*prepare)(const char *path, const struct cgroup_plan *plan, struct error *err);
	/*
	 * Makes the writes of PLAN, which have been done, last, and the device
	 * rules of REQUEST, which are to come.  May be NULL.
	 */
	int (*keep)(const struct cgroup *cg, const struct cgroup_plan *plan,
		    const struct cgroup_request *request, struct error *err);
	/* Moves PID into CG, which is PATH or below it, for a caller who may not. May be NULL. */
	int (*adopt)(const char *path, const struct cgroup *cg, pid_t pid, struct error *err);
};

extern const struct cgroup_driver cgroup_fs_driver;
extern const struct cgroup_driver cgroup_systemd_driver;

/* cgroup.c: the driver a container's record names, NULL meaning cgroupfs. */
const struct cgroup_driver *cgroup_driver_find(const char *name);

/* cgroup-mount.c: PATH as a name below the root fd, "." for the root itself. */
const char *cgroup_relative(const char *path);

/*
 * Why CONTROLLER cannot be used here, in one sentence of ERR: bound to a v1
 * hierarchy, switched off at boot, not in the kernel, or not delegated.
 */
int cgroup_missing_controller(const char *controller, const char *where, struct error *err);

/* cgroup-wait.c: a value of the flat keyed file cgroup.events. */
enum cgroup_event {
	CGROUP_EVENT_POPULATED,
	CGROUP_EVENT_FROZEN,
};

/* From FD, an open cgroup.events; a cgroup that was removed has none of them. */
int cgroup_event_read(int fd, enum cgroup_event event, bool *out, struct error *err);
int cgroup_event_get(int dir_fd, enum cgroup_event event, bool *out, struct error *err);

/* Sleeps in poll(2) until EVENT is VALUE; -ETIMEDOUT without a message after TIMEOUT_MS. */
int cgroup_event_wait(int dir_fd, enum cgroup_event event, bool value, int timeout_ms,
		      struct error *err);
