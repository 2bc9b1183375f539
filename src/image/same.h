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

/* Owner, mode and xattrs: an enum same or a negative errno. Times do not count. */
int same_attributes(int upper_dir, const char *upper_name, const struct stat *upper,
		    int lower_dir, const char *lower_path, const struct stat *lower,
		    struct error *err);

/* The same of a file that is no directory: also type, time, content. */
int same_file(int upper_dir, const char *upper_name, const struct stat *upper, int lower_dir,
	      const char *lower_path, const struct stat *lower, struct error *err);
