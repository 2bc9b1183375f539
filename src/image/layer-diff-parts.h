/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of layer-diff.h: layer-diff.c walks, layer-diff-entry.c writes,
 * layer-diff-owned.c makes the directory what was written, layer-diff-flat.c
 * has what plain trees need.
 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "base/str.h"
#include "image/dir-names.h"
#include "image/layer-diff.h"
#include "image/lower.h"
#include "image/path-map.h"

struct differ {
	struct lower_stack lower;
	/* See struct layer_diff. */
	bool flat;
	bool owned;
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

/* The time that the entry of such a file has. */
struct timespec diff_time(const struct differ *differ, const struct stat *st);

/*
 * All three do nothing to a directory that is not owned.  NAME is in no entry,
 * FLAGS are unlinkat(2)'s.
 */
int diff_drop(struct differ *differ, struct level *level, const char *name, int flags,
	      struct error *err);

/* Nothing in the layer says that LEVEL hides what is below. */
int diff_drop_opaque(struct differ *differ, struct level *level, struct error *err);

/* NAME, which was ST, has the time MTIME; "." when all in it is settled. */
int diff_settle_time(struct differ *differ, struct level *level, const char *name,
		     const struct timespec *mtime, struct error *err);

/* In a plain tree a name that is missing, in NAMES, says that it was removed. */
int diff_missing(struct differ *differ, struct level *level, struct dir_names *names,
		 struct error *err);

/* Notes the files with several names of which one at least is new or changed. */
int diff_note_links(struct differ *differ, int dir_fd, const char *dir, struct error *err);
