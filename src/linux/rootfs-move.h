/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way without pivot_root(2), for a host whose "/" is its initramfs: the
 * rootfs is moved over "/".  The host's mounts stay where they were, out of
 * reach but in the namespace; a procfs or sysfs among them would let a
 * container with CAP_SYS_ADMIN in a user namespace mount a new one without any
 * masks (mount_namespaces(7)), so these are taken away first.
 */
#pragma once

#include "base/error.h"

/* The working directory is the rootfs, and ROOT_FD too; chroot(".") completes it. */
int rootfs_move(int root_fd, struct error *err);
