/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a stack of overlay-shaped layers shows at a path, found as the kernel
 * would show it, without mounting it.  No symlink is followed.
 */
#pragma once

#include <stddef.h>
#include <sys/stat.h>

/* The layers, topmost first; the fds are the caller's. */
struct lower_stack {
	const int *fds;
	size_t n;
};

/* One directory of the merged tree: the layers that take part in it, topmost first. */
struct lower_dir {
	size_t *layers;
	size_t n;
};

void lower_dir_release(struct lower_dir *dir);
#define cleanup_lower_dir __attribute__((cleanup(lower_dir_release)))

/* The root directory. */
void lower_root(const struct lower_stack *stack, struct lower_dir *dir);

/*
 * Looks at PATH, whose parent directory is PARENT.  Returns the index of the
 * layer that shows it and fills *ST, or -ENOENT, or another negative errno.
 * When it is a directory, CHILD (released before) is its merged form.
 */
int lower_step(const struct lower_stack *stack, const struct lower_dir *parent,
	       const char *path, struct stat *st, struct lower_dir *child);

/* The same for any PATH ("" is the root), from the root down. */
int lower_find(const struct lower_stack *stack, const char *path, struct stat *st);
