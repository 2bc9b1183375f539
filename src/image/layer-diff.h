/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layer that turns what is below into what an overlay's upper directory
 * holds, as a deterministic tar stream: names sorted bytewise, in each
 * directory first the whiteouts, parents before children.
 *
 * Left out: files that were copied up and not changed, directories in which
 * nothing is left to say, sockets, overlayfs's own xattrs.  Reference:
 * image-spec layer.md, "Creating".
 */
#pragma once

#include <stddef.h>
#include <time.h>

#include "base/error.h"
#include "image/layer-apply.h"
#include "image/path-map.h"
#include "image/tar-write.h"

struct layer_diff {
	/* The upper directory; the mount above it may be in use. */
	int upper_fd;
	/* The directories below, topmost first. */
	const int *lower_fds;
	size_t n_lower;
	/*
	 * UPPER_FD is no upper directory but a whole tree, and the one directory
	 * below is what it was: names that are missing are whiteouts.  A file of
	 * the same size, time and attributes counts as unchanged.
	 */
	bool flat;
	/* Paths left out while they are empty and not below either; or NULL. */
	const struct path_map *ignored;
	/* The time of every entry; NULL for that of each file, in whole seconds. */
	const struct timespec *mtime;
	/*
	 * No mount uses UPPER_FD any more, and it is to be the unpacked layer: what
	 * is left out is removed from it, and its files get the times of their
	 * entries.
	 */
	bool owned;
};

/* STATS->n_entries is 0 when nothing differs; the stream is an empty archive then. */
int layer_diff_write(const struct layer_diff *diff, tar_output_fn output, void *ctx,
		     struct layer_stats *stats, struct error *err);

/* As docker says it: added, changed, deleted. PATH starts with a slash. */
typedef int (*layer_change_fn)(void *ctx, char kind, const char *path, struct error *err);

/*
 * The same differences as a list: 'A', 'C' or 'D' for each name, directories
 * above a change included.  What an opaque directory hides is "DIR/" and a star.
 */
int layer_diff_list(const struct layer_diff *diff, layer_change_fn change, void *ctx,
		    struct error *err);
