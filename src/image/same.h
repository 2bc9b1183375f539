/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a file of an upper directory says anything that the one below does
 * not: overlayfs copies files up also for changes that come to nothing.
 */
#pragma once

#include <sys/stat.h>

#include "base/error.h"

enum same {
	DIFFERENT,
	SAME,
};

/* One of the two: NAME below DIR_FD, and what stat(2) says of it. */
struct same_side {
	int dir_fd;
	const char *name;
	const struct stat *st;
};

/* Owner, mode and xattrs: an enum same or a negative errno. Times do not count. */
int same_attributes(const struct same_side *upper, const struct same_side *lower,
		    struct error *err);

/* The same of a file that is no directory: also type, time, content. */
int same_file(const struct same_side *upper, const struct same_side *lower, struct error *err);

/* The same without reading regular files: their size and time speak for them. */
int same_by_stat(const struct same_side *upper, const struct same_side *lower,
		 struct error *err);
