/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whiteouts: in a root file system they delete, in an overlay directory they
 * become devices and opaque directories.  Either way they spare what their
 * own layer brings.
 */
#include "image/layer-tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/tree.h"
#include "image/whiteout.h"

/* Called for every name in a directory; PATH is its canonical path. */
typedef int (*child_fn)(struct layer_tree *tree, int dir_fd, const char *name, const char *path,
			struct error *err);

/* What this layer changed in the directory FD left no trace on its time. */
static int restore_time(int fd, const struct stat *before, const char *path, struct error *err)
{
	const struct timespec times[2] = { before->st_mtim, before->st_mtim };
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_sys(err, "fstat", "%s", path);
	if (st.st_mtim.tv_sec == before->st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == before->st_mtim.tv_nsec)
		return 0;
	return futimens(fd, times) < 0 ? error_sys(err, "utimensat", "%s", path) : 0;
}

static int for_each_child(struct layer_tree *tree, int dir_fd, const char *name,
			  const char *path, child_fn fn, struct error *err)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	struct stat before;
	int r = 0;

	if (!dir) {
		fd_close(&fd);
		return error_sys(err, "open", "%s", path);
	}
	if (fstat(fd, &before) < 0)
		r = error_sys(err, "fstat", "%s", path);
	while (r == 0 && (entry = file_next_entry(dir, path, &r, err))) {
		cleanup_free char *child = tree_join(path, entry->d_name);

		r = fn(tree, fd, entry->d_name, child, err);
	}
	if (r == 0)
		r = restore_time(fd, &before, path, err);
	(void)closedir(dir);
	return r;
}

static int stat_child(int dir_fd, const char *name, const char *path, struct stat *st,
		      struct error *err)
{
	if (fstatat(dir_fd, name, st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "fstatat", "%s", path);
	return 0;
}

/* LAYER_FLAT: removes what layers below brought. */
static int remove_foreign(struct layer_tree *tree, int dir_fd, const char *name,
			  const char *path, struct error *err)
{
	struct stat st;
	int r = stat_child(dir_fd, name, path, &st, err);

	if (r < 0)
		return r;
	if (!layer_tree_is_own(tree, path))
		return file_remove_tree_at(dir_fd, name, err);
	return S_ISDIR(st.st_mode)
		       ? for_each_child(tree, dir_fd, name, path, remove_foreign, err)
		       : 0;
}

/* LAYER_OVERLAY: below an opaque directory a whiteout hides nothing, and readdir(2) shows it. */
static int remove_whiteouts(struct layer_tree *tree, int dir_fd, const char *name,
			    const char *path, struct error *err)
{
	struct stat st;
	int r = stat_child(dir_fd, name, path, &st, err);

	if (r < 0)
		return r;
	if (!S_ISDIR(st.st_mode) &&
	    (whiteout_is_device(&st) || layer_tree_is_implied(tree, path)) &&
	    unlinkat(dir_fd, name, 0) < 0)
		return error_sys(err, "unlinkat", "%s", path);
	if (!S_ISDIR(st.st_mode))
		return 0;
	r = for_each_child(tree, dir_fd, name, path, remove_whiteouts, err);
	if (r == 0 && layer_tree_is_implied(tree, path))
		(void)unlinkat(dir_fd, name, AT_REMOVEDIR);
	return r;
}

int layer_tree_hide_children(struct layer_tree *tree, int dir_fd, const char *name,
			     const char *path, struct error *err)
{
	cleanup_free char *xattr_path = tree_path(dir_fd, name);
	struct stat st;

	if (tree->target->shape == LAYER_FLAT)
		return for_each_child(tree, dir_fd, name, path, remove_foreign, err);
	if (!layer_tree_lower(tree, path, &st) || !S_ISDIR(st.st_mode))
		return 0;
	if (lsetxattr(xattr_path, WHITEOUT_OPAQUE_XATTR, "y", 1, 0) < 0)
		return error_sys(err, "setxattr", WHITEOUT_OPAQUE_XATTR " of %s", path);
	path_set_add(&tree->opaque, path);
	return for_each_child(tree, dir_fd, name, path, remove_whiteouts, err);
}

/* LAYER_OVERLAY: nothing of this layer is at PATH. */
static int make_whiteout(struct layer_tree *tree, const char *dir, const char *name,
			 const char *path, struct error *err)
{
	const struct layer_dir *parent;
	struct stat st;
	int r;

	if (!layer_tree_lower(tree, path, &st))
		return 0;
	r = layer_tree_parent(tree, dir, &parent, err);
	if (r < 0)
		return r;
	if (mknodat(parent->fd, name, S_IFCHR, makedev(0, 0)) < 0)
		return error_sys(err, "mknodat", "%s, a device 0:0", path);
	return 0;
}

int layer_tree_whiteout(struct layer_tree *tree, const char *dir, const char *name,
			struct error *err)
{
	cleanup_free char *canonical = NULL, *path = NULL;
	bool flat = tree->target->shape == LAYER_FLAT;
	cleanup_close int dir_fd = -EBADF;
	struct stat st;
	int r = layer_tree_canonical(tree, dir, &canonical, err);

	if (r < 0 || !canonical)
		return r;
	path = tree_join(canonical, name);
	dir_fd = layer_tree_open(tree, canonical, O_RDONLY);
	if (dir_fd < 0 || fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return flat ? 0 : make_whiteout(tree, canonical, name, path, err);

	layer_tree_forget_parent(tree);
	layer_tree_keep_time(tree, canonical, dir_fd);
	if (!layer_tree_is_own(tree, path))
		return file_remove_tree_at(dir_fd, name, err);
	if (S_ISDIR(st.st_mode))
		r = layer_tree_hide_children(tree, dir_fd, name, path, err);
	if (r == 0 && layer_tree_is_implied(tree, path) &&
	    unlinkat(dir_fd, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) == 0)
		r = make_whiteout(tree, canonical, name, path, err);
	return r;
}

static int whiteout_child(struct layer_tree *tree, int dir_fd, const char *name,
			  const char *path, struct error *err)
{
	(void)dir_fd;
	(void)path;
	return layer_tree_whiteout(tree, "", name, err);
}

/*
 * LAYER_OVERLAY: overlayfs takes no notice of an opaque root, so that each name
 * needs a whiteout of its own.
 */
static int hide_root(struct layer_tree *tree, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < tree->lower.n; i++)
		r = for_each_child(tree, tree->lower.fds[i], ".", "", whiteout_child, err);
	return r;
}

int layer_tree_opaque(struct layer_tree *tree, const char *dir, struct error *err)
{
	cleanup_free char *canonical = NULL;
	cleanup_close int dir_fd = -EBADF;
	const struct layer_dir *parent;
	struct stat st;
	int r = layer_tree_canonical(tree, dir, &canonical, err);

	if (r < 0 || !canonical)
		return r;
	if (*canonical == '\0' && tree->target->shape == LAYER_OVERLAY)
		return hide_root(tree, err);
	dir_fd = layer_tree_open(tree, canonical, O_RDONLY);
	if (dir_fd < 0 && (tree->target->shape == LAYER_FLAT ||
			   !layer_tree_lower(tree, canonical, &st) || !S_ISDIR(st.st_mode)))
		return 0;
	/* It is one of the layers below: this layer needs it to carry the mark. */
	r = layer_tree_parent(tree, canonical, &parent, err);
	return r < 0 ? r : layer_tree_hide_children(tree, parent->fd, ".", canonical, err);
}
