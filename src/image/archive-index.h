/* SPDX-License-Identifier: Apache-2.0 */
/* The headers of an outer tar archive: behind archive.h, and tested alone. */
#pragma once

#include "image/archive.h"

/*
 * Fills the members and the kind of ARCHIVE, whose fd, path and size are set.
 * Stops at the first name that only a root file system has, and, when the
 * archive is compressed, at the first one that only an archive of images has:
 * the members are not complete then.  -EFBIG: more than 65536 files.
 */
int image_archive_index(struct image_archive *archive, enum compression compression,
			struct error *err);

/* The same, read by a confined process (image/confine.h). */
int image_archive_index_confined(struct image_archive *archive, enum compression compression,
				 struct error *err);

/*
 * Where the link LINK_NAME with the text TARGET leads, from the archive's root:
 * "." and ".." are resolved, and cannot leave.  The caller's to free().
 */
char *image_archive_resolve_link(const char *link_name, const char *target);
