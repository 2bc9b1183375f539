/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/rootfs-place.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "linux/namespace.h"

#define PLACE "rootfs"

/* A dying init may still mount while we unmount; it cannot once the directory is gone. */
enum { REMOVE_ATTEMPTS = 100 };

/* Whoever rules a user namespace rules the names in its mount namespaces. */
static int check_owner(int mntns_fd, struct error *err)
{
	if (mntns_fd < 0 || namespace_is_owned_by_ours(mntns_fd))
		return 0;
	(void)error_set(err, EPERM, "the mount namespace belongs to another user namespace, and "
				    "there are mounts to make in it");
	(void)error_hint(err, "give the container a mount namespace of its own: no \"path\"");
	return error_pointer(err, "mounts");
}

/* Init will find itself in another namespace, with nothing but a name to go by. */
static int note_path(struct rootfs *r, struct error *err)
{
	char path[PATH_MAX];
	ssize_t n = readlink(path_of_fd(r->place_fd).s, path, sizeof(path) - 1);

	if (n < 0)
		return error_sys(err, "readlink", "%s", path_of_fd(r->place_fd).s);
	r->place = xstrndup(path, (size_t)n);
	return 0;
}

static int make_directory(struct rootfs *r, int state_dfd, struct error *err)
{
	if (mkdirat(state_dfd, PLACE, 0700) < 0)
		return error_sys(err, "mkdir", PLACE " in the state directory");
	r->place_fd = openat(state_dfd, PLACE, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (r->place_fd < 0)
		return error_sys(err, "open", PLACE " in the state directory");
	return 0;
}

static int set_private(int tree_fd, struct error *err)
{
	struct mount_attr attr = { .propagation = MS_PRIVATE };

	if (mount_setattr(tree_fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) == 0)
		return 0;
	return error_sys(err, "mount_setattr", "the propagation of the rootfs");
}

/* Private before it can be seen: what is mounted below it on the host is not to see ours. */
static int copy_tree(struct rootfs *r, struct error *err)
{
	r->tree_fd = open_tree(r->fd, "",
			       OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
	if (r->tree_fd < 0)
		return error_sys(err, "open_tree", "of the rootfs");
	return set_private(r->tree_fd, err);
}

int rootfs_place_make(struct rootfs *r, int state_dfd, int mntns_fd, struct error *err)
{
	int ret = check_owner(mntns_fd, err);

	if (ret == 0)
		ret = make_directory(r, state_dfd, err);
	if (ret == 0 && mntns_fd >= 0)
		ret = note_path(r, err);
	if (ret == 0)
		ret = copy_tree(r, err);
	return ret < 0 ? error_context(err, "rootfs") : 0;
}

static int not_in_sight(const struct rootfs *r, struct error *err)
{
	(void)error_set(err, ENOENT, "%s is not in sight in the mount namespace that "
				     "linux.namespaces joins, and the mounts need it", r->place);
	return error_hint(err, "join a namespace that was made from the runtime's, or give the "
			       "container one of its own: no \"path\"");
}

/* The same directory through the mounts of the namespace that we are in now. */
static int find_again(struct rootfs *r, struct error *err)
{
	cleanup_close int fd = -EBADF;
	struct stat here, there;

	if (!r->place)
		return 0;
	fd = open(r->place, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &here) < 0 || fstat(r->place_fd, &there) < 0 ||
	    here.st_ino != there.st_ino || here.st_dev != there.st_dev)
		return not_in_sight(r, err);
	fd_close(&r->place_fd);
	r->place_fd = take_fd(fd);
	return 0;
}

static int attach(struct rootfs *r, struct error *err)
{
	if (find_again(r, err) < 0)
		return err->code;
	if (move_mount(r->tree_fd, "", r->place_fd, "",
		       MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return error_sys(err, "move_mount", "to " PLACE " in the state directory");
	/* A shared mount above has made it shared, and passed it on; what comes now it must not. */
	return set_private(r->tree_fd, err);
}

int rootfs_place_attach(struct rootfs *r, struct error *err)
{
	if (attach(r, err) < 0)
		return error_context(err, "rootfs");
	fd_close(&r->place_fd);
	fd_close(&r->fd);
	r->fd = take_fd(r->tree_fd);
	return 0;
}

int rootfs_place_remove(int state_dfd, struct error *err)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/" PLACE, path_of_fd(state_dfd).s);
	for (int i = 0; i < REMOVE_ATTEMPTS; i++) {
		if (unlinkat(state_dfd, PLACE, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return 0;
		if (errno != EBUSY)
			return error_sys(err, "rmdir", PLACE " in the state directory");
		if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != EINVAL)
			return error_sys(err, "umount2", PLACE " in the state directory");
	}
	return error_set(err, EBUSY, PLACE " in the state directory gets mounted again and again");
}
