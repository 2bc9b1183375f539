/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree that a layer is being put onto: finding and making parent
 * directories, whiteouts, and what has to be remembered for them.  Paths are
 * relative to the root, "" being the root itself; a canonical one has neither
 * ".", ".." nor a symlink in it.
 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "base/error.h"
#include "image/dir-times.h"
#include "image/layer-apply.h"
#include "image/lower.h"
#include "image/path-set.h"

struct layer_dir {
	/* O_RDONLY. */
	int fd;
	/* Canonical. */
	char *path;
	/* New files get their owner and mode from the caller alone: no set-gid, no default ACL. */
	bool plain;
	/* See layer_tree_is_fresh(). */
	bool fresh;
};

struct layer_tree {
	const struct layer_target *target;
	struct lower_stack lower;
	/*
	 * LAYER_FLAT: the directories that this layer made, whose whole content
	 * is its own; and what else it made or passed through, which stands in
	 * directories of the layers below.  What is in fresh ones is in neither.
	 */
	struct path_set fresh;
	struct path_set own;
	/* LAYER_OVERLAY: the directories that were made opaque. */
	struct path_set opaque;
	/*
	 * LAYER_OVERLAY: what the layers below have and only had to be here for
	 * something else, directories on the way to it and targets of hard links,
	 * and what the layer does not name.
	 */
	struct path_set implied;
	struct dir_times times;
	/* The parent of the last entry: most entries share it with the one before. */
	struct layer_dir parent;
	char *parent_name;
	/* A look at the layers below that failed: the tree is not what it should be. */
	int lower_failure;
	/* Directories above one another, also where links lead down; 0: any number. */
	unsigned int max_depth;
	unsigned int n_warnings;
};

/* Prepares the root of the target. */
int layer_tree_init(struct layer_tree *tree, const struct layer_target *target,
		    struct error *err);
void layer_tree_release(struct layer_tree *tree);

/* To be called first for each entry, with the directory DIR that it names: others are left. */
int layer_tree_move_to(struct layer_tree *tree, const char *dir, struct error *err);

/*
 * The directory PATH, made with its parents where missing or in the way of
 * it.  *DIR is the tree's and stays valid until the next call.
 */
int layer_tree_parent(struct layer_tree *tree, const char *path, const struct layer_dir **dir,
		      struct error *err);

/*
 * The canonical form of PATH, as a name that may not exist, the caller's to
 * free; NULL when something that is no directory stands in the way.
 */
int layer_tree_canonical(struct layer_tree *tree, const char *path, char **canonical,
			 struct error *err);

/* Opens the directory PATH (canonical): the fd or a negative errno, no message. */
int layer_tree_open(const struct layer_tree *tree, const char *path, int flags);

/* Whether to warn of one more entry: a layer of a million such ones is told in few lines. */
bool layer_tree_may_warn(struct layer_tree *tree);

/* To be called when a directory other than the last one asked for may be gone. */
void layer_tree_forget_parent(struct layer_tree *tree);

/* Whether this layer brought PATH (canonical), so that no whiteout of it applies. */
bool layer_tree_is_own(const struct layer_tree *tree, const char *path);
/* See struct layer_tree: a whiteout applies to it as to what is below. */
bool layer_tree_is_implied(const struct layer_tree *tree, const char *path);
/* Whether PATH is in a fresh directory or is one. */
bool layer_tree_is_fresh(const struct layer_tree *tree, const char *path);

/* Says that the layer names PATH, which is in no fresh directory. */
void layer_tree_add_own(struct layer_tree *tree, const char *path);
/* Says that it made the directory PATH, where nothing was. */
void layer_tree_add_fresh(struct layer_tree *tree, const char *path);
/* Says that it went through the directory PATH, without naming it. */
void layer_tree_pass(struct layer_tree *tree, const char *path);

/* Whether the layers below show PATH through this one; fills *ST. LAYER_OVERLAY. */
bool layer_tree_lower(struct layer_tree *tree, const char *path, struct stat *st);

/*
 * What the layers below have in the directory PATH (canonical, NAME below
 * DIR_FD, brought by this layer) is hidden.
 */
int layer_tree_hide_children(struct layer_tree *tree, int dir_fd, const char *name,
			     const char *path, struct error *err);

/* Applies a whiteout of NAME in the directory DIR. */
int layer_tree_whiteout(struct layer_tree *tree, const char *dir, const char *name,
			struct error *err);
/* Applies an opaque marker in the directory DIR. */
int layer_tree_opaque(struct layer_tree *tree, const char *dir, struct error *err);

/* The time that the directory PATH (canonical) shall have in the end. */
void layer_tree_set_time(struct layer_tree *tree, const char *path, struct timespec mtime);

/*
 * To be called before the content of DIR_FD, the directory PATH, changes: it
 * has its time back in the end, unless the layer sets another.
 */
void layer_tree_keep_time(struct layer_tree *tree, const char *path, int dir_fd);

/* To be called after everything else. */
int layer_tree_finish(struct layer_tree *tree, struct error *err);
