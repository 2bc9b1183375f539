/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/host-tree.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/fd.h"
#include "base/proc.h"

/* The host's "/" and mount namespace, and the mount namespace of our own. */
static int the_root_fd = -EBADF, the_host_ns_fd = -EBADF, the_own_ns_fd = -EBADF;

/* setns(2) makes the namespace's root ours as well. */
static int enter_keeping_root(int ns_fd)
{
	if (setns(ns_fd, CLONE_NEWNS) < 0 || fchdir(the_root_fd) < 0)
		return -1;
	return chroot(".");
}

int host_tree_leave(int ns_fd, int *root_fd, struct error *err)
{
	int host_proc_fd = proc_fd(err);

	the_own_ns_fd = ns_fd;
	if (host_proc_fd < 0)
		return host_proc_fd;
	/* Both links are the kernel's own. */
	the_host_ns_fd = openat(host_proc_fd, "self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (the_host_ns_fd < 0)
		return error_sys(err, "openat", "/proc/self/ns/mnt");
	the_root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (the_root_fd < 0)
		return error_sys(err, "open", "/");
	if (setns(ns_fd, CLONE_NEWNS) < 0)
		return error_sys(err, "setns", "to the mount namespace made of the rootfs");
	*root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*root_fd < 0)
		return error_sys(err, "open", "the root of the new mount namespace");
	if (fchdir(the_root_fd) < 0 || chroot(".") < 0)
		return error_sys(err, "chroot", "to the host's root");
	return 0;
}

bool host_tree_is_left(void)
{
	return the_own_ns_fd >= 0;
}

int host_tree_open(const char *path, unsigned int flags)
{
	cleanup_close int fd = -EBADF;

	if (!host_tree_is_left())
		return open_tree(AT_FDCWD, path, flags);
	if (enter_keeping_root(the_host_ns_fd) < 0)
		return -1;
	fd = open_tree(AT_FDCWD, path, flags);
	if (fd < 0) {
		int saved = errno;

		if (enter_keeping_root(the_own_ns_fd) == 0)
			errno = saved;
		return -1;
	}
	return enter_keeping_root(the_own_ns_fd) < 0 ? -1 : take_fd(fd);
}

void host_tree_forget(void)
{
	cleanup_fd_pile struct fd_pile pile = { .n = 0 };

	fd_pile_add(&pile, &the_root_fd);
	fd_pile_add(&pile, &the_host_ns_fd);
	fd_pile_add(&pile, &the_own_ns_fd);
}
