/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the host's root directory to the container's.  No path strings and no
 * temporary directories: clone(2) with CLONE_NEWNS moves the working directory
 * along into the copied mount namespace, so the parent stands in the rootfs
 * while it clones, and init starts from ".".
 *
 * Linux 7.0 makes a mount namespace of a tree of mounts alone (OPEN_TREE_NAMESPACE):
 * where nothing needs the host's mounts, init goes into one instead of throwing away a
 * copy of them all.  Then rootfs_stand() has no effect.
 *
 *   parent, before clone    rootfs_open(), rootfs_namespace(), rootfs_stand()
 *                           rootfs_place_make()   see linux/rootfs-place.h
 *   parent, after clone     rootfs_leave()
 *   init, first             rootfs_prepare()   the mount tree to build in: r->fd
 *   init                    (mounts, devices, masks below r->fd)
 *   init                    rootfs_pivot()     "/" is the container's from here on
 *   init, last              rootfs_finish()    propagation, root.readonly
 *
 * Source: runtime-spec config.md "Root" and "Rootfs Mount Propagation",
 * pivot_root(2), mount_namespaces(7).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "libocispec/runtime.h"

struct rootfs {
	/* O_PATH: the host's directory in the parent, the clone of it in init. */
	int fd;
	/* Where the parent stood before rootfs_stand(). */
	int saved_cwd_fd;
	/* linux.rootfsPropagation as MS_SHARED etc., or 0 when not given. */
	uint64_t propagation;
	bool readonly;
	/* --no-pivot: for a host that lives in its initramfs. */
	bool no_pivot;
	/* A new mount namespace: without one there is only chroot(2). */
	bool own_mounts;
	/* Without one, but with mounts to make: they are kept together in one place. */
	bool needs_place;
	/* The directory for that, and its path where the mount namespace is joined, else NULL. */
	int place_fd;
	char *place;
	/* The detached copy of the rootfs that goes there. */
	int tree_fd;
	/* Something in it is to be made of the host's mounts, or to meet them: set by the caller. */
	bool needs_host;
	/* What rootfs_namespace() made, until init is in it. */
	int namespace_fd;
};

#define ROOTFS_INIT                                                                                \
	{ .fd = -EBADF, .saved_cwd_fd = -EBADF, .place_fd = -EBADF, .tree_fd = -EBADF,             \
	  .namespace_fd = -EBADF }

/*
 * Reads root, linux.rootfsPropagation and whether there is a new mount
 * namespace; opens root.path below BUNDLE_DFD.
 */
int rootfs_open(struct rootfs *r, const struct oci_config *config, int bundle_dfd,
		struct error *err);
void rootfs_fini(struct rootfs *r);

/*
 * Whether the mount namespace exists now and init is to be cloned without CLONE_NEWNS.
 * False where the kernel cannot, or where the container would notice.
 */
bool rootfs_namespace(struct rootfs *r);

int rootfs_stand(struct rootfs *r, struct error *err);
/* saved_cwd_fd is left to rootfs_fini(), or to the caller's fd_pile. */
int rootfs_leave(struct rootfs *r, struct error *err);

/*
 * Cuts the mount namespace off from the host's and mounts the rootfs (the
 * working directory) on itself; r->fd is that mount from now on.  With
 * needs_place it is the copy in that place, and nothing else is changed.
 */
int rootfs_prepare(struct rootfs *r, struct error *err);

/* Enters r->fd as the new "/" and drops the host's mounts; the working directory becomes "/". */
int rootfs_pivot(struct rootfs *r, struct error *err);

int rootfs_finish(const struct rootfs *r, struct error *err);
