/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/terminal.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/sock.h"
#include "libocispec/runtime.h"

/* In every devpts the multiplexer is inode 2 and device 5:2 (fs/devpts/inode.c). */
enum { PTMX_INODE = 2, PTMX_MAJOR = 5, PTMX_MINOR = 2 };

int terminal_check_size(const struct oci_console_size *size, struct error *err)
{
	if (size->height <= USHRT_MAX && size->width <= USHRT_MAX)
		return 0;
	(void)error_set(err, ERANGE, "a terminal of %llu by %llu is larger than %d by %d",
			(unsigned long long)size->height, (unsigned long long)size->width,
			USHRT_MAX, USHRT_MAX);
	return error_pointer(err, "process.consoleSize");
}

/* Nothing but ptys can be below a devpts, so once that is sure a name is safe to open. */
static int open_devpts(int root_fd, struct error *err)
{
	cleanup_close int fd = path_open(root_fd, "dev/pts", PATH_NO_SYMLINKS,
					 O_PATH | O_DIRECTORY, 0, err);
	struct statfs fs;

	if (fd < 0)
		return fd;
	if (fstatfs(fd, &fs) < 0)
		return error_sys(err, "fstatfs", "/dev/pts");
	if (fs.f_type != DEVPTS_SUPER_MAGIC)
		return error_set(err, ENODEV, "/dev/pts of the container is not a devpts");
	return take_fd(fd);
}

static int open_ptmx(int root_fd, struct error *err)
{
	cleanup_close int pts_fd = open_devpts(root_fd, err);
	cleanup_close int fd = -EBADF;
	struct stat st;

	if (pts_fd < 0) {
		(void)error_hint(err, "process.terminal needs a mount of type devpts at /dev/pts");
		return err->code;
	}
	fd = path_open(pts_fd, "ptmx", PATH_BENEATH, O_RDWR | O_NOCTTY | O_NOFOLLOW, 0, err);
	if (fd < 0) {
		if (fd == -EACCES)
			(void)error_hint(err, "mount devpts with ptmxmode=0666");
		return error_context(err, "/dev/pts");
	}
	if (fstat(fd, &st) < 0)
		return error_sys(err, "fstat", "/dev/pts/ptmx");
	if (st.st_ino != PTMX_INODE || st.st_rdev != makedev(PTMX_MAJOR, PTMX_MINOR))
		return error_set(err, ENODEV, "/dev/pts/ptmx is not the pty multiplexer");
	return take_fd(fd);
}

int terminal_open(int root_fd, struct terminal *out, struct error *err)
{
	cleanup_close int master_fd = open_ptmx(root_fd, err);
	cleanup_close int slave_fd = -EBADF;
	int unlock = 0, number;

	if (master_fd < 0)
		return master_fd;
	if (ioctl(master_fd, TIOCSPTLCK, &unlock) < 0)
		return error_sys(err, "ioctl", "TIOCSPTLCK");
	if (ioctl(master_fd, TIOCGPTN, &number) < 0)
		return error_sys(err, "ioctl", "TIOCGPTN");
	/* By the master, not by a name below /dev/pts that could lead elsewhere. */
	slave_fd = ioctl(master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave_fd < 0)
		return error_sys(err, "ioctl", "TIOCGPTPEER");
	(void)snprintf(out->name, sizeof(out->name), "/dev/pts/%d", number);
	out->master_fd = take_fd(master_fd);
	out->slave_fd = take_fd(slave_fd);
	return 0;
}

void terminal_fini(struct terminal *terminal)
{
	fd_close(&terminal->master_fd);
	fd_close(&terminal->slave_fd);
}

int terminal_set_size(int fd, const struct oci_console_size *size, struct error *err)
{
	struct winsize ws;

	if (!size || (size->height == 0 && size->width == 0))
		return 0;
	ws = (struct winsize){
		.ws_row = (unsigned short)size->height,
		.ws_col = (unsigned short)size->width,
	};
	if (ioctl(fd, TIOCSWINSZ, &ws) < 0)
		return error_sys(err, "ioctl", "TIOCSWINSZ %ux%u", ws.ws_row, ws.ws_col);
	return 0;
}

int terminal_set_owner(const struct terminal *terminal, uid_t uid, struct error *err)
{
	if (fchown(terminal->slave_fd, uid, (gid_t)-1) == 0)
		return 0;
	/* A user namespace without that id, or a filesystem that says no: still usable. */
	if (errno == EPERM || errno == EINVAL || errno == EROFS)
		return 0;
	return error_sys(err, "fchown", "%s to %u", terminal->name, uid);
}

int terminal_enter(struct terminal *terminal, struct error *err)
{
	/* EPERM: already the leader of a session of its own. */
	if (setsid() < 0 && errno != EPERM)
		return error_sys(err, "setsid", "%s", terminal->name);
	if (ioctl(terminal->slave_fd, TIOCSCTTY, 0) < 0)
		return error_sys(err, "ioctl", "TIOCSCTTY %s", terminal->name);
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(terminal->slave_fd, fd) < 0)
			return error_sys(err, "dup2", "%s to fd %d", terminal->name, fd);
	if (terminal->slave_fd > 2) {
		fd_close(&terminal->slave_fd);
		return 0;
	}
	/* Opened while a standard fd was closed: dup2 onto itself left it close-on-exec. */
	return fd_set_cloexec(take_fd(terminal->slave_fd), false, err);
}

int terminal_connect(const char *path, struct error *err)
{
	int fd = sock_connect(path, SOCK_STREAM, err);

	return fd < 0 ? error_context(err, "console socket") : fd;
}

int terminal_send(int socket_fd, const struct terminal *terminal, struct error *err)
{
	int r = sock_send(socket_fd, terminal->name, strlen(terminal->name),
			  &terminal->master_fd, 1, err);

	return r < 0 ? error_context(err, "console socket") : 0;
}
