/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's mounts, for a container's init that is in a mount namespace with
 * nothing of the host in it (OPEN_TREE_NAMESPACE, Linux 7.0).  Its "/" is still
 * the host's, so that paths mean what they mean to the runtime; but the kernel
 * copies mounts of the caller's own namespace alone.
 *
 * The state is the module's, one per process.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/*
 * Goes into the mount namespace NS_FD, which is the module's from now on; "/" stays where
 * it is.  *ROOT_FD is the root of the namespace.
 */
int host_tree_leave(int ns_fd, int *root_fd, struct error *err);

/* Whether host_tree_leave() was called, and host_tree_forget() not yet. */
bool host_tree_is_left(void);

/* open_tree(2) of an absolute path of the host: -1 and errno. */
int host_tree_open(const char *path, unsigned int flags);

/* Closes the ways back. */
void host_tree_forget(void);
