/* SPDX-License-Identifier: Apache-2.0 */
/* ADD's archives: a tar, plain or compressed with gzip, bzip2, zstd or xz. */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "image/layer-apply.h"

/* 1 when FD is an archive, 0 when it is any other file. FD's offset stays. */
int build_archive_check(int fd, const char *name, struct error *err);

/*
 * Unpacks it into the directory DIR_FD: what is there is replaced, directories
 * are merged.  Everything is OWNER's, or as the archive says for NULL.
 */
int build_archive_unpack(int fd, const char *name, int dir_fd, const struct layer_owner *owner,
			 struct error *err);
