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

#include "base/error.h"
#include "image/layer-apply.h"
#include "image/tar-write.h"

struct layer_diff {
	/* The upper directory; the mount above it may be in use. */
	int upper_fd;
	/* The directories below, topmost first. */
	const int *lower_fds;
	size_t n_lower;
};

/* STATS->n_entries is 0 when nothing differs; the stream is an empty archive then. */
int layer_diff_write(const struct layer_diff *diff, tar_output_fn output, void *ctx,
		     struct layer_stats *stats, struct error *err);
