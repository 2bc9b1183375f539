/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layer-entry.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/tree.h"
#include "image/whiteout.h"

/* An entry on its way to its place. */
struct put {
	struct layer_tree *tree;
	const struct layer_entry *entry;
	int dir_fd;
	const char *name;
	/* Canonical. */
	char *path;
	/* See struct layer_dir. */
	bool plain, fresh;
};

static void put_release(struct put *put)
{
	free(put->path);
}

static int set_owner_and_mode(const struct put *put, int fd, struct error *err)
{
	const struct layer_entry *entry = put->entry;
	bool chown_needed = !put->plain || entry->uid != 0 || entry->gid != 0;
	int r;

	/* The owner first: a change of it takes set-id bits and file capabilities away. */
	if (chown_needed) {
		r = fd >= 0 ? fchown(fd, entry->uid, entry->gid)
			    : fchownat(put->dir_fd, put->name, entry->uid, entry->gid,
				       AT_SYMLINK_NOFOLLOW);
		if (r < 0) {
			(void)error_sys(err, "chown", "to %u:%u", entry->uid, entry->gid);
			return errno == EINVAL
				       ? error_hint(err, "the ids are not mapped in this user "
							 "namespace")
				       : err->code;
		}
	}
	/* Without these the mode is what the file was made with: the umask is 0. */
	if (S_ISLNK(entry->mode) || (put->plain && !(entry->mode & 07000)))
		return 0;
	r = fd >= 0 ? fchmod(fd, entry->mode & 07777)
		    : fchmodat(put->dir_fd, put->name, entry->mode & 07777, 0);
	return r < 0 ? error_sys(err, "chmod", "to %o", entry->mode & 07777) : 0;
}

static int set_xattrs(const struct put *put, int fd, struct error *err)
{
	cleanup_free char *path = NULL;

	if (put->entry->n_xattrs > 0)
		path = tree_path(put->dir_fd, put->name);
	for (size_t i = 0; i < put->entry->n_xattrs; i++) {
		const struct layer_xattr *xattr = &put->entry->xattrs[i];
		int r = fd >= 0 ? fsetxattr(fd, xattr->name, xattr->value, xattr->size, 0)
				: lsetxattr(path, xattr->name, xattr->value, xattr->size, 0);
		int why;

		if (r == 0)
			continue;
		/* A program without its capabilities does not work; without other xattrs it may. */
		if (streq(xattr->name, "security.capability") ||
		    (errno != EOPNOTSUPP && errno != EPERM && errno != EINVAL))
			return error_sys(err, "setxattr", "%s", xattr->name);
		why = errno;
		if (layer_tree_may_warn(put->tree))
			log_warning("%s: xattr %s was left out: %s", put->path, xattr->name,
				    strerror(why));
	}
	return 0;
}

static int finish_file(const struct put *put, int fd, struct error *err)
{
	struct timespec times[2] = { put->entry->mtime, put->entry->mtime };
	int r = set_owner_and_mode(put, fd, err);

	if (r == 0)
		r = set_xattrs(put, fd, err);
	if (r < 0)
		return r;
	r = fd >= 0 ? futimens(fd, times)
		    : utimensat(put->dir_fd, put->name, times, AT_SYMLINK_NOFOLLOW);
	return r < 0 ? error_sys(err, "utimensat", "%s", put->name) : 0;
}

/* Takes away what is at the entry's place; a directory may stay if the entry is one. */
static int make_way(const struct put *put, bool *kept, bool *replaced, struct error *err)
{
	struct stat st;

	*kept = *replaced = false;
	if (fstatat(put->dir_fd, put->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : error_sys(err, "fstatat", "%s", put->name);
	if (S_ISDIR(st.st_mode) && S_ISDIR(put->entry->mode)) {
		*kept = true;
		return 0;
	}
	*replaced = true;
	if (layer_tree_is_own(put->tree, put->path) && !S_ISDIR(st.st_mode) &&
	    !(whiteout_is_device(&st) && put->tree->target->shape == LAYER_OVERLAY)) {
		cleanup_free char *shown = tree_printable(put->path);

		if (layer_tree_may_warn(put->tree))
			log_warning("%s occurs twice in the layer: the last one counts", shown);
	}
	return file_remove_tree_at(put->dir_fd, put->name, err);
}

static int make_way_for_file(const struct put *put, struct error *err)
{
	bool kept, replaced;

	return make_way(put, &kept, &replaced, err);
}

static int put_regular(const struct put *put, layer_content_fn content, void *ctx,
		       struct error *err)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	mode_t mode = put->entry->mode & 0777;
	cleanup_close int fd = openat(put->dir_fd, put->name, flags, mode);
	int r = 0;

	if (fd < 0 && errno == EEXIST) {
		r = make_way_for_file(put, err);
		if (r < 0)
			return r;
		fd = openat(put->dir_fd, put->name, flags, mode);
	}
	if (fd < 0)
		return error_sys(err, "openat", "%s", put->name);
	if (put->entry->size > 0)
		r = content(ctx, fd, put->entry, err);
	return r < 0 ? r : finish_file(put, fd, err);
}

static int make_node(const struct put *put)
{
	mode_t mode = put->entry->mode;

	if (S_ISLNK(mode))
		return symlinkat(put->entry->link_target, put->dir_fd, put->name);
	return mknodat(put->dir_fd, put->name, mode & (S_IFMT | 0777), put->entry->rdev);
}

static int put_node(const struct put *put, struct error *err)
{
	mode_t mode = put->entry->mode;
	int r = make_node(put);

	if (r < 0 && errno == EEXIST) {
		r = make_way_for_file(put, err);
		if (r < 0)
			return r;
		r = make_node(put);
	}
	if (r < 0 && S_ISLNK(mode))
		return error_sys(err, "symlinkat", "to \"%s\"", put->entry->link_target);
	if (r < 0) {
		(void)error_sys(err, "mknodat", "device %u:%u", major(put->entry->rdev),
				minor(put->entry->rdev));
		return errno == EPERM ? error_hint(err, "device nodes need root on the host")
				      : err->code;
	}
	return finish_file(put, -EBADF, err);
}

/* The attributes of a directory are replaced as a whole. */
static int clear_xattrs(int fd, struct error *err)
{
	cleanup_strvec struct strvec names = STRVEC_INIT;
	int r = tree_list_xattrs(fd, ".", &names, err);

	for (size_t i = 0; r == 0 && i < names.n; i++)
		if (!str_skip_prefix(names.v[i], "security.selinux"))
			(void)fremovexattr(fd, names.v[i]);
	return r;
}

static int set_dir_attributes(struct put *put, int fd, bool existed, struct error *err)
{
	int r = existed ? clear_xattrs(fd, err) : 0;

	if (existed)
		put->plain = false;
	if (r == 0)
		r = set_owner_and_mode(put, fd, err);
	if (r == 0)
		r = set_xattrs(put, fd, err);
	layer_tree_set_time(put->tree, put->path, put->entry->mtime);
	return r;
}

static int put_dir(struct put *put, struct error *err)
{
	bool kept = false, replaced = false;
	cleanup_close int fd = -EBADF;
	int r = mkdirat(put->dir_fd, put->name, put->entry->mode & 0777);

	if (r < 0 && errno == EEXIST) {
		r = make_way(put, &kept, &replaced, err);
		if (r < 0)
			return r;
		r = kept ? 0 : mkdirat(put->dir_fd, put->name, put->entry->mode & 0777);
	}
	if (r < 0)
		return error_sys(err, "mkdirat", "%s", put->name);

	/* What stood here hid the directory of the layers below, and that must not come back. */
	if (replaced && put->tree->target->shape == LAYER_OVERLAY)
		r = layer_tree_hide_children(put->tree, put->dir_fd, put->name, put->path, err);
	if (r < 0)
		return r;
	if (!kept)
		layer_tree_add_fresh(put->tree, put->path);
	fd = openat(put->dir_fd, put->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, "openat", "%s", put->name);
	return set_dir_attributes(put, fd, kept, err);
}

static int put_root(struct layer_tree *tree, const struct layer_entry *entry, struct error *err)
{
	struct put put = { .tree = tree, .entry = entry, .name = ".", .path = (char *)"" };
	cleanup_close int fd = layer_tree_open(tree, "", O_RDONLY);

	if (!S_ISDIR(entry->mode) || entry->link_target)
		return error_set(err, EINVAL, "the root can only be a directory");
	if (fd < 0) {
		errno = -fd;
		return error_sys(err, "openat2", "the root");
	}
	put.dir_fd = fd;
	return set_dir_attributes(&put, fd, true, err);
}

/* LAYER_OVERLAY: the file is in a layer below; the link needs it up here. */
static int copy_up(struct layer_tree *tree, const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	cleanup_free char *dir = slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup("");
	const struct layer_dir *parent;
	struct stat st;
	int found, r;

	if (!layer_tree_lower(tree, path, &st))
		return error_set(err, ENOENT, "hard link to \"%s\": %s", path, strerror(ENOENT));
	if (S_ISDIR(st.st_mode))
		return error_set(err, EPERM, "hard link to \"%s\", a directory", path);
	found = lower_find(&tree->lower, path, &st);
	r = layer_tree_parent(tree, dir, &parent, err);
	if (r < 0)
		return r;
	path_set_add(&tree->implied, path);
	return tree_copy_file(tree->lower.fds[found], path, parent->fd,
			      slash ? slash + 1 : path, err);
}

/* What a hard link points to. */
struct link_target {
	int dir_fd;
	const char *name;
	/* Canonical; NAME points into it. */
	char *path;
	struct stat st;
};

static void link_target_release(struct link_target *target)
{
	fd_close(&target->dir_fd);
	free(target->path);
}

static int stat_link_target(struct layer_tree *tree, const char *dir, struct link_target *target)
{
	fd_close(&target->dir_fd);
	target->dir_fd = layer_tree_open(tree, dir, O_RDONLY);
	if (target->dir_fd < 0)
		return target->dir_fd;
	if (fstatat(target->dir_fd, target->name, &target->st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

static int find_link_target(struct layer_tree *tree, const char *text,
			    struct link_target *target, struct error *err)
{
	const char *slash = strrchr(text, '/');
	cleanup_free char *dir = slash ? xstrndup(text, (size_t)(slash - text)) : xstrdup("");
	cleanup_free char *canonical = NULL;
	bool overlay = tree->target->shape == LAYER_OVERLAY;
	int r = layer_tree_canonical(tree, dir, &canonical, err);

	if (r < 0)
		return r;
	if (!canonical || *text == '\0')
		return error_set(err, ENOENT, "hard link to \"%s\": %s", text, strerror(ENOENT));
	target->path = tree_join(canonical, slash ? slash + 1 : text);
	target->name = target->path + (*canonical ? strlen(canonical) + 1 : 0);
	r = stat_link_target(tree, canonical, target);
	if (r == -ENOENT && overlay) {
		r = copy_up(tree, target->path, err);
		if (r < 0)
			return r;
		r = stat_link_target(tree, canonical, target);
	}
	if (r == 0 && overlay && whiteout_is_device(&target->st))
		r = -ENOENT;
	if (r < 0)
		return error_set(err, r, "hard link to \"%s\": %s", text, strerror(-r));
	return 0;
}

static int link_to(const struct put *put, const struct link_target *target, struct error *err)
{
	struct stat st;
	int r;

	if (S_ISDIR(target->st.st_mode))
		return error_set(err, EPERM, "hard link to \"%s\", a directory", target->path);
	if (fstatat(put->dir_fd, put->name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		/* Also a link to itself: removing it first would lose the file. */
		if (st.st_dev == target->st.st_dev && st.st_ino == target->st.st_ino)
			return 0;
		r = make_way_for_file(put, err);
		if (r < 0)
			return r;
	}
	if (linkat(target->dir_fd, target->name, put->dir_fd, put->name, 0) < 0)
		return error_sys(err, "linkat", "to \"%s\"", target->path);
	return 0;
}

static int put_hard_link(const struct put *put, struct error *err)
{
	struct link_target target = { .dir_fd = -EBADF };
	int r = find_link_target(put->tree, put->entry->link_target, &target, err);

	if (r == 0)
		r = link_to(put, &target, err);
	link_target_release(&target);
	return r;
}

static int put_in_dir(struct put *put, layer_content_fn content, void *ctx, struct error *err)
{
	mode_t mode = put->entry->mode;
	int r;

	if (put->entry->link_target && !S_ISLNK(mode))
		r = put_hard_link(put, err);
	else if (S_ISREG(mode))
		r = put_regular(put, content, ctx, err);
	else if (S_ISDIR(mode))
		r = put_dir(put, err);
	else
		r = put_node(put, err);
	if (r == 0 && !put->fresh)
		layer_tree_add_own(put->tree, put->path);
	return r;
}

int layer_entry_put(struct layer_tree *tree, const struct layer_entry *entry,
		    layer_content_fn content, void *ctx, struct error *err)
{
	const char *slash = strrchr(entry->path, '/');
	struct put put = { .tree = tree, .entry = entry };
	cleanup_free char *dir_path = NULL;
	cleanup_close int dir_fd = -EBADF;
	const struct layer_dir *dir;
	int r;

	if (*entry->path == '\0')
		return put_root(tree, entry, err);
	dir_path = slash ? xstrndup(entry->path, (size_t)(slash - entry->path)) : xstrdup("");
	r = layer_tree_move_to(tree, dir_path, err);
	if (r == 0)
		r = layer_tree_parent(tree, dir_path, &dir, err);
	if (r < 0)
		return r;
	put.dir_fd = dir->fd;
	put.name = slash ? slash + 1 : entry->path;
	put.plain = dir->plain;
	put.fresh = dir->fresh;
	/* A copied-up link target asks the tree for another parent: hold on to ours. */
	if (entry->link_target && !S_ISLNK(entry->mode)) {
		put.dir_fd = dir_fd = fd_dup_above(dir->fd, 3, err);
		if (dir_fd < 0)
			return dir_fd;
	}
	put.path = tree_join(dir->path, put.name);
	r = put_in_dir(&put, content, ctx, err);
	put_release(&put);
	return r;
}
