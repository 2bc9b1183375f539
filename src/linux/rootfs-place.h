/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a container's mounts go that has no mount namespace of its own: it
 * inherits the runtime's, or joins one by path (struct rootfs, needs_place).
 *
 * They stand on a copy of the rootfs, mounted on an empty directory that is
 * made for it in the container's state directory and is private: what is
 * mounted below it is seen nowhere else, and no mount of the host is changed.
 * The directory is the record.  Nobody else mounts anything there, so that
 * taking away what is mounted on it can take away nothing else; and when the
 * kernel removes a directory it unmounts what stands on it in all mount
 * namespaces, whoever is in them.  So a create can be killed at any moment.
 *
 *   parent, before clone    rootfs_place_make()
 *   init                    rootfs_place_attach()   called by rootfs_prepare()
 *   delete                  rootfs_place_remove()
 */
#pragma once

#include "base/error.h"
#include "linux/rootfs.h"

/*
 * Makes the place below STATE_DFD, and the copy of r->fd.  MNTNS_FD is the
 * namespace that init is going to join (-EBADF: none).
 */
int rootfs_place_make(struct rootfs *r, int state_dfd, int mntns_fd, struct error *err);

/*
 * Mounts the copy in the place; r->fd is that mount from now on.  In a joined
 * namespace the place must be in sight under its usual path.
 */
int rootfs_place_attach(struct rootfs *r, struct error *err);

/* Unmounts and removes it; what is missing is fine.  The container's processes must be gone. */
int rootfs_place_remove(int state_dfd, struct error *err);
