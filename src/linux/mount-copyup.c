/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "tmpcopyup": a tmpfs starts with what the image has at its place.  The image
 * is hostile: every step is one name relative to an open directory, and no
 * symlink is followed.  Modes and owners survive; hard links become copies.
 */
#include "linux/mount-entry.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

/* Enough for any image; a loop of directories there is none. */
enum { MAX_DEPTH = 64, COPY_CHUNK = 1 << 30 };

struct place {
	int source_fd, dest_fd;
	int depth;
};

static int copy_directory(const struct place *p, struct error *err);

static int copy_file(const struct place *p, const char *name, const struct stat *st,
		     struct error *err)
{
	cleanup_close int in_fd = -EBADF, out_fd = -EBADF;
	ssize_t n;

	in_fd = openat(p->source_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (in_fd < 0)
		return error_sys(err, "openat", "%s", name);
	out_fd = openat(p->dest_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			st->st_mode & 0777);
	if (out_fd < 0)
		return error_sys(err, "openat", "%s", name);
	do {
		n = sendfile(out_fd, in_fd, NULL, COPY_CHUNK);
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? error_sys(err, "sendfile", "%s", name) : 0;
}

static int copy_link(const struct place *p, const char *name, struct error *err)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(p->source_fd, name, target, sizeof(target) - 1);

	if (n < 0)
		return error_sys(err, "readlinkat", "%s", name);
	target[n] = '\0';
	if (symlinkat(target, p->dest_fd, name) < 0)
		return error_sys(err, "symlinkat", "%s", name);
	return 0;
}

static int copy_subdirectory(const struct place *p, const char *name, struct error *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	cleanup_close int in_fd = -EBADF, out_fd = -EBADF;
	int r;

	if (p->depth == MAX_DEPTH)
		return error_set(err, ELOOP, "%s: too deep", name);
	in_fd = openat(p->source_fd, name, flags);
	if (in_fd < 0)
		return error_sys(err, "openat", "%s", name);
	if (mkdirat(p->dest_fd, name, 0700) < 0)
		return error_sys(err, "mkdirat", "%s", name);
	out_fd = openat(p->dest_fd, name, flags);
	if (out_fd < 0)
		return error_sys(err, "openat", "%s", name);
	r = copy_directory(&(struct place){ in_fd, out_fd, p->depth + 1 }, err);
	return r < 0 ? error_context(err, "%s", name) : 0;
}

/* chown first: it clears the set-user-ID bit that chmod then sets again. */
static int copy_owner(const struct place *p, const char *name, const struct stat *st,
		      struct error *err)
{
	if (fchownat(p->dest_fd, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "fchownat", "%s", name);
	if (!S_ISLNK(st->st_mode) && fchmodat(p->dest_fd, name, st->st_mode & 07777, 0) < 0)
		return error_sys(err, "fchmodat", "%s", name);
	return 0;
}

static int copy_entry(const struct place *p, const char *name, struct error *err)
{
	struct stat st;
	int r = 0;

	if (fstatat(p->source_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "fstatat", "%s", name);
	if (S_ISREG(st.st_mode))
		r = copy_file(p, name, &st, err);
	else if (S_ISLNK(st.st_mode))
		r = copy_link(p, name, err);
	else if (S_ISDIR(st.st_mode))
		r = copy_subdirectory(p, name, err);
	else if (mknodat(p->dest_fd, name, st.st_mode, st.st_rdev) < 0)
		r = error_sys(err, "mknodat", "%s", name);
	return r < 0 ? r : copy_owner(p, name, &st, err);
}

static int copy_directory(const struct place *p, struct error *err)
{
	cleanup_close int fd = fcntl(p->source_fd, F_DUPFD_CLOEXEC, 3);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;
	int r = 0;

	if (!dir)
		return error_sys(err, "opendir", "the directory to copy");
	(void)take_fd(fd);
	while (r == 0 && (errno = 0, d = readdir(dir)))
		if (!streq(d->d_name, ".") && !streq(d->d_name, ".."))
			r = copy_entry(p, d->d_name, err);
	if (r == 0 && errno)
		r = error_sys(err, "readdir", "the directory to copy");
	(void)closedir(dir);
	return r;
}

int mount_copyup(int source_fd, int dest_fd, struct error *err)
{
	cleanup_close int in_fd = openat(source_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (in_fd < 0)
		return error_sys(err, "openat", "the directory to copy");
	r = copy_directory(&(struct place){ in_fd, dest_fd, 0 }, err);
	return r < 0 ? error_context(err, "tmpcopyup") : 0;
}
