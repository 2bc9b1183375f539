/* SPDX-License-Identifier: Apache-2.0 */
/* ADD's archives: a tar, plain or compressed with gzip, zstd or xz. */
#pragma once

#include <stdint.h>

#include "base/error.h"

/* 1 when FD is an archive, 0 when it is any other file. FD's offset stays. */
int build_archive_check(int fd, const char *name, struct error *err);

/* Unpacks it into the directory DIR_FD: what is there is replaced, directories are merged. */
int build_archive_unpack(int fd, uint64_t size, const char *name, int dir_fd,
			 struct error *err);
