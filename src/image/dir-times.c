/* SPDX-License-Identifier: Apache-2.0 */
#include "image/dir-times.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"

void dir_times_release(struct dir_times *times)
{
	for (size_t i = 0; i < times->n; i++)
		free(times->v[i].path);
	free(times->v);
	*times = (struct dir_times){ 0 };
}

/* The deepest are asked for most, and came last. */
static struct dir_time *find(const struct dir_times *times, const char *path)
{
	size_t len = strlen(path);

	for (size_t i = times->n; i > 0; i--)
		if (times->v[i - 1].len == len && memcmp(times->v[i - 1].path, path, len) == 0)
			return &times->v[i - 1];
	return NULL;
}

bool dir_times_has(const struct dir_times *times, const char *path)
{
	return find(times, path) != NULL;
}

void dir_times_set(struct dir_times *times, const char *path, struct timespec mtime)
{
	struct dir_time *known = find(times, path);

	if (known) {
		known->mtime = mtime;
		return;
	}
	if (times->n == times->n_alloc) {
		times->n_alloc = times->n_alloc ? times->n_alloc * 2 : 16;
		times->v = xrealloc(times->v, times->n_alloc, sizeof(*times->v));
	}
	times->v[times->n++] = (struct dir_time){
		.path = xstrdup(path), .len = strlen(path), .mtime = mtime,
	};
}

static int set_time(const struct dir_time *time, int root_fd, struct error *err)
{
	const struct timespec both[2] = { time->mtime, time->mtime };
	cleanup_close int fd =
		path_try_open(root_fd, time->len ? time->path : ".", PATH_NO_SYMLINKS,
			      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

	if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP)
		return 0;
	if (fd < 0)
		errno = -fd;
	if (fd < 0 || futimens(fd, both) < 0)
		return error_sys(err, "utimensat", "%.255s", time->path);
	return 0;
}

/* Whether the directory is DIR or above it. */
static bool is_above(const struct dir_time *time, const char *dir, size_t len)
{
	return time->len == 0 ||
	       (time->len <= len && memcmp(time->path, dir, time->len) == 0 &&
		(dir[time->len] == '/' || dir[time->len] == '\0'));
}

int dir_times_leave(struct dir_times *times, int root_fd, const char *dir, struct error *err)
{
	size_t len = dir ? strlen(dir) : 0, n_kept = 0;
	int r = 0;

	for (size_t i = 0; i < times->n; i++) {
		struct dir_time time = times->v[i];

		if (dir && is_above(&time, dir, len)) {
			times->v[n_kept++] = time;
			continue;
		}
		if (r == 0)
			r = set_time(&time, root_fd, err);
		free(time.path);
	}
	times->n = n_kept;
	return r;
}
