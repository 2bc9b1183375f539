/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a deletion is written down: ".wh." names inside a layer's tar, devices
 * 0:0 and an xattr inside an overlay directory.  References: image-spec
 * layer.md "Whiteouts", Documentation/filesystems/overlayfs.rst.
 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "base/error.h"

#define WHITEOUT_PREFIX ".wh."
#define WHITEOUT_OPAQUE_NAME ".wh..wh..opq"
#define WHITEOUT_OPAQUE_XATTR "trusted.overlay.opaque"

enum whiteout_kind {
	/* An ordinary name. */
	WHITEOUT_NONE,
	/* ".wh.NAME": NAME of the layers below is hidden. */
	WHITEOUT_ONE,
	/* ".wh..wh..opq": everything of the layers below in this directory is hidden. */
	WHITEOUT_OPAQUE,
	/* AUFS's own bookkeeping, ".wh..wh.plnk" and the like: to be ignored. */
	WHITEOUT_AUFS,
	/* ".wh." of nothing, of "." or of "..": hides nothing that can be named. */
	WHITEOUT_BAD,
};

/* What one path component says. */
enum whiteout_kind whiteout_classify(const char *name);

/* Whether this is how an overlay directory marks a hidden name. */
static inline bool whiteout_is_device(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

/*
 * Whether NAME below DIR_FD, a directory of an overlay layer, hides those below; or a
 * negative errno.
 */
int whiteout_is_opaque(int dir_fd, const char *name);

/* An xattr by which overlayfs steers itself; never taken from an image nor put into one. */
bool whiteout_is_overlay_xattr(const char *name);
