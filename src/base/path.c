/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/syscall.h"

/* A racing rename makes RESOLVE_IN_ROOT give up with EAGAIN; openat2(2) says to retry. */
enum { MAX_RETRIES = 128 };

/* As many symlinks as the kernel follows in one path. */
enum { MAX_LINKS = 40 };

static const uint64_t policy_resolve[] = {
	[PATH_IN_ROOT] = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	[PATH_NO_SYMLINKS] = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS,
	[PATH_BENEATH] = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
};

int path_try_open(int root_fd, const char *path, enum path_policy policy, int flags,
		  mode_t mode)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.mode = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? mode : 0,
		.resolve = policy_resolve[policy],
	};

	for (int i = 0; i < MAX_RETRIES; i++) {
		int fd = sys_openat2(root_fd, path, &how);

		if (fd >= 0)
			return fd;
		if (errno != EAGAIN && errno != EINTR)
			break;
	}
	return -errno;
}

int path_open(int root_fd, const char *path, enum path_policy policy, int flags,
	      mode_t mode, struct error *err)
{
	int fd = path_try_open(root_fd, path, policy, flags, mode);

	if (fd >= 0)
		return fd;
	errno = -fd;
	return error_file(err, "openat2", path);
}

/* One component below DIR_FD as a directory, made if missing, never through a symlink. */
static int make_component(int dir_fd, const char *name, mode_t mode)
{
	int fd;

	if (mkdirat(dir_fd, name, mode) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(dir_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* The length of the longest part of PATH that exists below ROOT_FD, and an fd of it. */
static int open_existing(int root_fd, const char *path, size_t *have)
{
	int fd;

	for (*have = strlen(path);; (*have)--) {
		cleanup_free char *part = *have ? xstrndup(path, *have) : xstrdup(".");

		fd = path_try_open(root_fd, part, PATH_IN_ROOT, O_PATH | O_DIRECTORY, 0);
		if (fd != -ENOENT || *have == 0)
			return fd;
		while (*have > 1 && path[*have - 1] != '/')
			(*have)--;
	}
}

/*
 * What the first missing component means when it is a symlink to nothing:
 * BEFORE/link/REST, or NULL when it is no symlink.
 */
static char *follow_dangling(int dir_fd, const char *before, const char *name, const char *rest)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dir_fd, name, target, sizeof(target) - 1);

	if (n <= 0)
		return NULL;
	target[n] = '\0';
	return xasprintf("%s/%s/%s", *target == '/' ? "" : before, target, rest ? rest : "");
}

/*
 * Finds the longest part of PATH that exists, then makes the rest.  The part
 * is resolved as a whole, so that symlinks and ".." in it mean what they mean
 * inside the root; in the missing rest a ".." has nothing to go up from.
 */
static int make_dir(int root_fd, const char *path, mode_t mode, int depth, struct error *err)
{
	cleanup_close int dir_fd = -EBADF;
	cleanup_free char *before = NULL, *rest = NULL;
	bool made = false;
	size_t have;

	dir_fd = open_existing(root_fd, path, &have);
	if (dir_fd < 0) {
		errno = -dir_fd;
		return error_file(err, "openat2", path);
	}
	before = xstrndup(path, have);
	rest = xstrdup(path + have);
	for (char *save = NULL, *name = strtok_r(rest, "/", &save); name;
	     name = strtok_r(NULL, "/", &save)) {
		int next;

		if (strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") == 0)
			return error_set(err, EINVAL,
					 "%s: \"..\" below a directory that does not exist", path);
		next = make_component(dir_fd, name, mode);
		if (next == -ENOTDIR && !made && depth < MAX_LINKS) {
			cleanup_free char *meant = follow_dangling(dir_fd, before, name, save);

			if (meant)
				return make_dir(root_fd, meant, mode, depth + 1, err);
		}
		if (next < 0) {
			errno = -next;
			return error_file(err, "mkdirat", path);
		}
		fd_close(&dir_fd);
		dir_fd = next;
		made = true;
	}
	return take_fd(dir_fd);
}

int path_make_dir(int root_fd, const char *path, mode_t mode, struct error *err)
{
	return make_dir(root_fd, path, mode, 0, err);
}

int path_make_parent(int root_fd, const char *path, mode_t mode, char name[256],
		     struct error *err)
{
	size_t end = strlen(path), start;
	cleanup_free char *parent = NULL;

	while (end > 0 && path[end - 1] == '/')
		end--;
	for (start = end; start > 0 && path[start - 1] != '/';)
		start--;
	if (end == start || end - start > 255)
		return error_set(err, end == start ? EINVAL : ENAMETOOLONG,
				 "\"%s\" has no usable last component", path);
	memcpy(name, path + start, end - start);
	name[end - start] = '\0';
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return error_set(err, EINVAL, "\"%s\" ends in \"%s\"", path, name);
	parent = xstrndup(path, start);
	return path_make_dir(root_fd, *parent ? parent : ".", mode, err);
}

int path_make_file(int root_fd, const char *path, mode_t mode, struct error *err)
{
	cleanup_close int parent_fd = -EBADF;
	char name[256];
	int fd;

	fd = path_try_open(root_fd, path, PATH_IN_ROOT, O_PATH, 0);
	if (fd >= 0)
		return fd;
	if (fd == -ENOENT) {
		cleanup_close int made_fd = -EBADF;

		/*
		 * A dangling symlink is followed inside the root and its target
		 * made: O_CREAT under RESOLVE_IN_ROOT does just that.
		 */
		made_fd = path_try_open(root_fd, path, PATH_IN_ROOT,
					O_CREAT | O_WRONLY | O_NOCTTY | O_NONBLOCK, mode);
		if (made_fd < 0 && made_fd != -ENOENT) {
			errno = -made_fd;
			return error_file(err, "openat2", path);
		}
		if (made_fd < 0) {
			parent_fd = path_make_parent(root_fd, path, 0755, name, err);
			if (parent_fd < 0)
				return parent_fd;
			made_fd = openat(parent_fd, name,
					 O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC,
					 mode);
			if (made_fd < 0 && errno != EEXIST)
				return error_file(err, "openat", path);
		}
	}
	return path_open(root_fd, path, PATH_IN_ROOT, O_PATH, 0, err);
}

struct path_fd_name path_of_fd(int fd)
{
	struct path_fd_name name;

	(void)snprintf(name.s, sizeof(name.s), "/proc/self/fd/%d", fd);
	return name;
}
