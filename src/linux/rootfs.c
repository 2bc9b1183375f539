/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/rootfs.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/fd.h"
#include "base/kernel.h"
#include "base/proc.h"
#include "base/syscall.h"
#include "linux/host-tree.h"
#include "linux/namespace.h"
#include "linux/rootfs-move.h"
#include "linux/rootfs-place.h"

/* Of /proc/PID/ns/user: PROC_USER_INIT_INO of the kernel. */
enum { FIRST_USERNS_INO = 0xeffffffd };

static const uint64_t propagation_flags[] = {
	[OCI_PROPAGATION_PRIVATE] = MS_PRIVATE,
	[OCI_PROPAGATION_RPRIVATE] = MS_PRIVATE,
	[OCI_PROPAGATION_SHARED] = MS_SHARED,
	[OCI_PROPAGATION_RSHARED] = MS_SHARED,
	[OCI_PROPAGATION_SLAVE] = MS_SLAVE,
	[OCI_PROPAGATION_RSLAVE] = MS_SLAVE,
	[OCI_PROPAGATION_UNBINDABLE] = MS_UNBINDABLE,
	[OCI_PROPAGATION_RUNBINDABLE] = MS_UNBINDABLE,
};

static int open_error(const char *path, struct error *err)
{
	(void)error_file(err, "open", path);
	(void)error_context(err, "rootfs");
	if (err->code == -ENOENT)
		(void)error_hint(err, "root.path is relative to the bundle: unpack an image there, "
				      "or correct it");
	return error_pointer(err, "root.path");
}

/* Root of a user namespace may not mount in a namespace that belongs to another. */
static int check_shared(const struct rootfs *r, const struct oci_config *config, struct error *err)
{
	if (!r->needs_place || !namespace_find(config->linux, OCI_NAMESPACE_USER))
		return 0;
	(void)error_set(err, EINVAL, "rootfs: %s in a user namespace needs a new mount namespace",
			config->n_mounts > 0 ? "mounts" : "read-only");
	(void)error_hint(err, "add { \"type\": \"mount\" } without a path to linux.namespaces");
	return error_pointer(err, config->n_mounts > 0 ? "mounts" : "root.readonly");
}

int rootfs_open(struct rootfs *r, const struct oci_config *config, int bundle_dfd,
		struct error *err)
{
	const struct oci_root *root = config->root;

	if (!root || !root->path || !*root->path) {
		(void)error_set(err, EINVAL, "rootfs: config.json has no root.path");
		return error_pointer(err, "root");
	}
	r->readonly = root->readonly;
	r->own_mounts = namespace_has_own_mounts(config->linux);
	r->propagation =
		config->linux ? propagation_flags[config->linux->rootfs_propagation] : 0;
	r->needs_place = !r->own_mounts && (config->n_mounts > 0 || r->readonly);
	if (check_shared(r, config, err) < 0)
		return err->code;
	r->fd = openat(bundle_dfd, root->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return r->fd < 0 ? open_error(root->path, err) : 0;
}

void rootfs_fini(struct rootfs *r)
{
	fd_close(&r->fd);
	fd_close(&r->saved_cwd_fd);
	fd_close(&r->place_fd);
	fd_close(&r->tree_fd);
	free(r->place);
	r->place = NULL;
	fd_close(&r->namespace_fd);
}

/* Any other gets a procfs or a sysfs only in a mount namespace that has one already. */
static bool is_in_first_userns(void)
{
	struct error ignored;
	int root_fd = proc_fd(&ignored);
	struct stat st;

	return root_fd >= 0 && fstatat(root_fd, "self/ns/user", &st, 0) == 0 &&
	       st.st_ino == FIRST_USERNS_INO;
}

bool rootfs_namespace(struct rootfs *r)
{
	if (!r->own_mounts || r->no_pivot || r->needs_host || r->propagation == MS_SHARED ||
	    !kernel_is_at_least(7, 0) || !is_in_first_userns())
		return false;
	r->namespace_fd = open_tree(r->fd, "",
				    OPEN_TREE_NAMESPACE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH |
					    AT_RECURSIVE);
	return r->namespace_fd >= 0;
}

int rootfs_stand(struct rootfs *r, struct error *err)
{
	if (r->namespace_fd >= 0)
		return 0;
	r->saved_cwd_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (r->saved_cwd_fd < 0)
		return error_sys(err, "open", "the working directory");
	if (fchdir(r->fd) < 0)
		return error_sys(err, "fchdir", "to the rootfs");
	return 0;
}

int rootfs_leave(struct rootfs *r, struct error *err)
{
	if (r->namespace_fd >= 0) {
		fd_close(&r->namespace_fd);
		return 0;
	}
	if (fchdir(r->saved_cwd_fd) < 0)
		return error_sys(err, "fchdir", "back from the rootfs");
	return 0;
}

static int set_propagation(int fd, unsigned int flags, uint64_t propagation, struct error *err)
{
	struct mount_attr attr = { .propagation = propagation };

	if (mount_setattr(fd, "", AT_EMPTY_PATH | flags, &attr, sizeof(attr)) == 0)
		return 0;
	return error_sys(err, "mount_setattr", "the propagation of the rootfs");
}

/*
 * With a shared rootfs the copies of the host's mounts stay shared with it; only
 * the one that the container's tree will stand on must not pass that on.
 */
static int make_parent_private(struct error *err)
{
	cleanup_close int fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statx stx;

	while (fd >= 0) {
		int up_fd;

		if (statx(fd, "", AT_EMPTY_PATH, 0, &stx) < 0)
			return error_sys(err, "statx", "above the rootfs");
		if (stx.stx_attributes & STATX_ATTR_MOUNT_ROOT)
			return set_propagation(fd, 0, MS_PRIVATE, err);
		up_fd = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		fd_close(&fd);
		fd = up_fd;
	}
	return error_sys(err, "openat", "above the rootfs");
}

static int cut_off(const struct rootfs *r, struct error *err)
{
	if (r->propagation == MS_SHARED)
		return make_parent_private(err);
	/*
	 * Slave, not private: an unmount on the host reaches the copies too, so
	 * that they do not keep a disk busy until the pivot drops them.  mount_setattr(2)
	 * would walk twice over what may be thousands of mounts.
	 */
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0)
		return 0;
	(void)error_sys(err, "mount", "/ as a slave of the host's");
	if (err->code == -EINVAL)
		(void)error_hint(err,
				 "\"/\" is not a mount point: dabba cannot work inside chroot(2)");
	return err->code;
}

/* The copies in the namespace may be peers of the host's mounts until they are slaves. */
static int enter_namespace(struct rootfs *r, struct error *err)
{
	int ret;

	fd_close(&r->fd);
	ret = host_tree_leave(take_fd(r->namespace_fd), &r->fd, err);
	if (ret == 0)
		ret = set_propagation(r->fd, AT_RECURSIVE, MS_SLAVE, err);
	if (ret == 0 && r->propagation != MS_SLAVE)
		ret = set_propagation(r->fd, 0, MS_PRIVATE, err);
	return ret < 0 ? error_context(err, "rootfs") : 0;
}

int rootfs_prepare(struct rootfs *r, struct error *err)
{
	cleanup_close int tree_fd = -EBADF;

	if (r->needs_place)
		return rootfs_place_attach(r, err);
	if (!r->own_mounts)
		return 0;
	if (r->namespace_fd >= 0)
		return enter_namespace(r, err);
	if (cut_off(r, err) < 0)
		return error_context(err, "rootfs");
	tree_fd = open_tree(AT_FDCWD, "",
			    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
	if (tree_fd < 0) {
		(void)error_sys(err, "open_tree", "of the rootfs");
		return error_context(err, "rootfs");
	}
	/* A slave rootfs is to see what the host mounts in it; any other is on its own. */
	if (r->propagation != MS_SLAVE &&
	    set_propagation(tree_fd, 0, MS_PRIVATE, err) < 0)
		return error_context(err, "rootfs");
	/* Onto itself: hooks look for the container's mounts below the path of the rootfs. */
	if (move_mount(tree_fd, "", AT_FDCWD, "",
		       MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0) {
		(void)error_sys(err, "move_mount", "onto itself");
		return error_context(err, "rootfs");
	}
	fd_close(&r->fd);
	r->fd = take_fd(tree_fd);
	return 0;
}

/*
 * pivot_root(2) with both arguments ".": the old root lands on top of the new
 * one, from where "." of umount(2) takes it.
 */
static int pivot(const struct rootfs *r, struct error *err)
{
	cleanup_close int old_fd = -EBADF;

	if (r->propagation == MS_SHARED) {
		old_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (old_fd < 0)
			return error_sys(err, "open", "/");
	}
	if (sys_pivot_root(".", ".") < 0) {
		(void)error_sys(err, "pivot_root", ".");
		if (err->code == -EINVAL)
			(void)error_hint(err,
					 "a host that runs from its initramfs needs --no-pivot");
		return err->code;
	}
	/* The unmount must not be repeated on the host; for all but a shared rootfs it is so. */
	if (r->propagation == MS_SHARED &&
	    set_propagation(old_fd, AT_RECURSIVE, MS_SLAVE, err) < 0)
		return err->code;
	if (umount2(".", MNT_DETACH) < 0)
		return error_sys(err, "umount2", "the host's root");
	return 0;
}

static int enter(const struct rootfs *r, struct error *err)
{
	bool alone = host_tree_is_left();
	int ret = 0;

	if (fchdir(r->fd) < 0)
		return error_sys(err, "fchdir", "to the rootfs");
	if (!r->own_mounts || r->no_pivot || alone) {
		if (r->own_mounts && !alone)
			ret = rootfs_move(r->fd, err);
		if (ret == 0 && chroot(".") < 0)
			ret = error_sys(err, "chroot", "to the rootfs");
	} else {
		ret = pivot(r, err);
	}
	host_tree_forget();
	if (ret == 0 && chdir("/") < 0)
		ret = error_sys(err, "chdir", "/");
	return ret;
}

int rootfs_pivot(struct rootfs *r, struct error *err)
{
	return enter(r, err) < 0 ? error_context(err, "rootfs") : 0;
}

int rootfs_finish(const struct rootfs *r, struct error *err)
{
	struct mount_attr attr = { .attr_set = r->readonly ? MOUNT_ATTR_RDONLY : 0,
				   .propagation = r->propagation };

	/* Without a mount of our own it would be the host's that changes. */
	if (!(r->own_mounts || r->needs_place) || !(attr.attr_set | attr.propagation))
		return 0;
	if (mount_setattr(r->fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) == 0)
		return 0;
	(void)error_sys(err, "mount_setattr", "its final options");
	return error_context(err, "rootfs");
}
