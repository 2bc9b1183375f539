/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the cgroup2 hierarchy is mounted, and why a controller is not in it.
 * The mount is looked for anew in each process: nothing of it is kept in a
 * container's state, so that a remount does no harm.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "linux/cgroup-driver.h"
#include "linux/cgroup.h"
#include "linux/mountinfo.h"

/* PATH opened if it is a cgroup2 file system; -ENODEV when it is something else. */
static int open_cgroup2(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return -errno;
	return fs.f_type == CGROUP2_SUPER_MAGIC ? take_fd(fd) : -ENODEV;
}

static int open_first_in_mountinfo(struct error *err)
{
	int fd = mountinfo_open("cgroup2", CGROUP2_SUPER_MAGIC, err);

	if (fd != -ENODEV)
		return fd;
	(void)error_set(err, ENODEV,
			"no cgroup2 file system is mounted: control groups of version 1 alone "
			"are not supported");
	return error_hint(err, "mount one (mount -t cgroup2 none /sys/fs/cgroup/unified), boot "
			       "with systemd.unified_cgroup_hierarchy=1, or use "
			       "--cgroup-manager=disabled");
}

int cgroup_root_fd(struct error *err)
{
	static int the_root_fd = -EBADF;

	if (the_root_fd < 0)
		the_root_fd = open_cgroup2("/sys/fs/cgroup");
	if (the_root_fd < 0)
		the_root_fd = open_cgroup2("/sys/fs/cgroup/unified");
	if (the_root_fd < 0)
		the_root_fd = open_first_in_mountinfo(err);
	return the_root_fd;
}

const char *cgroup_relative(const char *path)
{
	path += strspn(path, "/");
	return *path ? path : ".";
}

/* The hierarchy and the switch of CONTROLLER in /proc/cgroups; false when it is not there. */
static bool find_in_proc_cgroups(const char *controller, int *hierarchy, int *enabled)
{
	/* The file is of version 1, where "io" had another name. */
	const char *old_name = streq(controller, "io") ? "blkio" : controller;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	cleanup_close int fd = -EBADF;
	struct error ignored;

	fd = proc_open("cgroups", O_RDONLY, &ignored);
	if (fd < 0 || file_read_fd(fd, "/proc/cgroups", 1 << 16, &text, &ignored) < 0)
		return false;
	for (char *save = NULL, *line = strtok_r(text.buf, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char name[32];

		if (sscanf(line, "%31s %d %*d %d", name, hierarchy, enabled) == 3 &&
		    streq(name, old_name))
			return true;
	}
	return false;
}

int cgroup_missing_controller(const char *controller, const char *where, struct error *err)
{
	int hierarchy = 0, enabled = 1;
	bool known = find_in_proc_cgroups(controller, &hierarchy, &enabled);

	if (known && hierarchy != 0) {
		(void)error_set(err, ENODEV,
				"the %s controller is bound to a cgroup v1 hierarchy, so that "
				"cgroup2 cannot use it",
				controller);
		return error_hint(err, "boot with cgroup_no_v1=%s, or with "
				       "systemd.unified_cgroup_hierarchy=1", controller);
	}
	if (known && !enabled) {
		(void)error_set(err, ENODEV, "the %s controller is disabled in the kernel",
				controller);
		return error_hint(err, "boot without cgroup_disable=%s",
				  streq(controller, "io") ? "blkio" : controller);
	}
	(void)error_set(err, ENODEV, "the %s controller is not available in cgroup %s",
			controller, where);
	return error_hint(err, "it must be listed in that cgroup's cgroup.controllers; for a "
			       "user's cgroups systemd has Delegate=%s", controller);
}
