/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lookups below a directory fd.  Container content is hostile: a path inside a
 * rootfs is never handed to the kernel as a plain string.  All fds returned
 * are close-on-exec.  Reference: openat2(2); Linux 5.6.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

enum path_policy {
	/* As after chroot(ROOT): "/", ".." and symlinks stay inside. */
	PATH_IN_ROOT,
	/* Inside, and no component may be a symlink. */
	PATH_NO_SYMLINKS,
	/* Leaving is an error, symlinks and mount crossings too: for kernel file systems. */
	PATH_BENEATH,
};

/* Opens PATH below ROOT_FD with open(2) FLAGS and MODE; magic links are never followed. */
int path_open(int root_fd, const char *path, enum path_policy policy, int flags,
	      mode_t mode, struct error *err);

/* The same, silent: returns the fd or a negative errno. */
int path_try_open(int root_fd, const char *path, enum path_policy policy, int flags,
		  mode_t mode);

/*
 * An O_PATH fd of the directory PATH, missing components made with MODE
 * (subject to the umask).  Safe against a racing rename: each component is
 * made relative to a checked fd and opened again without following it; a
 * symlink to nothing is followed inside the root, and what it names is made.
 */
int path_make_dir(int root_fd, const char *path, mode_t mode, struct error *err);

/*
 * An O_PATH fd of PATH's parent directory (made with MODE if missing) and, in
 * NAME, the last component.  PATH "/" is an error.
 */
int path_make_parent(int root_fd, const char *path, mode_t mode, char name[256],
		     struct error *err);

/* Opens PATH O_PATH; when it is missing, makes an empty regular file there (and its parents). */
int path_make_file(int root_fd, const char *path, mode_t mode, struct error *err);

/* "/proc/self/fd/N", for the few calls that take no fd; only with a trusted /proc. */
struct path_fd_name {
	char s[32];
};
struct path_fd_name path_of_fd(int fd);
