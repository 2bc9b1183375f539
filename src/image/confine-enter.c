/* SPDX-License-Identifier: Apache-2.0 */
/* What a confined process gives away. */
#include "image/confine.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "image/confine-filter.h"
#include "image/tree.h"
#include "linux/capability.h"
#include "linux/landlock.h"
#include "linux/rlimit.h"
#include "linux/seccomp.h"

/* More files than a process needs that reads one and writes one. */
enum { MAX_OPEN_FILES = 1024 };

/*
 * CAP_SYS_ADMIN is for trusted.* xattrs, by which overlay directories are opaque; all
 * else that it is good for is a system call which the filter refuses.
 */
#define KEPT_CAPABILITIES                                                                       \
	(1ULL << CAP_CHOWN | 1ULL << CAP_DAC_OVERRIDE | 1ULL << CAP_FOWNER | 1ULL << CAP_FSETID | \
	 1ULL << CAP_MKNOD | 1ULL << CAP_SETFCAP | 1ULL << CAP_SYS_ADMIN)

/* The directory PATH below DIR_FD as a mount of its own. */
static int clone_mount(int dir_fd, const char *path, uint64_t attributes)
{
	struct mount_attr attr = { .attr_set = attributes };
	int fd = open_tree(dir_fd, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (fd >= 0 && mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		fd_close(&fd);
	return fd;
}

/* The mount takes the number of the directory that it shows. */
static bool seclude(int dir_fd, uint64_t attributes)
{
	cleanup_close int clone_fd = -EBADF, opened_fd = -EBADF;

	if (dir_fd < 0)
		return true;
	clone_fd = clone_mount(dir_fd, ".", attributes | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
						    MOUNT_ATTR_NOEXEC);
	if (clone_fd < 0)
		return false;
	opened_fd = openat(clone_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return opened_fd >= 0 && dup3(opened_fd, dir_fd, O_CLOEXEC) == dir_fd;
}

/* Who has no /proc to look at but its own fds has no other way to files either. */
static bool enter_fds(int *root_fd)
{
	*root_fd = clone_mount(AT_FDCWD, "/proc/self/fd", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	return *root_fd >= 0 && fchdir(*root_fd) == 0 && chroot(".") == 0;
}

static void seclude_all(const struct confinement *c)
{
	cleanup_close int root_fd = -EBADF;
	bool dirs = seclude(c->write_dir, 0) && seclude(c->read_dir, MOUNT_ATTR_RDONLY);

	if (dirs && enter_fds(&root_fd))
		tree_set_fd_dir("");
	else
		log_debug("%s is read without a root directory of its own: %s", c->name,
			  strerror(errno));
}

static int compare_ints(const void *a, const void *b)
{
	return *(const int *)a < *(const int *)b ? -1 : *(const int *)a > *(const int *)b;
}

static int close_others(const struct confinement *c, int keep, struct error *err)
{
	int fds[CONFINE_MAX_FDS + 4] = { STDERR_FILENO, keep, c->write_dir, c->read_dir };
	unsigned int next = 0;

	memcpy(fds + 4, c->fds, sizeof(c->fds));
	qsort(fds, ARRAY_SIZE(fds), sizeof(*fds), compare_ints);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		if (fds[i] < 0)
			continue;
		if ((unsigned int)fds[i] > next && close_range(next, (unsigned int)fds[i] - 1, 0) < 0)
			return error_sys(err, "close_range", "from %u to %d", next, fds[i] - 1);
		next = (unsigned int)fds[i] + 1;
	}
	if (close_range(next, ~0U, 0) < 0)
		return error_sys(err, "close_range", "from %u on", next);
	return 0;
}

static int limit_resources(struct error *err)
{
	static const struct rlimit_set limits = {
		.present = 1U << RLIMIT_CORE | 1U << RLIMIT_MEMLOCK | 1U << RLIMIT_MSGQUEUE |
			   1U << RLIMIT_RTPRIO,
	};
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_max > MAX_OPEN_FILES) {
		files = (struct rlimit){ MAX_OPEN_FILES, MAX_OPEN_FILES };
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	return rlimit_apply(0, &limits, err);
}

static int drop_capabilities(struct error *err)
{
	uint64_t held = capability_grantable(false), kept = held & KEPT_CAPABILITIES;
	struct capability_sets sets = { .bounding = kept, .permitted = kept, .effective = kept };
	/* It bounds programs, of which none is started: not worth a failure. */
	int r = held & 1ULL << CAP_SETPCAP ? capability_apply_bounding(&sets, false, err) : 0;

	return r < 0 ? r : capability_apply(&sets, err);
}

static struct seccomp_program filter = SECCOMP_PROGRAM_INIT;

int confine_prepare(struct error *err)
{
	return filter.n_filter > 0 ? 0 : seccomp_compile(confine_filter(), &filter, err);
}

int confine_enter(const struct confinement *c, int keep, struct error *err)
{
	const struct landlock_dir dirs[] = { { c->write_dir, true }, { c->read_dir, false } };
	int r;

	seclude_all(c);
	r = close_others(c, keep, err);
	if (r == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		r = error_sys(err, "prctl", "PR_SET_NO_NEW_PRIVS");
	if (r == 0)
		r = landlock_restrict(dirs, ARRAY_SIZE(dirs), err);
	if (r == -EOPNOTSUPP) {
		log_debug("%s is read without Landlock, which this kernel lacks", c->name);
		r = 0;
	}
	if (r == 0)
		r = limit_resources(err);
	if (r == 0)
		r = drop_capabilities(err);
	return r < 0 ? r : seccomp_install(&filter, NULL, err);
}
