/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layer-diff.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/lower.h"
#include "image/path-map.h"
#include "image/same.h"
#include "image/tree.h"
#include "image/whiteout.h"

enum { COPY_BUFFER = 1 << 18 };

struct differ {
	struct lower_stack lower;
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

/* --- writing ----------------------------------------------------------------------- */

static void free_xattrs(struct layer_entry *entry)
{
	for (size_t i = 0; i < entry->n_xattrs; i++) {
		free(entry->xattrs[i].name);
		free(entry->xattrs[i].value);
	}
	free(entry->xattrs);
}

static int read_xattrs(int dir_fd, const char *name, struct layer_entry *entry, struct error *err)
{
	cleanup_strvec struct strvec names = STRVEC_INIT;
	int r = tree_list_xattrs(dir_fd, name, &names, err);

	if (r < 0 || names.n == 0)
		return r;
	entry->xattrs = xcalloc(names.n, sizeof(*entry->xattrs));
	for (size_t i = 0; i < names.n; i++) {
		struct strbuf value = STRBUF_INIT;

		r = tree_get_xattr(dir_fd, name, names.v[i], &value, err);
		if (r < 0) {
			strbuf_release(&value);
			return r;
		}
		entry->xattrs[i].name = xstrdup(names.v[i]);
		entry->xattrs[i].size = value.len;
		entry->xattrs[i].value = strbuf_detach(&value);
		entry->n_xattrs++;
	}
	return 0;
}

static void entry_from_stat(struct layer_entry *entry, const char *path, const struct stat *st)
{
	*entry = (struct layer_entry){
		.path = path,
		.mode = st->st_mode,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.rdev = st->st_rdev,
		.size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0,
		.mtime = st->st_mtim,
	};
}

/* "d/.wh.x" is "D /d/x". */
static int tell_entry(struct differ *differ, const struct layer_entry *entry, struct error *err)
{
	const char *slash = strrchr(entry->path, '/');
	const char *name = slash ? slash + 1 : entry->path;
	enum whiteout_kind kind = whiteout_classify(name);
	cleanup_free char *path = NULL;
	struct stat below;

	if (kind == WHITEOUT_NONE) {
		path = xasprintf("/%s", streq(entry->path, "./") ? "" : entry->path);
		return differ->change(differ->ctx,
				      lower_find(&differ->lower, path + 1, &below) < 0 ? 'A' : 'C',
				      path, err);
	}
	path = xasprintf("/%.*s%s", (int)(name - entry->path), entry->path,
			 kind == WHITEOUT_OPAQUE ? "*" : name + strlen(WHITEOUT_PREFIX));
	return differ->change(differ->ctx, 'D', path, err);
}

static int write_entry(struct differ *differ, const struct layer_entry *entry, struct error *err)
{
	differ->stats.n_entries++;
	if (differ->change)
		return tell_entry(differ, entry, err);
	return tar_writer_add(differ->writer, entry, err);
}

/* A file entry names its directories first, so that their attributes are known. */
static int write_dirs(struct differ *differ, struct level *level, struct error *err)
{
	struct layer_entry entry;
	int r;

	/* The root has an entry of its own only when it changed. */
	if (level->written || !level->parent)
		return 0;
	r = write_dirs(differ, level->parent, err);
	if (r < 0)
		return r;
	level->written = true;
	entry_from_stat(&entry, level->path, &level->st);
	r = read_xattrs(level->fd, ".", &entry, err);
	if (r == 0)
		r = write_entry(differ, &entry, err);
	free_xattrs(&entry);
	return r;
}

static int write_whiteout(struct differ *differ, struct level *level, const char *name,
			  struct error *err)
{
	cleanup_free char *hidden = xasprintf(WHITEOUT_PREFIX "%s", name);
	cleanup_free char *path = tree_join(level->path, hidden);
	struct layer_entry entry = { .path = path, .mode = S_IFREG };
	int r = write_dirs(differ, level, err);

	return r < 0 ? r : write_entry(differ, &entry, err);
}

static int write_content(struct differ *differ, int fd, uint64_t size, struct error *err)
{
	uint64_t left = differ->change ? 0 : size;

	if (!differ->buffer)
		differ->buffer = xmalloc(COPY_BUFFER);
	while (left > 0) {
		size_t want = left < COPY_BUFFER ? (size_t)left : COPY_BUFFER;
		ssize_t n = TEMP_FAILURE_RETRY(read(fd, differ->buffer, want));
		int r;

		if (n < 0)
			return error_sys(err, "read", "at %llu",
					 (unsigned long long)(size - left));
		/* The container shortened it meanwhile: the rest is zeros, the size stands. */
		if (n == 0)
			return 0;
		r = tar_writer_data(differ->writer, differ->buffer, (size_t)n, err);
		if (r < 0)
			return r;
		left -= (uint64_t)n;
	}
	return 0;
}

/* The name under which the same file was written before, or NULL: then this is the first. */
static const char *known_link(struct differ *differ, const struct stat *st, const char *path)
{
	char inode[32];
	size_t *index;

	(void)snprintf(inode, sizeof(inode), "%llu", (unsigned long long)st->st_ino);
	index = path_map_get(&differ->links, inode);
	if (index)
		return differ->link_names.v[*index];
	path_map_put(&differ->links, inode, differ->link_names.n);
	strvec_push(&differ->link_names, path);
	return NULL;
}

static int write_new_file(struct differ *differ, struct level *level, const char *name,
			  struct layer_entry *entry, struct error *err)
{
	char target[PATH_MAX];
	cleanup_close int fd = -EBADF;
	ssize_t n;
	int r;

	if (S_ISLNK(entry->mode)) {
		n = readlinkat(level->fd, name, target, sizeof(target) - 1);
		if (n < 0)
			return error_sys(err, "readlinkat", "%s", name);
		target[n] = '\0';
		entry->link_target = target;
	}
	if (S_ISREG(entry->mode)) {
		fd = openat(level->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return error_sys(err, "open", "%s", name);
	}
	r = read_xattrs(level->fd, name, entry, err);
	if (r == 0)
		r = write_entry(differ, entry, err);
	if (r == 0 && fd >= 0)
		r = write_content(differ, fd, entry->size, err);
	differ->stats.n_bytes += entry->size;
	return r;
}

static int write_file(struct differ *differ, struct level *level, const char *name,
		      const char *path, const struct stat *st, struct error *err)
{
	const char *link = st->st_nlink > 1 ? known_link(differ, st, path) : NULL;
	struct layer_entry entry;
	int r = write_dirs(differ, level, err);

	if (r < 0)
		return r;
	entry_from_stat(&entry, path, st);
	if (link) {
		entry.mode &= 07777;
		entry.link_target = link;
		return write_entry(differ, &entry, err);
	}
	r = write_new_file(differ, level, name, &entry, err);
	free_xattrs(&entry);
	return r;
}

/* --- walking ----------------------------------------------------------------------- */

static int diff_dir(struct differ *differ, struct level *level, struct error *err);

static int check_overlay_xattrs(int dir_fd, const char *name, struct error *err)
{
	static const char *const unsupported[] = {
		"trusted.overlay.redirect", "trusted.overlay.metacopy", "trusted.overlay.whiteout",
	};
	cleanup_free char *path = tree_path(dir_fd, name);

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
	struct layer_entry root;
	int r = same_attributes(&upper, &lower, err);

	if (r < 0 || r == SAME)
		return r;
	if (level->parent)
		return write_dirs(differ, level, err);
	entry_from_stat(&root, "./", &level->st);
	r = read_xattrs(level->fd, ".", &root, err);
	if (r == 0)
		r = write_entry(differ, &root, err);
	free_xattrs(&root);
	return r;
}

static int diff_subdir(struct differ *differ, struct level *parent, const char *name,
		       const char *path, const struct stat *st, struct error *err)
{
	struct level level = { .parent = parent, .path = path, .st = *st };
	cleanup_lower_dir struct lower_dir lower = { 0 };
	bool opaque = whiteout_is_opaque(parent->fd, name);
	struct stat below;
	int r, found;

	found = lower_step(&differ->lower, &parent->lower, path, &below, &lower);
	if (found < 0 && found != -ENOENT)
		return error_set(err, found, "a layer below: %s", strerror(-found));
	level.fd = openat(parent->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (level.fd < 0)
		return error_sys(err, "open", "%s", path);
	r = check_overlay_xattrs(parent->fd, name, err);
	if (r < 0)
		(void)error_context(err, "%s", path);
	else if (found < 0 || !S_ISDIR(below.st_mode))
		r = write_dirs(differ, &level, err);
	else
		r = diff_dir_entry(differ, &level, differ->lower.fds[found], &below, err);
	/* overlayfs also marks new directories that hide nothing. */
	if (r >= 0 && opaque && found >= 0 && S_ISDIR(below.st_mode))
		r = write_whiteout(differ, &level, &WHITEOUT_OPAQUE_NAME[strlen(WHITEOUT_PREFIX)],
				   err);
	if (!opaque) {
		level.lower = lower;
		lower = (struct lower_dir){ 0 };
	}
	if (r >= 0)
		r = diff_dir(differ, &level, err);
	lower_dir_release(&level.lower);
	fd_close(&level.fd);
	return r;
}

static int diff_file(struct differ *differ, struct level *level, const char *name,
		     const char *path, const struct stat *st, struct error *err)
{
	cleanup_lower_dir struct lower_dir ignored = { 0 };
	struct stat below;
	int found, r;

	if (S_ISSOCK(st->st_mode)) {
		log_warning("%s: a socket was left out", path);
		return 0;
	}
	r = S_ISREG(st->st_mode) ? check_overlay_xattrs(level->fd, name, err) : 0;
	if (r < 0)
		return r;
	found = lower_step(&differ->lower, &level->lower, path, &below, &ignored);
	if (found >= 0 && st->st_nlink == 1) {
		const struct same_side upper = { level->fd, name, st };
		const struct same_side lower = { differ->lower.fds[found], path, &below };

		r = same_file(&upper, &lower, err);
		if (r < 0 || r == SAME)
			return r;
	}
	return write_file(differ, level, name, path, st, err);
}

static int diff_whiteout(struct differ *differ, struct level *level, const char *name,
			 struct error *err)
{
	cleanup_free char *path = tree_join(level->path, name);
	cleanup_lower_dir struct lower_dir ignored = { 0 };
	struct stat below;

	if (lower_step(&differ->lower, &level->lower, path, &below, &ignored) < 0)
		return 0;
	return write_whiteout(differ, level, name, err);
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

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int read_names(struct level *level, struct strvec *names, struct error *err)
{
	int fd = openat(level->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		fd_close(&fd);
		return error_sys(err, "open", "%s", level->path);
	}
	errno = 0;
	while ((entry = readdir(dir)))
		if (!streq(entry->d_name, ".") && !streq(entry->d_name, ".."))
			strvec_push(names, entry->d_name);
	if (errno != 0) {
		(void)closedir(dir);
		return error_sys(err, "readdir", "%s", level->path);
	}
	(void)closedir(dir);
	qsort(names->v, names->n, sizeof(*names->v), compare_names);
	return 0;
}

static int diff_dir(struct differ *differ, struct level *level, struct error *err)
{
	cleanup_strvec struct strvec names = STRVEC_INIT;
	int r = read_names(level, &names, err);

	for (size_t i = 0; r >= 0 && i < names.n; i++)
		r = diff_child(differ, level, names.v[i], true, err);
	for (size_t i = 0; r >= 0 && i < names.n; i++)
		r = diff_child(differ, level, names.v[i], false, err);
	return r;
}

static int diff_root(struct differ *differ, struct level *level, struct error *err)
{
	int r = 0;

	if (fstat(level->fd, &level->st) < 0)
		return error_sys(err, "fstat", "the upper directory");
	if (differ->lower.n > 0) {
		struct stat below;

		if (fstat(differ->lower.fds[0], &below) < 0)
			return error_sys(err, "fstat", "the layer below");
		r = diff_dir_entry(differ, level, differ->lower.fds[0], &below, err);
	}
	return r < 0 ? r : diff_dir(differ, level, err);
}

static int walk(struct differ *differ, const struct layer_diff *diff, struct error *err)
{
	struct level root = { .path = "" };
	int r;

	differ->lower = (struct lower_stack){ diff->lower_fds, diff->n_lower };
	root.fd = openat(diff->upper_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root.fd < 0)
		return error_sys(err, "open", "the upper directory");
	lower_root(&differ->lower, &root.lower);
	r = diff_root(differ, &root, err);
	lower_dir_release(&root.lower);
	fd_close(&root.fd);
	return r < 0 ? r : 0;
}

static void differ_release(struct differ *differ)
{
	tar_writer_free(&differ->writer);
	path_map_release(&differ->links);
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
