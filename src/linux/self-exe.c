/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/self-exe.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/fd.h"
#include "base/proc.h"

/*
 * A combination nobody mounts a file system of programs with: seeing it on our
 * own executable means that it is our clone.
 */
static const uint64_t clone_attr = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
				   MOUNT_ATTR_NODIRATIME | MOUNT_ATTR_NOATIME;
static const unsigned long clone_flags = ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NODIRATIME |
					 ST_NOATIME;

/* From the first execution to the second, in which /proc/self/exe has no path. */
#define DIR_VARIABLE "_DABBA_EXE_DIR"

static char exe_dir[PATH_MAX];

static const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

/* Returns the fd of a detached read-only mount of the file, or a negative errno. */
static int clone_read_only(int exe_fd)
{
	struct mount_attr attr = {
		.attr_set = clone_attr,
		.attr_clr = MOUNT_ATTR__ATIME,
	};
	cleanup_close int fd = open_tree(exe_fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
							     AT_EMPTY_PATH);

	if (fd < 0 || mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return -errno;
	return take_fd(fd);
}

static int copy_sealed(struct error *err)
{
	cleanup_close int from_fd = -EBADF, fd = -EBADF;
	struct stat st;
	off_t done = 0;

	from_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (from_fd < 0 || fstat(from_fd, &st) < 0)
		return error_sys(err, "open", "/proc/self/exe");
	fd = memfd_create("dabba", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return error_sys(err, "memfd_create", "a copy of the program");
	while (done < st.st_size)
		if (sendfile(fd, from_fd, &done, (size_t)(st.st_size - done)) <= 0)
			return error_sys(err, "sendfile", "a copy of the program");
	if (fcntl(fd, F_ADD_SEALS, seals) < 0)
		return error_sys(err, "fcntl", "F_ADD_SEALS");
	return take_fd(fd);
}

static bool is_protected(int exe_fd)
{
	cleanup_close int fd = -EBADF;
	struct statfs fs;

	if (fstatfs(exe_fd, &fs) < 0)
		return false;
	if (((unsigned long)fs.f_flags & clone_flags) == clone_flags)
		return true;
	/* Only a memfd can be sealed, and that is on a tmpfs. */
	if (fs.f_type != TMPFS_MAGIC)
		return false;
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	return fd >= 0 && fcntl(fd, F_GET_SEALS) == seals;
}

static void find_dir(void)
{
	ssize_t n = readlink("/proc/self/exe", exe_dir, sizeof(exe_dir) - 1);
	char *slash;

	exe_dir[n > 0 ? n : 0] = '\0';
	slash = strrchr(exe_dir, '/');
	if (slash)
		*slash = '\0';
}

/* Nobody else is to see it: not a hook, not a container. */
static void take_dir(void)
{
	const char *dir = getenv(DIR_VARIABLE);

	if (dir && strlen(dir) < sizeof(exe_dir))
		strcpy(exe_dir, dir);
	(void)unsetenv(DIR_VARIABLE);
}

const char *self_exe_dir(void)
{
	if (!*exe_dir)
		find_dir();
	return exe_dir;
}

int self_exe_protect(char **argv, struct error *err)
{
	cleanup_close int exe_fd = -EBADF, fd = -EBADF;
	int root_fd = proc_fd(err);

	if (root_fd < 0)
		return root_fd;
	exe_fd = openat(root_fd, "self/exe", O_PATH | O_CLOEXEC);
	if (exe_fd < 0)
		return error_sys(err, "open", "/proc/self/exe");
	if (is_protected(exe_fd)) {
		take_dir();
		return 0;
	}
	if (setenv(DIR_VARIABLE, self_exe_dir(), 1) < 0)
		return error_sys(err, "setenv", DIR_VARIABLE);
	fd = clone_read_only(exe_fd);
	if (fd < 0)
		fd = copy_sealed(err);
	if (fd < 0)
		return fd;
	(void)execveat(fd, "", argv, environ, AT_EMPTY_PATH);
	return error_sys(err, "execveat", "a protected copy of the program");
}
