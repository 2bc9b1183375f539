/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control group of a container: made before its first process is cloned
 * into it, killed, frozen and removed by fd.  Version 2 only, through the
 * first cgroup2 mount of the host: /sys/fs/cgroup, /sys/fs/cgroup/unified on
 * a hybrid host, or whatever mountinfo names first.
 *
 * A cgroup's path is written from the root of that mount, with a leading "/".
 * All functions return 0 or a negative errno.  Reference: the kernel's
 * admin-guide/cgroup-v2.rst; config-linux.md, "Control groups".
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

struct oci_config;
struct oci_device;
struct oci_resources;
struct oci_string_map;
struct cgroup_driver;
struct cgroup_keeper;

/* Who makes the cgroups: dabba itself, systemd on its behalf, or nobody. */
enum cgroup_manager {
	/* cgroupfs, and no cgroup at all where a rootless caller may not make one. */
	CGROUP_MANAGER_AUTO,
	CGROUP_MANAGER_CGROUPFS,
	CGROUP_MANAGER_SYSTEMD,
	CGROUP_MANAGER_DISABLED,
};

struct cgroup {
	/* What made it; only valid in what cgroup_create() filled. */
	const struct cgroup_driver *driver;
	/* The heap's; NULL when the container has no cgroup. */
	char *path;
	/* The directory, readable: for CLONE_INTO_CGROUP, binds and every call below. */
	int fd;
	/* A process that holds its place for init until cgroup_settle(), or NULL. */
	struct cgroup_keeper *keeper;
};

#define CGROUP_INIT { .fd = -EBADF }

/* Closes and frees; the cgroup itself stays. */
void cgroup_fini(struct cgroup *cg);
#define cleanup_cgroup __attribute__((cleanup(cgroup_fini)))

struct cgroup_request {
	enum cgroup_manager manager;
	const char *id;
	/*
	 * linux.cgroupsPath, or NULL for "/dabba-ID", which needs no parent that
	 * somebody would have to remove.  Absolute and relative
	 * paths both start at the root of the cgroup2 mount (as crun has it),
	 * and "slice:prefix:name" is the name of a directory like any other
	 * unless systemd makes the cgroup: then it is the only form, and
	 * ":dabba:ID" the default.
	 */
	const char *path;
	/* linux.resources, or NULL. */
	const struct oci_resources *resources;
	/* linux.devices: these may be made with mknod(2), whatever the rules deny. */
	const struct oci_device *devices;
	size_t n_devices;
	/* Those called "org.systemd.property.NAME" are for systemd; or NULL. */
	const struct oci_string_map *annotations;
};

/*
 * Makes the cgroup and sets its limits.  It must not exist, or be empty and
 * not frozen (-EBUSY otherwise): what others run in is not ours to limit or to
 * remove.  On failure nothing is left behind.  *OUT has path NULL when the
 * container is to run without a cgroup of its own.
 */
int cgroup_create(const struct cgroup_request *request, struct cgroup *out, struct error *err);

/* To be called when the container's init has been cloned into it. */
int cgroup_settle(struct cgroup *cg, struct error *err);

/*
 * A caller may clone into a cgroup only if it could move a process there: it
 * owns what is above both.  Where it does not (EACCES), the driver that made
 * the cgroup PATH may be able to move PID into CG, which is that or below it.
 */
bool cgroup_can_adopt(const char *driver);
int cgroup_adopt(const char *driver, const char *path, const struct cgroup *cg, pid_t pid,
		 struct error *err);

/* The path that cgroupfs gives a request, on the heap. */
int cgroup_request_path(const struct cgroup_request *request, char **out, struct error *err);

/* The name to be kept beside the path: "cgroupfs", "systemd" or "disabled". */
const char *cgroup_driver_name(const struct cgroup *cg);

/* "cgroupfs", "systemd", "disabled" -> the manager; -EINVAL names the choices. */
int cgroup_manager_parse(const char *name, enum cgroup_manager *out, struct error *err);

/*
 * What in RESOURCES could not be set on this host: wrong values, and
 * controllers that cgroup2 does not have.  Calls REPORT for each; touches nothing.
 */
void cgroup_check(const struct oci_resources *resources,
		  void (*report)(void *arg, const struct error *problem), void *arg);

/*
 * Sets new limits on the existing CG, made by DRIVER (a name as above; NULL is
 * "cgroupfs").  Of REQUEST, resources and devices count.  What the
 * resources do not mention stays; so does everything when a value is refused, as
 * the old ones are written back.
 */
int cgroup_update(const struct cgroup *cg, const char *driver,
		  const struct cgroup_request *request, struct error *err);

/* Moves PID there, which no limit on the number of tasks can stop. */
int cgroup_enter(const struct cgroup *cg, pid_t pid, struct error *err);

/* Whether the container gets a cgroup namespace and a writable mount of its cgroup. */
bool cgroup_is_delegated(const struct oci_config *config);

/* Gives to OWNER what is needed to make and use cgroups below CG, and no limit of CG. */
int cgroup_delegate(const struct cgroup *cg, uid_t owner, struct error *err);

/* Opens an existing one; -ENOENT when it is gone. */
int cgroup_open(const char *path, struct cgroup *out, struct error *err);

/* The cgroup PID is in now (exec into a container whose init has moved below its own). */
int cgroup_open_of_pid(pid_t pid, struct cgroup *out, struct error *err);

/* SUB below CG, never outside of it: for exec --cgroup. */
int cgroup_open_below(const struct cgroup *cg, const char *sub, struct cgroup *out,
		      struct error *err);

/* The root directory of the cgroup2 mount, looked for once; the fd is the process's own. */
int cgroup_root_fd(struct error *err);

/* SIGKILL to every process in it and below, also to frozen ones. Does not wait. */
int cgroup_kill(const struct cgroup *cg, struct error *err);

/* SIGNAL to every process in it and below: all that were there when it was called. */
int cgroup_signal(const struct cgroup *cg, int signal, struct error *err);

/* Freezes or thaws and waits until it is so. */
int cgroup_freeze(const struct cgroup *cg, bool frozen, struct error *err);
int cgroup_is_frozen(const struct cgroup *cg, bool *out, struct error *err);

/* Whether it or anything below has a live process. */
int cgroup_is_populated(const struct cgroup *cg, bool *out, struct error *err);

/* Every process in it and below: *PIDS is the heap's, sorted by cgroup as found. */
int cgroup_list_pids(const struct cgroup *cg, pid_t **pids, size_t *n, struct error *err);

/*
 * Removes the cgroup PATH that DRIVER (a name as kept by the caller, NULL is
 * "cgroupfs") made, and those below it.  They are empty or just emptying, which
 * is waited for.  Gone already is no error; parents stay.
 */
int cgroup_remove(const char *driver, const char *path, struct error *err);

/*
 * The short way for a container that has ended: whether one rmdir(2) removed the
 * cgroup and that is all there was to do.  If not, nothing has changed.
 */
bool cgroup_remove_empty(const char *driver, const char *path);
