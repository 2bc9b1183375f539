/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"

int file_read_fd(int fd, const char *name, size_t max, struct strbuf *sb, struct error *err)
{
	size_t start = sb->len, size = 0;
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (size_t)st.st_size <= max)
		size = (size_t)st.st_size;
	/* One byte more than the size, so that one read shows the end. */
	strbuf_grow(sb, size ? size + 1 : 4096);
	for (;;) {
		size_t room = sb->alloc - sb->len - 1;
		ssize_t n;

		if (room == 0) {
			strbuf_grow(sb, sb->alloc);
			continue;
		}
		n = read(fd, sb->buf + sb->len, room);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_file(err, "read", name);
		sb->len += (size_t)n;
		sb->buf[sb->len] = '\0';
		if (sb->len - start > max)
			return error_set(err, EFBIG, "%s is larger than %zu bytes", name, max);
		/* A kernel's file says size 0; a real one that gives all it said and no more ends there. */
		if (n == 0 || ((size_t)n == size && (size_t)n < room))
			return 0;
	}
}

int file_read_at(int dfd, const char *path, size_t max, struct strbuf *sb, struct error *err)
{
	cleanup_close int fd = openat(dfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return error_file(err, "open", path);
	return file_read_fd(fd, path, max, sb, err);
}

int file_read_small_at(int dfd, const char *path, size_t max, struct strbuf *sb, struct error *err)
{
	cleanup_close int fd = openat(dfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t room;
	ssize_t n;

	if (fd < 0)
		return error_file(err, "open", path);
	strbuf_grow(sb, 4096);
	room = sb->alloc - sb->len - 1;
	n = TEMP_FAILURE_RETRY(read(fd, sb->buf + sb->len, room));
	if (n < 0)
		return error_file(err, "read", path);
	sb->len += (size_t)n;
	sb->buf[sb->len] = '\0';
	if ((size_t)n > max)
		return error_set(err, EFBIG, "%s is larger than %zu bytes", path, max);
	return (size_t)n < room ? 0 : file_read_fd(fd, path, max - (size_t)n, sb, err);
}

int file_write_fd(int fd, const char *name, const void *data, size_t n, struct error *err)
{
	const char *p = data;

	while (n > 0) {
		ssize_t r = write(fd, p, n);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return error_file(err, "write", name);
		p += r;
		n -= (size_t)r;
	}
	return 0;
}

int file_write_at(int dfd, const char *path, const char *data, struct error *err)
{
	cleanup_close int fd = openat(dfd, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t len = strlen(data);

	if (fd < 0)
		return error_file(err, "open", path);
	if (TEMP_FAILURE_RETRY(write(fd, data, len)) != (ssize_t)len)
		return error_sys(err, "write", "\"%s\" to %s", data, path);
	return 0;
}

int file_create_at(int dfd, const char *path, const void *data, size_t n, mode_t mode,
		   struct error *err)
{
	cleanup_close int fd = openat(dfd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
				      O_CLOEXEC, mode);
	int r;

	if (fd < 0)
		return error_file(err, "open", path);
	r = file_write_fd(fd, path, data, n, err);
	if (r < 0)
		(void)unlinkat(dfd, path, 0);
	return r;
}

/* A name that nobody else has taken: the time is asked without a system call. */
static int create_temp(int dfd, const char *path, const void *data, size_t n, mode_t mode,
		       char **name, struct error *err)
{
	struct timespec now;
	int r;

	do {
		free(*name);
		error_clear(err);
		(void)clock_gettime(CLOCK_MONOTONIC, &now);
		*name = xasprintf("%s.tmp.%llx", path,
				  (long long)now.tv_sec * 1000000000 + now.tv_nsec);
		r = file_create_at(dfd, *name, data, n, mode, err);
	} while (r == -EEXIST);
	return r;
}

int file_replace_at(int dfd, const char *path, const void *data, size_t n, mode_t mode,
		    struct error *err)
{
	cleanup_free char *temp = NULL;
	int r = create_temp(dfd, path, data, n, mode, &temp, err);

	if (r < 0)
		return r;
	if (renameat(dfd, temp, dfd, path) == 0)
		return 0;
	r = error_file(err, "rename", path);
	(void)unlinkat(dfd, temp, 0);
	return r;
}

struct dirent *file_next_entry(DIR *dir, const char *name, int *r, struct error *err)
{
	struct dirent *entry;

	do {
		errno = 0;
		entry = readdir(dir);
	} while (entry && (streq(entry->d_name, ".") || streq(entry->d_name, "..")));
	if (!entry && errno != 0)
		*r = error_sys(err, "readdir", "%s", name);
	return entry;
}

/*
 * A tree that may be deeper than there are fds, or stack: what lies below MAX_REMOVE_DEPTH
 * is moved to the top first.
 */
struct removal {
	int top_fd;
	unsigned int n_moved;
};

enum { MAX_REMOVE_DEPTH = 100 };

static int move_to_top(struct removal *removal, int dfd, const char *path, struct error *err)
{
	char name[32];
	int r;

	do {
		(void)snprintf(name, sizeof(name), ".deep.%u", removal->n_moved++);
		r = renameat(dfd, path, removal->top_fd, name);
	} while (r < 0 && (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR));
	return r < 0 ? error_file(err, "rename", path) : 0;
}

static int remove_entry(struct removal *removal, int dfd, const char *path, unsigned int depth,
			struct error *err);

static int remove_children(struct removal *removal, DIR *dir, const char *path,
			   unsigned int depth, struct error *err)
{
	struct dirent *entry;
	int r = 0;

	while (r == 0 && (entry = file_next_entry(dir, path, &r, err))) {
		r = remove_entry(removal, dirfd(dir), entry->d_name, depth + 1, err);
		if (r < 0)
			return error_context(err, "%s", path);
	}
	return r;
}

static int remove_dir(struct removal *removal, DIR *dir, const char *path, unsigned int depth,
		      struct error *err)
{
	unsigned int moved;
	int r;

	/* A second look at the top alone, and only when something was moved there. */
	if (depth > 0)
		return remove_children(removal, dir, path, depth, err);
	removal->top_fd = dirfd(dir);
	for (;;) {
		moved = removal->n_moved;
		r = remove_children(removal, dir, path, depth, err);
		if (r < 0 || removal->n_moved == moved)
			return r;
		rewinddir(dir);
	}
}

static int remove_entry(struct removal *removal, int dfd, const char *path, unsigned int depth,
			struct error *err)
{
	DIR *dir;
	int fd, r;

	if (unlinkat(dfd, path, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return error_file(err, "unlink", path);
	if (depth > MAX_REMOVE_DEPTH)
		return move_to_top(removal, dfd, path, err);

	fd = openat(dfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_file(err, "open", path);
	dir = fdopendir(fd);
	if (!dir) {
		fd_close(&fd);
		return error_sys(err, "fdopendir", "%s", path);
	}
	r = remove_dir(removal, dir, path, depth, err);
	(void)closedir(dir);
	if (r == 0 && unlinkat(dfd, path, AT_REMOVEDIR) < 0)
		return error_file(err, "rmdir", path);
	return r;
}

int file_remove_tree_at(int dfd, const char *path, struct error *err)
{
	struct removal removal = { .top_fd = -EBADF };

	return remove_entry(&removal, dfd, path, 0, err);
}
