/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/device-node.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/fd.h"

int device_node_dir(struct error *err)
{
	cleanup_close int fs_fd = fsopen("tmpfs", FSOPEN_CLOEXEC);
	int fd;

	if (fs_fd < 0)
		return error_sys(err, "fsopen", "tmpfs for device nodes");
	if (fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return error_sys(err, "fsconfig", "tmpfs for device nodes");
	fd = fsmount(fs_fd, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	return fd < 0 ? error_sys(err, "fsmount", "tmpfs for device nodes") : fd;
}

int device_node_make(int dir_fd, const char *name, const struct device_node *node,
		     struct error *err)
{
	int fd;

	if (mknodat(dir_fd, name, node->mode & S_IFMT, node->rdev) < 0)
		return error_sys(err, "mknodat", "outside of the container");
	if (fchownat(dir_fd, name, node->uid, node->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, "fchownat", "to %u:%u", node->uid, node->gid);
	/* Last, as a change of the owner may take bits away; whatever the umask is. */
	if (fchmodat(dir_fd, name, node->mode & 07777, 0) < 0)
		return error_sys(err, "fchmodat", "to %04o", node->mode & 07777);
	fd = open_tree(dir_fd, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	return fd < 0 ? error_sys(err, "open_tree", "the new node") : fd;
}
