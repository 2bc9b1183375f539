/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The times that directories get back after their content was changed.  A
 * directory's time is set when work moves on to where it is not needed, and
 * read again when work comes back: what is remembered are the directories
 * above the place of work, not all of a tree.  Paths are canonical, see
 * layer-tree.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/error.h"

struct dir_times {
	struct dir_time {
		char *path;
		size_t len;
		struct timespec mtime;
	} *v;
	size_t n, n_alloc;
};

void dir_times_release(struct dir_times *times);

/* Whether PATH has a time that is still to be set. */
bool dir_times_has(const struct dir_times *times, const char *path);

/* The last one counts. */
void dir_times_set(struct dir_times *times, const char *path, struct timespec mtime);

/*
 * Sets and forgets the times of all directories below ROOT_FD but of DIR and
 * what is above it; with NULL of all.  What is no directory any more is left
 * alone.
 */
int dir_times_leave(struct dir_times *times, int root_fd, const char *dir, struct error *err);
