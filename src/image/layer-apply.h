/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts one layer, a stream of tar bytes, onto a directory.  Reference:
 * image-spec layer.md, "Applying Changesets".
 *
 * libarchive reads the tar format and nothing else; whatever touches the disk
 * is done here through directory fds, and no symlink is ever followed by the
 * kernel, so that no layer can reach outside of its target.
 *
 * A whiteout hides what the layers below brought and never what its own layer
 * brings, in whatever order the entries come.  A name in a layer means what it
 * means inside that layer: a symlink below in the way of a directory is
 * replaced, a symlink of the same layer is followed inside the root.  Both
 * shapes give the same tree.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

enum layer_shape {
	/* A directory for overlayfs: whiteouts stay, as devices 0:0 and opaque directories. */
	LAYER_OVERLAY,
	/* A root file system, already holding the layers below: whiteouts delete. */
	LAYER_FLAT,
};

struct layer_source {
	/* What messages call it: a digest or a file name. */
	const char *name;
	/*
	 * Sets *DATA to the next bytes, which stay the source's and stay valid
	 * until the next call: their number, 0 at the end, or a negative errno.
	 */
	ssize_t (*read)(void *ctx, const void **data, struct error *err);
	void *ctx;
};

struct layer_owner {
	uid_t uid;
	gid_t gid;
};

struct layer_target {
	/* The root of the tree; LAYER_OVERLAY wants it empty. */
	int fd;
	enum layer_shape shape;
	/*
	 * The directories of the layers below in overlay shape, topmost first.
	 * LAYER_OVERLAY looks there for the attributes of directories that the
	 * layer does not name itself, for the targets of hard links, and for
	 * whether a whiteout hides anything.  Not used by LAYER_FLAT.
	 */
	const int *lower_fds;
	size_t n_lower;
	/* LAYER_FLAT: follow a directory's symlink from a layer below, do not replace it. */
	bool keep_dirlinks;
	/* LAYER_FLAT: an archive of files, which has no whiteouts: their names are refused. */
	bool is_archive;
	/* Who owns everything, whatever the entries say; or NULL. */
	const struct layer_owner *owner;
};

struct layer_limits {
	uint64_t max_entries;
	/* Sum of all file contents. */
	uint64_t max_bytes;
	/* Components of one name. */
	unsigned int max_depth;
};

/* 4 million entries, 1 TiB, depth 512. */
extern const struct layer_limits layer_limits_default;

struct layer_stats {
	uint64_t n_entries;
	/* Sum of the sizes of the regular files: the layer's unpacked size. */
	uint64_t n_bytes;
};

/*
 * Reads SOURCE to its very end, also behind the end of the archive, so that a
 * digest over it covers every byte.  On failure the target is left half done
 * and is the caller's to remove; nothing outside of it has changed.  LIMITS
 * may be NULL for the defaults, STATS NULL.  Sets the process's umask for its
 * duration.
 */
int layer_apply(const struct layer_source *source, const struct layer_target *target,
		const struct layer_limits *limits, struct layer_stats *stats,
		struct error *err);
