/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layer-tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/file.h"
#include "base/path.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/tree.h"
#include "image/whiteout.h"

/* As many as the kernel itself follows, path_resolution(7). */
enum { MAX_LINKS = 40, MAX_WARNINGS = 10 };

#define DIR_FLAGS (O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static bool is_flat(const struct layer_tree *tree)
{
	return tree->target->shape == LAYER_FLAT;
}

static void dir_release(struct layer_dir *dir)
{
	fd_close(&dir->fd);
	free(dir->path);
	*dir = (struct layer_dir){ .fd = -EBADF };
}

/* All of a first layer is its own. */
static int init_flat(struct layer_tree *tree, struct error *err)
{
	int fd = openat(tree->target->fd, ".", O_RDONLY | DIR_FLAGS), r = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		fd_close(&fd);
		return error_sys(err, "open", "the root");
	}
	if (!file_next_entry(dir, "the root", &r, err))
		path_set_add(&tree->fresh, "");
	(void)closedir(dir);
	return r;
}

int layer_tree_init(struct layer_tree *tree, const struct layer_target *target,
		    struct error *err)
{
	struct stat st;

	*tree = (struct layer_tree){
		.target = target,
		.lower = { .fds = target->lower_fds, .n = target->n_lower },
		.parent = { .fd = -EBADF },
	};
	if (is_flat(tree))
		return init_flat(tree, err);
	/* The topmost layer's root is the one that an overlay shows. */
	if (target->n_lower > 0 && fstat(target->lower_fds[0], &st) == 0) {
		layer_tree_set_time(tree, "", st.st_mtim);
		return tree_copy_attributes(target->lower_fds[0], ".", target->fd, ".", &st, err);
	}
	if (fchmodat(target->fd, ".", 0755, 0) < 0 || fchownat(target->fd, ".", 0, 0, 0) < 0)
		return error_sys(err, "chmod", "the root of the layer");
	return 0;
}

void layer_tree_release(struct layer_tree *tree)
{
	path_set_release(&tree->fresh);
	path_set_release(&tree->own);
	path_set_release(&tree->opaque);
	path_set_release(&tree->implied);
	dir_times_release(&tree->times);
	free(tree->parent_name);
	dir_release(&tree->parent);
}

bool layer_tree_may_warn(struct layer_tree *tree)
{
	if (++tree->n_warnings == MAX_WARNINGS)
		log_warning("more of this layer's entries are like that");
	return tree->n_warnings < MAX_WARNINGS;
}

void layer_tree_set_time(struct layer_tree *tree, const char *path, struct timespec mtime)
{
	dir_times_set(&tree->times, path, mtime);
}

void layer_tree_keep_time(struct layer_tree *tree, const char *path, int dir_fd)
{
	struct stat st;

	if (!dir_times_has(&tree->times, path) && fstat(dir_fd, &st) == 0)
		dir_times_set(&tree->times, path, st.st_mtim);
}

int layer_tree_open(const struct layer_tree *tree, const char *path, int flags)
{
	return path_try_open(tree->target->fd, *path ? path : ".", PATH_NO_SYMLINKS,
			     flags | DIR_FLAGS, 0);
}

int layer_tree_finish(struct layer_tree *tree, struct error *err)
{
	if (tree->lower_failure)
		return error_set(err, tree->lower_failure, "reading a layer below: %s",
				 strerror(-tree->lower_failure));
	return dir_times_leave(&tree->times, tree->target->fd, NULL, err);
}

bool layer_tree_lower(struct layer_tree *tree, const char *path, struct stat *st)
{
	int found;

	if (tree->lower.n == 0)
		return false;
	if (path_set_has_parent(&tree->opaque, path))
		return false;
	found = lower_find(&tree->lower, path, st);
	if (found < 0 && found != -ENOENT)
		tree->lower_failure = found;
	return found >= 0;
}

/*
 * A directory that the layer needs but does not name.  It may stand for one
 * of the layers below, whose attributes an overlay would then hide; or it
 * takes the place of something that hid theirs, which must not come back.
 */
static int make_implied_dir(struct layer_tree *tree, int dir_fd, const char *name,
			    const char *path, bool replaces, struct error *err)
{
	static const struct layer_owner root = { 0 };
	const struct layer_owner *owner = tree->target->owner ? tree->target->owner : &root;
	struct stat st;
	bool has_lower = !is_flat(tree) && layer_tree_lower(tree, path, &st) &&
			 S_ISDIR(st.st_mode);
	int found;

	if (mkdirat(dir_fd, name, 0755) < 0)
		return error_sys(err, "mkdirat", "%s", path);
	layer_tree_add_fresh(tree, path);
	if (!is_flat(tree))
		path_set_add(&tree->implied, path);
	if (has_lower && !replaces) {
		found = lower_find(&tree->lower, path, &st);
		layer_tree_set_time(tree, path, st.st_mtim);
		return tree_copy_attributes(tree->lower.fds[found], path, dir_fd, name, &st, err);
	}
	/* The same in every place and at every time. */
	layer_tree_set_time(tree, path, (struct timespec){ 0 });
	/* Whatever the parent's set-gid bit or default ACL made of it. */
	if (fchownat(dir_fd, name, owner->uid, owner->gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fchmodat(dir_fd, name, 0755, 0) < 0)
		return error_sys(err, "chown", "%s", path);
	return has_lower ? layer_tree_hide_children(tree, dir_fd, name, path, err) : 0;
}

/* A walk down a path, component by component, that never lets the kernel follow a link. */
struct walk {
	struct layer_tree *tree;
	bool make;
	/* O_PATH; -ENOENT from the first missing component on. */
	int fd;
	struct strbuf path;
	/* Components still to come. */
	char *rest;
	int n_links;
};

static void walk_release(struct walk *walk)
{
	fd_close(&walk->fd);
	strbuf_release(&walk->path);
	free(walk->rest);
}

static int walk_to_root(struct walk *walk)
{
	fd_close(&walk->fd);
	strbuf_reset(&walk->path);
	walk->fd = layer_tree_open(walk->tree, "", O_PATH);
	return walk->fd < 0 ? walk->fd : 0;
}

/* ".." comes from the text of links only, and the path behind us has none: it drops a component. */
static int walk_up(struct walk *walk)
{
	char *slash = strrchr(walk->path.buf, '/');
	bool was_missing = walk->fd == -ENOENT;

	walk->path.len = slash ? (size_t)(slash - walk->path.buf) : 0;
	if (walk->path.alloc)
		walk->path.buf[walk->path.len] = '\0';
	fd_close(&walk->fd);
	walk->fd = layer_tree_open(walk->tree, walk->path.buf, O_PATH);
	return walk->fd < 0 && !was_missing ? walk->fd : 0;
}

static int walk_link(struct walk *walk, const char *name)
{
	char target[PATH_MAX], *rest;
	ssize_t n = readlinkat(walk->fd, name, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	if (++walk->n_links > MAX_LINKS)
		return -ELOOP;
	target[n] = '\0';
	rest = xasprintf("%s/%s", target, walk->rest);
	free(walk->rest);
	walk->rest = rest;
	return target[0] == '/' ? walk_to_root(walk) : 0;
}

/* Makes the directory NAME, in place of what is not one. */
static int walk_make(struct walk *walk, const char *name, const char *path, bool replaces,
		     struct error *err)
{
	int r = 0;

	if (!walk->make)
		return -ENOENT;
	if (replaces)
		r = file_remove_tree_at(walk->fd, name, err);
	return r < 0 ? r : make_implied_dir(walk->tree, walk->fd, name, path, replaces, err);
}

static int check_depth(const struct walk *walk, const char *path, struct error *err)
{
	unsigned int depth = 1;

	for (const char *p = path; *p; p++)
		depth += *p == '/';
	if (walk->tree->max_depth == 0 || depth <= walk->tree->max_depth)
		return 0;
	return error_set(err, ENAMETOOLONG, "links lead deeper than %u directories",
			 walk->tree->max_depth);
}

/* 0 and the walk is one component further; -ENOENT or -ENOTDIR without a message. */
static int walk_step(struct walk *walk, const char *name, struct error *err)
{
	cleanup_free char *path = tree_join(walk->path.buf, name);
	bool own = layer_tree_is_own(walk->tree, path) &&
		   !layer_tree_is_implied(walk->tree, path);
	bool is_link;
	struct stat st;
	int fd, r = check_depth(walk, path, err);

	if (r < 0)
		return r;
	if (walk->fd >= 0 && walk->make)
		layer_tree_keep_time(walk->tree, walk->path.buf, walk->fd);
	if (walk->fd >= 0 && fstatat(walk->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		r = errno == ENOENT ? walk_make(walk, name, path, false, err)
				    : error_sys(err, "fstatat", "%s", path);
	else if (walk->fd >= 0) {
		is_link = S_ISLNK(st.st_mode);
		if (is_link && (own || walk->tree->target->keep_dirlinks))
			return walk_link(walk, name);
		if (!S_ISDIR(st.st_mode) && !walk->make)
			return -ENOTDIR;
		if (!S_ISDIR(st.st_mode))
			r = walk_make(walk, name, path, true, err);
	}
	strbuf_reset(&walk->path);
	strbuf_adds(&walk->path, path);
	if (r == -ENOENT || walk->fd < 0) {
		fd_close(&walk->fd);
		walk->fd = -ENOENT;
		return 0;
	}
	if (r < 0)
		return r;
	if (walk->make)
		layer_tree_pass(walk->tree, path);
	fd = openat(walk->fd, name, O_PATH | DIR_FLAGS);
	if (fd < 0)
		return error_sys(err, "openat", "%s", path);
	fd_close(&walk->fd);
	walk->fd = fd;
	return 0;
}

static int walk_path(struct walk *walk, const char *path, struct error *err)
{
	int r = walk_to_root(walk);

	walk->rest = xstrdup(path);
	while (r == 0 && *walk->rest) {
		cleanup_free char *rest = walk->rest;
		size_t len = strcspn(rest, "/");
		bool more = rest[len] == '/';

		rest[len] = '\0';
		walk->rest = xstrdup(more ? rest + len + 1 : "");
		if (len == 0 || streq(rest, "."))
			continue;
		r = streq(rest, "..") ? walk_up(walk) : walk_step(walk, rest, err);
	}
	if (r == -ELOOP && err->code == 0)
		return error_set(err, ELOOP, "%s: too many levels of symbolic links", path);
	return r;
}

int layer_tree_canonical(struct layer_tree *tree, const char *path, char **canonical,
			 struct error *err)
{
	struct walk walk = { .tree = tree, .fd = -EBADF, .path = STRBUF_INIT };
	int r = walk_path(&walk, path, err);

	*canonical = r == 0 ? xstrdup(walk.path.buf) : NULL;
	walk_release(&walk);
	return r == -ENOTDIR ? 0 : r;
}

void layer_tree_forget_parent(struct layer_tree *tree)
{
	dir_release(&tree->parent);
}

int layer_tree_move_to(struct layer_tree *tree, const char *dir, struct error *err)
{
	bool stays = tree->parent.fd >= 0 && streq(tree->parent_name, dir);

	if (!stays)
		layer_tree_forget_parent(tree);
	/* A name through links is not where the work is: that is the canonical one. */
	return dir_times_leave(&tree->times, tree->target->fd, stays ? tree->parent.path : dir,
			       err);
}

static int dir_inspect(struct layer_tree *tree, struct layer_dir *dir, struct error *err)
{
	struct stat st;

	if (fstat(dir->fd, &st) < 0)
		return error_sys(err, "fstat", "%s", dir->path);
	dir->plain = !(st.st_mode & S_ISGID) &&
		     fgetxattr(dir->fd, "system.posix_acl_default", NULL, 0) < 0;
	layer_tree_keep_time(tree, dir->path, dir->fd);
	dir->fresh = layer_tree_is_fresh(tree, dir->path);
	layer_tree_pass(tree, dir->path);
	return 0;
}

int layer_tree_parent(struct layer_tree *tree, const char *path, const struct layer_dir **dir,
		      struct error *err)
{
	struct layer_dir found = { .fd = -EBADF };
	int r = 0;

	*dir = &tree->parent;
	if (tree->parent.fd >= 0 && streq(tree->parent_name, path))
		return 0;
	found.fd = layer_tree_open(tree, path, O_RDONLY);
	if (found.fd >= 0) {
		found.path = xstrdup(path);
	} else {
		struct walk walk = {
			.tree = tree, .make = true, .fd = -EBADF, .path = STRBUF_INIT,
		};

		r = walk_path(&walk, path, err);
		if (r == 0) {
			found.fd = openat(walk.fd, ".", O_RDONLY | DIR_FLAGS);
			found.path = xstrdup(walk.path.buf);
		}
		if (r == 0 && found.fd < 0)
			r = error_sys(err, "openat", "%s", path);
		walk_release(&walk);
	}
	if (r == 0)
		r = dir_inspect(tree, &found, err);
	if (r < 0) {
		dir_release(&found);
		return r;
	}
	dir_release(&tree->parent);
	free(tree->parent_name);
	tree->parent = found;
	tree->parent_name = xstrdup(path);
	return 0;
}
