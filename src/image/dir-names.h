/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names in a directory in the order of strcmp(3), in little memory: of a
 * directory with more names than there is room for, the first of them, and
 * when those have been given, the directory is read again for the next.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

struct dir_names {
	/* The directory NAME in DIR_FD, which the caller keeps open. */
	int dir_fd;
	const char *name;
	/* Bytes of names that are kept at once. */
	size_t room;
	/* Where in TEXT each of them begins, sorted; the next to give. */
	struct strbuf text;
	uint32_t *v;
	size_t n, n_alloc, next;
	/* Whether there may be more, which come after LAST. */
	bool more;
	char last[NAME_MAX + 1];
};

#define cleanup_dir_names __attribute__((cleanup(dir_names_release)))
void dir_names_release(struct dir_names *names);

/*
 * The directory NAME in DIR_FD ("." is DIR_FD itself).  PATH is where that is
 * below the root of the tree, "" the root: the deeper, the less room, so that
 * those who walk a tree of any shape with one of these for each level need a
 * few MiB for all.  Both strings must last as long as the names.
 */
struct dir_names dir_names_of(int dir_fd, const char *name, const char *path);

/* 1 and the next NAME, which lasts until the next call; 0 after the last. */
int dir_names_next(struct dir_names *names, const char **name, struct error *err);

/* From the beginning. */
void dir_names_rewind(struct dir_names *names);
