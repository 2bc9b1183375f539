/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layer-diff-parts.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "image/tree.h"
#include "image/whiteout.h"

enum { COPY_BUFFER = 1 << 18 };

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

static void entry_from_stat(const struct differ *differ, struct layer_entry *entry,
			    const char *path, const struct stat *st)
{
	*entry = (struct layer_entry){
		.path = path,
		.mode = st->st_mode,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.rdev = st->st_rdev,
		.size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0,
		.mtime = diff_time(differ, st),
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

int diff_write_dirs(struct differ *differ, struct level *level, struct error *err)
{
	struct layer_entry entry;
	int r;

	if (level->written || !level->parent)
		return 0;
	r = diff_write_dirs(differ, level->parent, err);
	if (r < 0)
		return r;
	level->written = true;
	entry_from_stat(differ, &entry, level->path, &level->st);
	r = read_xattrs(level->fd, ".", &entry, err);
	if (r == 0)
		r = write_entry(differ, &entry, err);
	free_xattrs(&entry);
	return r;
}

int diff_write_whiteout(struct differ *differ, struct level *level, const char *name,
			struct error *err)
{
	cleanup_free char *hidden = xasprintf(WHITEOUT_PREFIX "%s", name);
	cleanup_free char *path = tree_join(level->path, hidden);
	struct layer_entry entry = { .path = path, .mode = S_IFREG };
	int r = diff_write_dirs(differ, level, err);

	if (differ->mtime)
		entry.mtime = *differ->mtime;
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

struct inode_key diff_inode_key(const struct stat *st)
{
	struct inode_key key;

	(void)snprintf(key.s, sizeof(key.s), "%llu", (unsigned long long)st->st_ino);
	return key;
}

/* The name under which the same file was written before, or NULL: then this is the first. */
static const char *known_link(struct differ *differ, const struct stat *st, const char *path)
{
	struct inode_key inode = diff_inode_key(st);
	size_t *index = path_map_get(&differ->links, inode.s);

	if (index)
		return differ->link_names.v[*index];
	path_map_put(&differ->links, inode.s, differ->link_names.n);
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

int diff_write_file(struct differ *differ, struct level *level, const char *name,
		    const char *path, const struct stat *st, struct error *err)
{
	const char *link = st->st_nlink > 1 ? known_link(differ, st, path) : NULL;
	struct layer_entry entry;
	int r = diff_write_dirs(differ, level, err);

	if (r < 0)
		return r;
	entry_from_stat(differ, &entry, path, st);
	if (link) {
		entry.mode &= 07777;
		entry.link_target = link;
		return write_entry(differ, &entry, err);
	}
	r = write_new_file(differ, level, name, &entry, err);
	free_xattrs(&entry);
	return r;
}

int diff_write_root(struct differ *differ, struct level *level, struct error *err)
{
	struct layer_entry root;
	int r;

	level->written = true;
	entry_from_stat(differ, &root, "./", &level->st);
	r = read_xattrs(level->fd, ".", &root, err);
	if (r == 0)
		r = write_entry(differ, &root, err);
	free_xattrs(&root);
	return r;
}
