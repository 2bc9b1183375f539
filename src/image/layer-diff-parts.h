/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of layer-diff.h: layer-diff.c walks, layer-diff-entry.c writes. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "base/str.h"
#include "image/layer-diff.h"
#include "image/lower.h"
#include "image/path-map.h"

struct differ {
	struct lower_stack lower;
	/* See struct layer_diff. */
	bool flat;
	const struct path_map *ignored;
	const struct timespec *mtime;
	/* Flat: inodes of which a name is new or changed, so that all of them are told. */
	struct path_map touched;
	/* Where it goes; or, for a list, what takes it. */
	struct tar_writer *writer;
	layer_change_fn change;
	void *ctx;
	struct layer_stats stats;
	/* Inode of a file with several names: index into link_names. */
	struct path_map links;
	struct strvec link_names;
	char *buffer;
};

/* A directory of the upper layer while it is being walked. */
struct level {
	struct level *parent;
	int fd;
	/* "" is the root. */
	const char *path;
	struct stat st;
	/* What is below it: the merged directory, empty when there is none. */
	struct lower_dir lower;
	/* Its own entry has been written. */
	bool written;
};

/* An inode as a key of a path_map. */
struct inode_key {
	char s[24];
};
struct inode_key diff_inode_key(const struct stat *st);

/* A file entry names its directories first, so that their attributes are known. */
int diff_write_dirs(struct differ *differ, struct level *level, struct error *err);

/* The root has an entry of its own only when it changed. */
int diff_write_root(struct differ *differ, struct level *level, struct error *err);

int diff_write_whiteout(struct differ *differ, struct level *level, const char *name,
			struct error *err);

/* NAME at PATH; or, if the same file was written before, a link to that. */
int diff_write_file(struct differ *differ, struct level *level, const char *name,
		    const char *path, const struct stat *st, struct error *err);
