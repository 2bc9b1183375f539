/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mounts of a container: planned (pure), opened (parent), attached (init).
 *
 * All of it goes through fds: a source is a detached mount that gets its
 * attributes, propagation and id mapping before anybody can see it, a target is
 * found by openat2(2) below the rootfs just before it is used, and
 * move_mount(2) joins the two.  Source: runtime-spec config.md "Mounts",
 * mount_namespaces(7), open_tree(2), fsopen(2), mount_setattr(2).
 *
 *   parent, before clone    mount_plan_new()      reads and checks the config
 *                           mount_plan_open()     bind sources, id mappings
 *   init, before pivot      mount_plan_attach()   after rootfs_prepare()
 *   init, after devices     mount_plan_finish()   what had to stay writable until now
 *
 * Attach and finish allocate nothing unless a directory must be made.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "libocispec/runtime.h"

struct mount_plan;

struct mount_env {
	/* Absolute path of the bundle: relative sources start there. */
	const char *bundle;
	/* linux.mountLabel when SELinux is enabled, else NULL. */
	const char *mount_label;
	/* The user namespace that linux.namespaces names by path, or -EBADF. Borrowed. */
	int userns_fd;
	/* No root of the host: the host's cgroup tree is shown read-only. */
	bool rootless;
};

#define MOUNT_ENV_INIT { .userns_fd = -EBADF }

/*
 * Reads config->mounts.  CONFIG and the strings of ENV must outlive the plan.
 * Errors carry the place ("mounts[3].options[1]").
 */
int mount_plan_new(const struct oci_config *config, const struct mount_env *env,
		   struct mount_plan **plan, struct error *err);
struct mount_plan *mount_plan_free(struct mount_plan *plan);

/*
 * Opens every bind source in the caller's mount namespace.  CGROUP_FD is the
 * container's cgroup (-EBADF: none); it stands in for a cgroup mount that the
 * kernel refuses to a user namespace.  Without CAP_SYS_ADMIN here the sources
 * are only checked, and init opens them.
 */
int mount_plan_open(struct mount_plan *plan, int cgroup_fd, struct error *err);

/*
 * Makes the targets and attaches the mounts, in the listed order, below
 * *ROOT_FD.  A mount onto "/" replaces *ROOT_FD.  The caller's "/" must still be
 * the host's, and its umask 0.
 */
int mount_plan_attach(struct mount_plan *plan, int *root_fd, struct error *err);

/* Makes read-only what had to be filled first (/dev and other tmpfs with "ro"). */
int mount_plan_finish(struct mount_plan *plan, struct error *err);

/* Whether a mount is to cover the rootfs itself. */
bool mount_plan_replaces_root(const struct mount_plan *plan);

/* Whether /dev is the container's own: false when it is a bind mount of a host directory. */
bool mount_plan_owns_dev(const struct mount_plan *plan);
