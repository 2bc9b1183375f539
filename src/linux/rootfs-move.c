/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/rootfs-move.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "linux/mountinfo.h"

/* Cut off, or where that is not allowed (a mount locked by a user namespace) covered. */
static int hide(const char *where, struct error *err)
{
	if (umount2(where, MNT_DETACH) == 0 || errno == ENOENT)
		return 0;
	if (errno != EINVAL && errno != EPERM)
		return error_sys(err, "umount2", "%s", where);
	if (mount("tmpfs", where, "tmpfs", MS_RDONLY, "size=0") < 0)
		return error_sys(err, "mount", "tmpfs on %s", where);
	return 0;
}

/* Of procfs and sysfs; what is below ROOTFS goes with it. */
static int hide_line(char *line, const char *rootfs, struct error *err)
{
	const char *where = mountinfo_match(line, "proc"), *below;

	if (!where)
		where = mountinfo_match(line, "sysfs");
	if (!where)
		return 0;
	below = str_skip_prefix(where, rootfs);
	if (below && (*below == '/' || *below == '\0'))
		return 0;
	return hide(where, err);
}

static int hide_kernel_mounts(const char *rootfs, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r = mountinfo_read(&text, err);

	for (char *save = NULL, *line = strtok_r(text.buf, "\n", &save); line && r == 0;
	     line = strtok_r(NULL, "\n", &save))
		r = hide_line(line, rootfs, err);
	return r;
}

int rootfs_move(int root_fd, struct error *err)
{
	char rootfs[PATH_MAX];
	ssize_t n = readlink(path_of_fd(root_fd).s, rootfs, sizeof(rootfs) - 1);
	int r;

	if (n < 0)
		return error_sys(err, "readlink", "%s", path_of_fd(root_fd).s);
	rootfs[n] = '\0';
	r = hide_kernel_mounts(rootfs, err);
	if (r < 0)
		return r;
	if (move_mount(root_fd, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_sys(err, "move_mount", "the rootfs to /");
	return 0;
}
