/* SPDX-License-Identifier: Apache-2.0 */
#include "image/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "image/interrupt.h"
#include "image/whiteout.h"

/* What one call copies at most: signals are seen in between. */
enum { COPY_CHUNK = 64 << 20 };

/* Of tree_disk_usage(): what nftw(3) has open at most, and the unit of st_blocks. */
enum { MAX_FDS = 32, BLOCK = 512 };

/* See tree_set_fd_dir(). */
static const char *fd_dir = "/proc/self/fd";

void tree_set_fd_dir(const char *path)
{
	fd_dir = path;
}

char *tree_path(int dir_fd, const char *name)
{
	return xasprintf("%s/%d/%s", fd_dir, dir_fd, name);
}

char *tree_join(const char *dir, const char *name)
{
	return *dir ? xasprintf("%s/%s", dir, name) : xstrdup(name);
}

char *tree_clean(const char *dir, const char *path)
{
	cleanup_free char *all = xasprintf("%s/%s", *path == '/' ? "" : dir, path);
	struct strbuf out = STRBUF_INIT;

	for (char *save = NULL, *part = strtok_r(all, "/", &save); part;
	     part = strtok_r(NULL, "/", &save)) {
		if (streq(part, "."))
			continue;
		if (!streq(part, "..")) {
			strbuf_addf(&out, "/%s", part);
		} else if (out.len > 0) {
			out.len = (size_t)(strrchr(out.buf, '/') - out.buf);
			out.buf[out.len] = '\0';
		}
	}
	if (out.len == 0)
		strbuf_addch(&out, '/');
	return strbuf_detach(&out);
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int tree_list_xattrs(int dir_fd, const char *name, struct strvec *names, struct error *err)
{
	cleanup_free char *path = tree_path(dir_fd, name);
	cleanup_free char *list = NULL;
	char small[1024], *p = small;
	ssize_t n = llistxattr(path, small, sizeof(small));

	/* The kernel's own limit of a whole list, XATTR_LIST_MAX, is 64 KiB. */
	if (n < 0 && errno == ERANGE) {
		p = list = xmalloc(XATTR_LIST_MAX);
		n = llistxattr(path, list, XATTR_LIST_MAX);
	}
	if (n < 0 && errno == EOPNOTSUPP)
		return 0;
	if (n < 0)
		return error_sys(err, "listxattr", "%s", name);
	for (const char *end = p + n; p < end; p += strlen(p) + 1)
		if (!whiteout_is_overlay_xattr(p))
			strvec_push(names, p);
	qsort(names->v, names->n, sizeof(*names->v), compare_strings);
	return 0;
}

int tree_get_xattr(int dir_fd, const char *name, const char *xattr, struct strbuf *value,
		   struct error *err)
{
	cleanup_free char *path = tree_path(dir_fd, name);
	ssize_t n;

	strbuf_grow(value, XATTR_SIZE_MAX);
	n = lgetxattr(path, xattr, value->buf + value->len, XATTR_SIZE_MAX);
	if (n < 0)
		return error_sys(err, "getxattr", "%s of %s", xattr, name);
	value->len += (size_t)n;
	value->buf[value->len] = '\0';
	return 0;
}

static int copy_xattrs(int from_dir, const char *from, int to_dir, const char *to,
		       struct error *err)
{
	cleanup_strvec struct strvec names = STRVEC_INIT;
	cleanup_strbuf struct strbuf value = STRBUF_INIT;
	cleanup_free char *path = tree_path(to_dir, to);
	int r = tree_list_xattrs(from_dir, from, &names, err);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		strbuf_reset(&value);
		r = tree_get_xattr(from_dir, from, names.v[i], &value, err);
		if (r == 0 && lsetxattr(path, names.v[i], value.buf, value.len, 0) < 0)
			r = error_sys(err, "setxattr", "%s of %s", names.v[i], to);
	}
	return r;
}

int tree_copy_attributes(int from_dir, const char *from, int to_dir, const char *to,
			 const struct stat *st, struct error *err)
{
	struct timespec times[2] = { st->st_mtim, st->st_mtim };
	int r;

	/* The owner first: a change of it takes set-id bits and file capabilities away. */
	if (fchownat(to_dir, to, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "fchownat", "%s to %u:%u", to, st->st_uid, st->st_gid);
	if (!S_ISLNK(st->st_mode) && fchmodat(to_dir, to, st->st_mode & 07777, 0) < 0)
		return error_sys(err, "fchmodat", "%s", to);
	r = copy_xattrs(from_dir, from, to_dir, to, err);
	if (r < 0)
		return r;
	if (utimensat(to_dir, to, times, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "utimensat", "%s", to);
	return 0;
}

int tree_copy_content(int in_fd, int out_fd, const char *name, struct error *err)
{
	bool between = false;
	ssize_t n;
	int r;

	do {
		r = interrupt_check(err);
		if (r < 0)
			return r;
		n = between ? sendfile(out_fd, in_fd, NULL, COPY_CHUNK)
			    : copy_file_range(in_fd, NULL, out_fd, NULL, COPY_CHUNK, 0);
		/* It fails between file systems, as from an overlay, before the first byte. */
		if (n < 0 && !between && (errno == EXDEV || errno == EOPNOTSUPP || errno == EINVAL)) {
			between = true;
			n = 1;
		}
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? error_sys(err, "copy", "to %s", name) : 0;
}

static int copy_content(int from_dir, const char *from, int to_dir, const char *to,
			struct error *err)
{
	cleanup_close int in_fd = openat(from_dir, from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_close int out_fd = -EBADF;

	if (in_fd < 0)
		return error_sys(err, "open", "%s", from);
	out_fd = openat(to_dir, to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out_fd < 0)
		return error_sys(err, "open", "%s", to);
	return tree_copy_content(in_fd, out_fd, to, err);
}

int tree_copy_file(int from_dir, const char *from, int to_dir, const char *to,
		   struct error *err)
{
	char target[PATH_MAX];
	struct stat st;
	ssize_t n;
	int r = 0;

	if (fstatat(from_dir, from, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "fstatat", "%s", from);
	if (S_ISREG(st.st_mode)) {
		r = copy_content(from_dir, from, to_dir, to, err);
	} else if (S_ISLNK(st.st_mode)) {
		n = readlinkat(from_dir, from, target, sizeof(target) - 1);
		if (n < 0)
			return error_sys(err, "readlinkat", "%s", from);
		target[n] = '\0';
		if (symlinkat(target, to_dir, to) < 0)
			return error_sys(err, "symlinkat", "%s", to);
	} else if (mknodat(to_dir, to, st.st_mode, st.st_rdev) < 0) {
		return error_sys(err, "mknodat", "%s", to);
	}
	return r < 0 ? r : tree_copy_attributes(from_dir, from, to_dir, to, &st, err);
}

static int copy_subdir(int from_dir, int to_dir, const char *name, struct error *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	cleanup_close int from_fd = openat(from_dir, name, flags), to_fd = -EBADF;

	if (from_fd < 0)
		return error_sys(err, "open", "%s", name);
	if (mkdirat(to_dir, name, 0700) < 0)
		return error_sys(err, "mkdir", "%s", name);
	to_fd = openat(to_dir, name, flags);
	if (to_fd < 0)
		return error_sys(err, "open", "%s", name);
	return tree_copy_dir(from_fd, to_fd, err);
}

static int copy_child(int from_fd, int to_fd, const char *name, struct error *err)
{
	struct stat st;
	int r;

	if (fstatat(from_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "fstatat", "%s", name);
	r = S_ISDIR(st.st_mode) ? copy_subdir(from_fd, to_fd, name, err)
				: tree_copy_file(from_fd, name, to_fd, name, err);
	return r < 0 ? error_context(err, "%s", name) : 0;
}

int tree_copy_dir(int from_fd, int to_fd, struct error *err)
{
	int fd = openat(from_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	struct stat st;

	if (!dir || fstat(fd, &st) < 0) {
		(void)error_sys(err, "open", "the directory to copy");
		if (dir)
			(void)closedir(dir);
		else
			fd_close(&fd);
		return err->code;
	}
	while (r == 0 && (entry = file_next_entry(dir, "the directory to copy", &r, err)))
		r = copy_child(fd, to_fd, entry->d_name, err);
	(void)closedir(dir);
	return r < 0 ? r : tree_copy_attributes(from_fd, ".", to_fd, ".", &st, err);
}

/* nftw(3) hands nothing on. */
static uint64_t walked;

static int add_blocks(const char *path, const struct stat *st, int type, struct FTW *place)
{
	(void)path;
	(void)type;
	(void)place;
	walked += (uint64_t)st->st_blocks * BLOCK;
	return 0;
}

uint64_t tree_disk_usage(const char *path)
{
	walked = 0;
	(void)nftw(path, add_blocks, MAX_FDS, FTW_PHYS | FTW_MOUNT);
	return walked;
}

char *tree_printable(const char *name)
{
	char *shown = xstrdup(name);

	for (char *p = shown; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	return shown;
}
