/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device nodes for a user namespace, where mknod(2) is not allowed: made by root of the
 * host on a file system that nobody sees, and handed in as mounts.  The owner and the mode
 * are the container's own, and the host need not have such a node.
 */
#pragma once

#include <sys/types.h>

#include "base/error.h"

/* The ids are the host's. */
struct device_node {
	mode_t mode;
	dev_t rdev;
	uid_t uid;
	gid_t gid;
};

/* The root of an empty file system for device_node_make(); the caller's. */
int device_node_dir(struct error *err);

/* A detached mount of the new node NAME in DIR_FD; the caller's. */
int device_node_make(int dir_fd, const char *name, const struct device_node *node,
		     struct error *err);
