/* SPDX-License-Identifier: Apache-2.0 */
#include "base/proc.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"

static int the_proc_fd = -EBADF;

int proc_fd(struct error *err)
{
	cleanup_close int fd = -EBADF;
	struct statfs fs;

	if (the_proc_fd >= 0)
		return the_proc_fd;
	fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, "open", "/proc");
	if (fstatfs(fd, &fs) < 0)
		return error_sys(err, "fstatfs", "/proc");
	if (fs.f_type != PROC_SUPER_MAGIC) {
		(void)error_set(err, ENODEV, "/proc is not a proc file system");
		return error_hint(err, "mount one: mount -t proc proc /proc");
	}
	return the_proc_fd = take_fd(fd);
}

void proc_forget(void)
{
	fd_close(&the_proc_fd);
}

int proc_open(const char *path, int flags, struct error *err)
{
	int root_fd = proc_fd(err), fd;

	if (root_fd < 0)
		return root_fd;
	fd = path_open(root_fd, path, PATH_BENEATH, flags, 0, err);
	return fd < 0 ? error_context(err, "/proc") : fd;
}

/* The link "self" gives our pid in the pid namespace of that /proc, which getpid() may not. */
static int self_path(const char *name, char *path, size_t size, struct error *err)
{
	char self[24];
	int root_fd = proc_fd(err);
	ssize_t n;

	if (root_fd < 0)
		return root_fd;
	n = readlinkat(root_fd, "self", self, sizeof(self) - 1);
	if (n < 0)
		return error_sys(err, "readlink", "/proc/self");
	self[n] = '\0';
	(void)snprintf(path, size, "%s/%s", self, name);
	return 0;
}

int proc_open_self(const char *name, int flags, struct error *err)
{
	char path[128];
	int r = self_path(name, path, sizeof(path), err);

	return r < 0 ? r : proc_open(path, flags, err);
}

int proc_reopen(int fd, int flags, struct error *err)
{
	char path[32];
	int root_fd = proc_fd(err), new_fd;

	if (root_fd < 0)
		return root_fd;
	/* Both links are the kernel's own. */
	(void)snprintf(path, sizeof(path), "self/fd/%d", fd);
	new_fd = openat(root_fd, path, flags | O_CLOEXEC);
	return new_fd < 0 ? error_sys(err, "openat", "/proc/%s", path) : new_fd;
}

int proc_fd_path(int fd, char path[PATH_MAX], struct error *err)
{
	char link[32];
	int root_fd = proc_fd(err);
	ssize_t n;

	if (root_fd < 0)
		return root_fd;
	(void)snprintf(link, sizeof(link), "self/fd/%d", fd);
	n = readlinkat(root_fd, link, path, PATH_MAX - 1);
	if (n < 0)
		return error_sys(err, "readlink", "/proc/%s", link);
	path[n] = '\0';
	return 0;
}

static int write_and_close(int fd, const char *path, const char *data, struct error *err)
{
	cleanup_close int owned_fd = fd;

	if (TEMP_FAILURE_RETRY(write(owned_fd, data, strlen(data))) < 0)
		return error_sys(err, "write", "\"%s\" to /proc/%s", data, path);
	return 0;
}

int proc_write(const char *path, const char *data, struct error *err)
{
	int fd = proc_open(path, O_WRONLY, err);

	return fd < 0 ? fd : write_and_close(fd, path, data, err);
}

int proc_write_self(const char *name, const char *data, struct error *err)
{
	char path[128];
	int r = self_path(name, path, sizeof(path), err);

	return r < 0 ? r : proc_write(path, data, err);
}

/* Fields of /proc/PID/stat as proc(5) counts them. */
enum { STAT_NAME = 2, STAT_STATE = 3, STAT_START_TIME = 22, STAT_IGNORED_SIGNALS = 33 };

/* The field N after the one at TEXT; NULL when there is none. */
static const char *skip_fields(const char *text, int n)
{
	for (; text && n > 0; n--) {
		text = strchr(text, ' ');
		text = text ? text + 1 : NULL;
	}
	return text;
}

int proc_read_stat(pid_t pid, struct proc_stat *out, struct error *err)
{
	cleanup_close int fd = -EBADF;
	const char *state, *ticks, *ignored;
	int root_fd = proc_fd(err);
	char path[32], buf[1024];
	ssize_t n;

	if (root_fd < 0)
		return root_fd;
	(void)snprintf(path, sizeof(path), "%d/stat", (int)pid);
	fd = path_try_open(root_fd, path, PATH_BENEATH, O_RDONLY, 0);
	errno = fd < 0 ? -fd : 0;
	n = fd < 0 ? -1 : TEMP_FAILURE_RETRY(read(fd, buf, sizeof(buf) - 1));
	if (n == 0 || errno == ENOENT || errno == ESRCH)
		return -ESRCH;
	if (n < 0)
		return error_sys(err, fd < 0 ? "openat2" : "read", "/proc/%s", path);
	buf[n] = '\0';

	/* The name in parentheses may hold anything, also ")": the last one ends it. */
	state = skip_fields(strrchr(buf, ')'), STAT_STATE - STAT_NAME);
	ticks = skip_fields(state, STAT_START_TIME - STAT_STATE);
	ignored = skip_fields(ticks, STAT_IGNORED_SIGNALS - STAT_START_TIME);
	if (!ignored)
		return error_set(err, EPROTO, "/proc/%s has an unknown form", path);
	out->state = *state;
	out->start_time = strtoull(ticks, NULL, 10);
	out->ignored_signals = (uint32_t)strtoull(ignored, NULL, 10);
	return 0;
}

struct proc_mark proc_mark(pid_t pid)
{
	struct error ignored = ERROR_INIT;
	int root_fd = proc_fd(&ignored);
	struct stat st;
	char path[32];

	(void)snprintf(path, sizeof(path), "%d/fd", (int)pid);
	/* The size is the number of open files, of which a zombie has none. */
	if (root_fd < 0 || fstatat(root_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_size <= 0)
		return (struct proc_mark){ 0 };
	return (struct proc_mark){
		.inode = st.st_ino,
		.time = st.st_ctim.tv_sec * INT64_C(1000000000) + st.st_ctim.tv_nsec,
	};
}

bool proc_has_mark(pid_t pid, const struct proc_mark *mark)
{
	struct proc_mark now = { 0 };

	if (mark->inode)
		now = proc_mark(pid);
	return now.inode && now.inode == mark->inode && now.time == mark->time;
}
