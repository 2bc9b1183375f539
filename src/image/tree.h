/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small things that applying and diffing layers both need: names below
 * directory fds, attributes of files, copies with all of them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/str.h"

/*
 * "/proc/self/fd/DIR_FD/NAME", for the xattr calls, which take no directory
 * fd: the directory is the fd's own whatever its path became, and the l*xattr
 * calls do not follow the last component.
 */
char *tree_path(int dir_fd, const char *name);

/* Where a process finds its fds, for one with another root directory; PATH stays the caller's. */
void tree_set_fd_dir(const char *path);

/* "DIR/NAME", or "NAME" when DIR is "". */
char *tree_join(const char *dir, const char *name);

/*
 * PATH upon the directory DIR, both as a container sees them: absolute, without
 * ".", ".." and doubled slashes, text alone.  Freed by the caller.
 */
char *tree_clean(const char *dir, const char *path);

/* The file's xattrs by name, sorted, without those of overlayfs; none where unsupported. */
int tree_list_xattrs(int dir_fd, const char *name, struct strvec *names, struct error *err);

/* Appends the value of one of them. */
int tree_get_xattr(int dir_fd, const char *name, const char *xattr, struct strbuf *value,
		   struct error *err);

/* Gives a file the owner, mode and xattrs of another (its times too). */
int tree_copy_attributes(int from_dir, const char *from, int to_dir, const char *to,
			 const struct stat *st, struct error *err);

/* Copies what IN_FD still gives; NAME is for messages. */
int tree_copy_content(int in_fd, int out_fd, const char *name, struct error *err);

/* Copies one file that is not a directory, whole, with its attributes; TO must not exist. */
int tree_copy_file(int from_dir, const char *from, int to_dir, const char *to,
		   struct error *err);

/* Copies what is in the directory FROM_FD into the directory TO_FD, and its attributes. */
int tree_copy_dir(int from_fd, int to_fd, struct error *err);

/* What the tree at PATH takes on the disk, in bytes; of what goes meanwhile, less. */
uint64_t tree_disk_usage(const char *path);

/* NAME with control characters shown as "?", for messages; freed by the caller. */
char *tree_printable(const char *name);
