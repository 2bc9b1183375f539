/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layer-diff-parts.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "image/same.h"
#include "image/tree.h"
#include "image/whiteout.h"

static int diff_dir(struct differ *differ, struct level *level, struct error *err);

static int check_overlay_xattrs(int dir_fd, const char *name, struct error *err)
{
	static const char *const unsupported[] = {
		"trusted.overlay.redirect", "trusted.overlay.metacopy", "trusted.overlay.whiteout",
	};
	cleanup_free char *path = tree_path(dir_fd, name);

	/* Most files have no xattr: one call tells. */
	if (llistxattr(path, NULL, 0) == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(unsupported); i++)
		if (lgetxattr(path, unsupported[i], NULL, 0) >= 0)
			return error_set(err, ENOTSUP, "the upper directory was mounted with an "
					 "overlay feature that is off here (xattr %s)",
					 unsupported[i]);
	return 0;
}

/* Says what has changed about a directory itself; what is in it comes after. */
static int diff_dir_entry(struct differ *differ, struct level *level, int below_fd,
			  const struct stat *below, struct error *err)
{
	const struct same_side upper = { level->fd, ".", &level->st };
	const struct same_side lower = { below_fd, *level->path ? level->path : ".", below };
	int r = same_attributes(&upper, &lower, err);

	if (r < 0 || r == SAME)
		return r;
	if (level->parent)
		return diff_write_dirs(differ, level, err);
	return diff_write_root(differ, level, err);
}

/* FOUND is the layer that shows BELOW in the directory's place, or negative. */
static int diff_dir_head(struct differ *differ, struct level *level, bool opaque, int found,
			 const struct stat *below, struct error *err)
{
	bool merges = found >= 0 && S_ISDIR(below->st_mode);
	int r = merges ? diff_dir_entry(differ, level, differ->lower.fds[found], below, err)
		       : diff_write_dirs(differ, level, err);

	if (r < 0 || !opaque)
		return r;
	/* overlayfs also marks new directories that hide nothing. */
	return merges ? diff_write_whiteout(differ, level,
					    &WHITEOUT_OPAQUE_NAME[strlen(WHITEOUT_PREFIX)], err)
		      : diff_drop_opaque(differ, level, err);
}

/* A directory in which nothing is left to say is not in the layer. */
static int diff_dir_tail(struct differ *differ, struct level *level, const char *name,
			 struct error *err)
{
	const struct timespec told = diff_time(differ, &level->st);

	if (!level->written)
		return diff_drop(differ, level->parent, name, AT_REMOVEDIR, err);
	return diff_settle_time(differ, level, ".", &told, err);
}

/* As lower_step(), but what is neither found nor missing has a message. */
static int find_below(struct differ *differ, struct level *level, const char *path,
		      struct stat *below, struct lower_dir *lower, struct error *err)
{
	int found = lower_step(&differ->lower, &level->lower, path, below, lower);

	if (found < 0 && found != -ENOENT)
		return error_set(err, found, "a layer below: %s", strerror(-found));
	return found;
}

static int diff_subdir(struct differ *differ, struct level *parent, const char *name,
		       const char *path, const struct stat *st, struct error *err)
{
	struct level level = { .parent = parent, .path = path, .st = *st };
	cleanup_lower_dir struct lower_dir lower = { 0 };
	int opaque = whiteout_is_opaque(parent->fd, name);
	struct stat below;
	int r, found;

	if (opaque < 0)
		return error_set(err, opaque, "getxattr %s: %s", path, strerror(-opaque));
	found = find_below(differ, parent, path, &below, &lower, err);
	if (found < 0 && found != -ENOENT)
		return found;
	level.fd = openat(parent->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (level.fd < 0)
		return error_sys(err, "open", "%s", path);
	r = check_overlay_xattrs(parent->fd, name, err);
	if (r < 0)
		(void)error_context(err, "%s", path);
	else
		r = diff_dir_head(differ, &level, opaque, found, &below, err);
	if (!opaque) {
		level.lower = lower;
		lower = (struct lower_dir){ 0 };
	}
	if (r >= 0)
		r = diff_dir(differ, &level, err);
	if (r >= 0)
		r = diff_dir_tail(differ, &level, name, err);
	lower_dir_release(&level.lower);
	fd_close(&level.fd);
	return r;
}

/*
 * Whether a file is as it was.  overlayfs copies one of several names up alone:
 * there any second name is news.
 */
static int is_unchanged(struct differ *differ, const struct same_side *upper,
			const struct same_side *lower, struct error *err)
{
	bool linked = upper->st->st_nlink > 1;

	if (!differ->flat)
		return linked ? DIFFERENT : same_file(upper, lower, err);
	if (linked && path_map_has(&differ->touched, diff_inode_key(upper->st).s))
		return DIFFERENT;
	return same_by_stat(upper, lower, err);
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static int diff_file(struct differ *differ, struct level *level, const char *name,
		     const char *path, const struct stat *st, struct error *err)
{
	cleanup_lower_dir struct lower_dir ignored = { 0 };
	struct timespec told;
	struct stat below;
	int found, r;

	if (S_ISSOCK(st->st_mode)) {
		log_warning("%s: a socket was left out", path);
		return diff_drop(differ, level, name, 0, err);
	}
	r = S_ISREG(st->st_mode) ? check_overlay_xattrs(level->fd, name, err) : 0;
	if (r < 0)
		return r;
	found = find_below(differ, level, path, &below, &ignored, err);
	if (found < 0 && found != -ENOENT)
		return found;
	if (found >= 0) {
		const struct same_side upper = { level->fd, name, st };
		const struct same_side lower = { differ->lower.fds[found], path, &below };

		r = is_unchanged(differ, &upper, &lower, err);
		if (r < 0 || r == SAME)
			return r < 0 ? r : diff_drop(differ, level, name, 0, err);
	}
	told = diff_time(differ, st);
	r = diff_write_file(differ, level, name, path, st, err);
	if (r < 0 || same_time(&told, &st->st_mtim))
		return r;
	return diff_settle_time(differ, level, name, &told, err);
}

static int diff_whiteout(struct differ *differ, struct level *level, const char *name,
			 struct error *err)
{
	cleanup_free char *path = tree_join(level->path, name);
	cleanup_lower_dir struct lower_dir ignored = { 0 };
	struct stat below;
	int found = find_below(differ, level, path, &below, &ignored, err);

	if (found < 0)
		return found == -ENOENT ? diff_drop(differ, level, name, 0, err) : found;
	return diff_write_whiteout(differ, level, name, err);
}

/* Whether nothing but what is to be ignored is in it. */
static bool holds_ignored_alone(struct differ *differ, int parent_fd, const char *name,
				const char *path)
{
	int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool alone = dir;

	if (!dir)
		fd_close(&fd);
	while (alone && (entry = readdir(dir))) {
		cleanup_free char *child = tree_join(path, entry->d_name);
		struct stat st;

		if (streq(entry->d_name, ".") || streq(entry->d_name, ".."))
			continue;
		alone = path_map_has(differ->ignored, child) &&
			fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			(S_ISDIR(st.st_mode) ? holds_ignored_alone(differ, fd, entry->d_name, child)
					     : S_ISREG(st.st_mode) && st.st_size == 0);
	}
	if (dir)
		(void)closedir(dir);
	return alone;
}

/* What a runtime made to mount upon: empty, and not of the layers below. */
static bool is_ignored(struct differ *differ, struct level *level, const char *name,
		       const char *path, const struct stat *st)
{
	cleanup_lower_dir struct lower_dir ignored = { 0 };
	struct stat below;

	if (!differ->ignored || !path_map_has(differ->ignored, path) ||
	    lower_step(&differ->lower, &level->lower, path, &below, &ignored) >= 0)
		return false;
	return S_ISDIR(st->st_mode) ? holds_ignored_alone(differ, level->fd, name, path)
				    : S_ISREG(st->st_mode) && st->st_size == 0;
}

static int diff_child(struct differ *differ, struct level *level, const char *name,
		      bool whiteouts, struct error *err)
{
	cleanup_free char *path = tree_join(level->path, name);
	struct stat st;
	int r;

	/* A running container may have removed it since the directory was read. */
	if (fstatat(level->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : error_sys(err, "fstatat", "%s", path);
	if (is_ignored(differ, level, name, path, &st))
		return 0;
	if (whiteouts != whiteout_is_device(&st))
		return 0;
	if (whiteouts)
		r = diff_whiteout(differ, level, name, err);
	else if (whiteout_classify(name) != WHITEOUT_NONE)
		r = error_set(err, EINVAL, "a layer cannot hold a name that starts with \""
			      WHITEOUT_PREFIX "\"");
	else if (S_ISDIR(st.st_mode))
		return diff_subdir(differ, level, name, path, &st, err);
	else
		r = diff_file(differ, level, name, path, &st, err);
	return r < 0 ? error_context(err, "%s", path) : 0;
}

/* All names in LEVEL but the whiteouts, or the WHITEOUTS alone. */
static int diff_children(struct differ *differ, struct level *level, struct dir_names *names,
			 bool whiteouts, struct error *err)
{
	const char *name;
	int r;

	dir_names_rewind(names);
	while ((r = dir_names_next(names, &name, err)) > 0) {
		r = diff_child(differ, level, name, whiteouts, err);
		if (r < 0)
			break;
	}
	return r;
}

static int diff_dir(struct differ *differ, struct level *level, struct error *err)
{
	cleanup_dir_names struct dir_names names = dir_names_of(level->fd, ".", level->path);
	int r = differ->flat ? diff_missing(differ, level, &names, err)
			     : diff_children(differ, level, &names, true, err);

	return r < 0 ? r : diff_children(differ, level, &names, false, err);
}

/* --- all of it --------------------------------------------------------------------- */

static int diff_root(struct differ *differ, struct level *level, struct error *err)
{
	struct timespec told;
	struct stat below;
	int r = 0;

	if (fstat(level->fd, &level->st) < 0)
		return error_sys(err, "fstat", "the upper directory");
	below = level->st;
	if (differ->lower.n > 0) {
		if (fstat(differ->lower.fds[0], &below) < 0)
			return error_sys(err, "fstat", "the layer below");
		r = diff_dir_entry(differ, level, differ->lower.fds[0], &below, err);
	}
	if (r >= 0)
		r = diff_dir(differ, level, err);
	/* A root without an entry is the one below. */
	told = level->written ? diff_time(differ, &level->st) : below.st_mtim;
	return r < 0 ? r : diff_settle_time(differ, level, ".", &told, err);
}

static int walk(struct differ *differ, const struct layer_diff *diff, struct error *err)
{
	struct level root = { .path = "" };
	int r;

	differ->lower = (struct lower_stack){ diff->lower_fds, diff->n_lower };
	differ->flat = diff->flat;
	differ->ignored = diff->ignored;
	differ->mtime = diff->mtime;
	differ->owned = diff->owned;
	root.fd = openat(diff->upper_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root.fd < 0)
		return error_sys(err, "open", "the upper directory");
	lower_root(&differ->lower, &root.lower);
	r = differ->flat ? diff_note_links(differ, root.fd, "", err) : 0;
	if (r == 0)
		r = diff_root(differ, &root, err);
	lower_dir_release(&root.lower);
	fd_close(&root.fd);
	return r < 0 ? r : 0;
}

static void differ_release(struct differ *differ)
{
	tar_writer_free(&differ->writer);
	path_map_release(&differ->links);
	path_map_release(&differ->touched);
	strvec_release(&differ->link_names);
	free(differ->buffer);
}

int layer_diff_write(const struct layer_diff *diff, tar_output_fn output, void *ctx,
		     struct layer_stats *stats, struct error *err)
{
	struct differ differ = { .link_names = STRVEC_INIT };
	int r = tar_writer_new(output, ctx, &differ.writer, err);

	if (r == 0)
		r = walk(&differ, diff, err);
	if (r == 0)
		r = tar_writer_finish(differ.writer, err);
	if (r == 0)
		*stats = differ.stats;
	differ_release(&differ);
	return r;
}

int layer_diff_list(const struct layer_diff *diff, layer_change_fn change, void *ctx,
		    struct error *err)
{
	struct differ differ = { .change = change, .ctx = ctx, .link_names = STRVEC_INIT };
	int r = walk(&differ, diff, err);

	differ_release(&differ);
	return r;
}
