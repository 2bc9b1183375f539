/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/mask.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "linux/host-tree.h"
#include "linux/label.h"
#include "linux/namespace.h"

/* What covers a directory and what covers a file; each is made when first needed. */
struct covers {
	const char *label;
	int dir_fd, file_fd;
	/* The path on which the cover of directories was mounted first. */
	const char *dir_path;
	struct fd_pile done;
};

static int check_paths(char *const *paths, size_t n, const char *key, struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		if (paths[i][0] == '/')
			continue;
		(void)error_set(err, EINVAL, "\"%s\" is not an absolute path", paths[i]);
		return error_pointer(err, "linux.%s[%zu]", key, i);
	}
	return 0;
}

int mask_check(const struct oci_linux *l, struct error *err)
{
	int r;

	if (!l || l->n_masked_paths + l->n_readonly_paths == 0)
		return 0;
	if (!namespace_has_own_mounts(l)) {
		(void)error_set(err, EINVAL,
				"maskedPaths and readonlyPaths need a new mount namespace");
		(void)error_hint(err, "add { \"type\": \"mount\" } to linux.namespaces");
		return error_pointer(err, l->n_masked_paths ? "linux.maskedPaths" :
							      "linux.readonlyPaths");
	}
	r = check_paths(l->masked_paths, l->n_masked_paths, "maskedPaths", err);
	return r < 0 ? r
		     : check_paths(l->readonly_paths, l->n_readonly_paths, "readonlyPaths", err);
}

/* A detached copy of the mount that FD stands in, at FD. */
static int clone_mount(int fd, struct error *err)
{
	int tree_fd = open_tree(fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);

	return tree_fd < 0 ? error_sys(err, "open_tree", "a copy") : tree_fd;
}

static int attach(int tree_fd, int target_fd, struct error *err)
{
	if (move_mount(tree_fd, "", target_fd, "",
		       MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return error_sys(err, "move_mount", "over it");
	return 0;
}

/* The host's, and really /dev/null: a fake one would be whatever an image likes (R6). */
static int open_null(struct error *err)
{
	cleanup_close int fd = host_tree_open("/dev/null",
					      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
						      AT_SYMLINK_NOFOLLOW);
	struct mount_attr private = { .propagation = MS_PRIVATE };
	struct stat st;

	if (fd < 0)
		return error_sys(err, "open_tree", "/dev/null of the host");
	if (fstat(fd, &st) < 0)
		return error_sys(err, "fstat", "/dev/null of the host");
	if (mount_setattr(fd, "", AT_EMPTY_PATH, &private, sizeof(private)) < 0)
		return error_sys(err, "mount_setattr", "/dev/null of the host");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return error_set(err, ENODEV, "/dev/null of the host is not the null device");
	return take_fd(fd);
}

/* One superblock for all masks: each more would cost the kernel memory and time. */
static int mount_empty(const char *label, int target_fd, struct error *err)
{
	cleanup_strbuf struct strbuf data = STRBUF_INIT;

	strbuf_addf(&data, "mode=755");
	label_add_mount_data(label, &data);
	if (mount("tmpfs", path_of_fd(target_fd).s, "tmpfs",
		  MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, data.buf) < 0)
		return error_sys(err, "mount", "tmpfs with \"%s\"", data.buf);
	return 0;
}

/*
 * The directory FD, opened by the path of the first mask, is to cover others.  A container
 * that shares the files may have put something else there: only a file system with no inode
 * but its root hides what is below it.
 */
static int check_empty(int fd, const char *path, struct error *err)
{
	const unsigned long flags = ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC;
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return error_file(err, "fstatfs", path);
	if (fs.f_type == TMPFS_MAGIC && fs.f_files - fs.f_ffree == 1 &&
	    ((unsigned long)fs.f_flags & flags) == flags)
		return 0;
	(void)error_set(err, ESTALE, "masked path %s: it was replaced after it was masked", path);
	return error_hint(err, "another process changes the container's files: stop it first");
}

/* The first mask is the empty file system itself, the others are copies of it. */
static int cover_dir(struct covers *c, int root_fd, const char *path, int target_fd,
		     struct error *err)
{
	cleanup_close int copy_fd = -EBADF;
	int r;

	if (!c->dir_path) {
		c->dir_path = path;
		return mount_empty(c->label, target_fd, err);
	}
	if (c->dir_fd < 0) {
		c->dir_fd = path_open(root_fd, c->dir_path, PATH_IN_ROOT, O_PATH, 0, err);
		r = c->dir_fd < 0 ? c->dir_fd : check_empty(c->dir_fd, c->dir_path, err);
		if (r < 0)
			return r;
	}
	copy_fd = clone_mount(c->dir_fd, err);
	r = copy_fd < 0 ? copy_fd : attach(copy_fd, target_fd, err);
	fd_pile_add(&c->done, &copy_fd);
	return r;
}

/*
 * The first mask attaches the cover itself; the others attach copies of it, which
 * Linux makes only of a mount that is attached somewhere in the same namespace.
 */
static int cover_file(struct covers *c, int target_fd, struct error *err)
{
	cleanup_close int copy_fd = -EBADF;
	int r;

	if (c->file_fd < 0) {
		c->file_fd = open_null(err);
		return c->file_fd < 0 ? c->file_fd : attach(c->file_fd, target_fd, err);
	}
	copy_fd = clone_mount(c->file_fd, err);
	r = copy_fd < 0 ? copy_fd : attach(copy_fd, target_fd, err);
	fd_pile_add(&c->done, &copy_fd);
	return r;
}

static int mask(struct covers *c, int root_fd, const char *path, struct error *err)
{
	cleanup_close int fd = path_try_open(root_fd, path, PATH_IN_ROOT, O_PATH, 0);
	struct stat st;
	int r;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0) {
		errno = -fd;
		return error_file(err, "openat2", path);
	}
	if (fstat(fd, &st) < 0)
		return error_file(err, "fstat", path);
	r = S_ISDIR(st.st_mode) ? cover_dir(c, root_fd, path, fd, err) : cover_file(c, fd, err);
	fd_pile_add(&c->done, &fd);
	return r;
}

/* The path itself, mounted on itself read-only; what is mounted below it is not touched. */
static int make_readonly(struct covers *c, int root_fd, const char *path, struct error *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	cleanup_close int fd = path_try_open(root_fd, path, PATH_IN_ROOT, O_PATH, 0);
	cleanup_close int tree_fd = -EBADF;
	int r;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0) {
		errno = -fd;
		return error_file(err, "openat2", path);
	}
	tree_fd = open_tree(fd, "",
			    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
	if (tree_fd < 0)
		return error_file(err, "open_tree", path);
	if (mount_setattr(tree_fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return error_sys(err, "mount_setattr", "ro");
	r = attach(tree_fd, fd, err);
	fd_pile_add(&c->done, &tree_fd);
	fd_pile_add(&c->done, &fd);
	return r;
}

static int apply(const struct oci_linux *l, struct covers *c, int root_fd, struct error *err)
{
	for (size_t i = 0; i < l->n_readonly_paths; i++)
		if (make_readonly(c, root_fd, l->readonly_paths[i], err) < 0) {
			(void)error_pointer(err, "linux.readonlyPaths[%zu]", i);
			return error_context(err, "read-only path %s", l->readonly_paths[i]);
		}
	for (size_t i = 0; i < l->n_masked_paths; i++)
		if (mask(c, root_fd, l->masked_paths[i], err) < 0) {
			(void)error_pointer(err, "linux.maskedPaths[%zu]", i);
			return error_context(err, "masked path %s", l->masked_paths[i]);
		}
	return 0;
}

int mask_apply(const struct oci_linux *l, const char *label, int root_fd, struct error *err)
{
	struct covers c = { .label = label, .dir_fd = -EBADF, .file_fd = -EBADF };
	int r = l ? apply(l, &c, root_fd, err) : 0;

	fd_pile_add(&c.done, &c.dir_fd);
	fd_pile_add(&c.done, &c.file_fd);
	fd_pile_close(&c.done);
	return r;
}
