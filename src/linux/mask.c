/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/mask.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/fd.h"
#include "base/path.h"
#include "linux/namespace.h"

/* What covers a directory and what covers a file; each is made when first needed. */
struct covers {
	const char *label;
	int dir_fd, file_fd;
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
	cleanup_close int fd = open_tree(AT_FDCWD, "/dev/null",
					 OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
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

static int set_option(int fs_fd, const char *key, const char *value, struct error *err)
{
	if (fsconfig(fs_fd, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, key, value, 0) < 0)
		return error_sys(err, "fsconfig", "tmpfs %s", key);
	return 0;
}

/* One superblock for all masks: each more would cost the kernel memory and time. */
static int make_empty(const char *label, struct error *err)
{
	cleanup_close int fs_fd = fsopen("tmpfs", FSOPEN_CLOEXEC);
	int fd;

	if (fs_fd < 0)
		return error_sys(err, "fsopen", "tmpfs");
	if (set_option(fs_fd, "ro", NULL, err) < 0 ||
	    set_option(fs_fd, "mode", "755", err) < 0 ||
	    (label && set_option(fs_fd, "context", label, err) < 0))
		return err->code;
	if (fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return error_sys(err, "fsconfig", "create tmpfs");
	fd = fsmount(fs_fd, FSMOUNT_CLOEXEC,
		     MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	return fd < 0 ? error_sys(err, "fsmount", "tmpfs") : fd;
}

/*
 * The first mask attaches the cover itself; the others attach copies of it, which
 * Linux makes only of a mount that is attached somewhere in the same namespace.
 */
static int cover(struct covers *c, int target_fd, bool is_dir, struct error *err)
{
	int *cover_fd = is_dir ? &c->dir_fd : &c->file_fd;
	cleanup_close int copy_fd = -EBADF;

	if (*cover_fd < 0) {
		*cover_fd = is_dir ? make_empty(c->label, err) : open_null(err);
		return *cover_fd < 0 ? *cover_fd : attach(*cover_fd, target_fd, err);
	}
	copy_fd = clone_mount(*cover_fd, err);
	return copy_fd < 0 ? copy_fd : attach(copy_fd, target_fd, err);
}

static int mask(struct covers *c, int root_fd, const char *path, struct error *err)
{
	cleanup_close int fd = path_try_open(root_fd, path, PATH_IN_ROOT, O_PATH, 0);
	struct stat st;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0) {
		errno = -fd;
		return error_file(err, "openat2", path);
	}
	if (fstat(fd, &st) < 0)
		return error_file(err, "fstat", path);
	return cover(c, fd, S_ISDIR(st.st_mode), err);
}

/* The path itself, mounted on itself read-only; what is mounted below it is not touched. */
static int make_readonly(int root_fd, const char *path, struct error *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	cleanup_close int fd = path_try_open(root_fd, path, PATH_IN_ROOT, O_PATH, 0);
	cleanup_close int tree_fd = -EBADF;

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
	return attach(tree_fd, fd, err);
}

static int apply(const struct oci_linux *l, struct covers *c, int root_fd, struct error *err)
{
	for (size_t i = 0; i < l->n_readonly_paths; i++)
		if (make_readonly(root_fd, l->readonly_paths[i], err) < 0) {
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

	fd_close(&c.dir_fd);
	fd_close(&c.file_fd);
	return r;
}
