/* SPDX-License-Identifier: Apache-2.0 */
/* One entry of a layer, made on disk with everything it says about itself. */
#pragma once

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/error.h"
#include "image/layer-tree.h"

struct layer_xattr {
	char *name;
	void *value;
	size_t size;
};

struct layer_entry {
	/* Without ".", ".." or doubled slashes; "" is the root. */
	const char *path;
	/* Type and permissions; a hard link has link_target and no type. */
	mode_t mode;
	uid_t uid;
	gid_t gid;
	dev_t rdev;
	uint64_t size;
	struct timespec mtime;
	/* Of a symlink the text, of a hard link a path like the one above. */
	const char *link_target;
	struct layer_xattr *xattrs;
	size_t n_xattrs;
};

/* Writes the content of a regular file into FD. */
typedef int (*layer_content_fn)(void *ctx, int fd, const struct layer_entry *entry,
				struct error *err);

/*
 * Makes ENTRY, in place of whatever is there already; a directory keeps its
 * content.  CONTENT is called for a regular file.
 */
int layer_entry_put(struct layer_tree *tree, const struct layer_entry *entry,
		    layer_content_fn content, void *ctx, struct error *err);
