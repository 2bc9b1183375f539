/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/landlock.h"

#include <linux/landlock.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

/* Versions of the interface, each with what it added. */
enum {
	ABI_REFER = 2,
	ABI_TRUNCATE = 3,
	ABI_NET = 4,
	ABI_IOCTL = 5,
	ABI_SCOPE = 6,
};

/* struct landlock_ruleset_attr as of ABI_SCOPE; older kernels take it with zeros at its end. */
struct ruleset {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};

enum {
	/* All that there is up to LANDLOCK_ACCESS_FS_REFER. */
	FS_REFER = (1 << 14) - 1,
	FS_TRUNCATE = 1 << 14,
	FS_IOCTL_DEV = 1 << 15,
	FS_READ = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
	FS_NEVER = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_SOCK | FS_IOCTL_DEV,
	/* Bind and connect by TCP. */
	NET_ALL = 3,
	/* Abstract unix sockets, signals. */
	SCOPE_ALL = 3,
};

static struct ruleset ruleset_of(long abi)
{
	return (struct ruleset){
		.fs = FS_REFER | (abi >= ABI_TRUNCATE ? FS_TRUNCATE : 0) |
		      (abi >= ABI_IOCTL ? FS_IOCTL_DEV : 0),
		.net = abi >= ABI_NET ? NET_ALL : 0,
		.scoped = abi >= ABI_SCOPE ? SCOPE_ALL : 0,
	};
}

static int add_dir(int ruleset_fd, const struct ruleset *ruleset, const struct landlock_dir *dir,
		   struct error *err)
{
	struct landlock_path_beneath_attr beneath = {
		.parent_fd = dir->fd,
		.allowed_access = dir->writable ? ruleset->fs & ~(uint64_t)FS_NEVER : FS_READ,
	};

	if (dir->fd < 0)
		return 0;
	if (syscall(SYS_landlock_add_rule, ruleset_fd, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) < 0)
		return error_sys(err, "landlock_add_rule", "for fd %d", dir->fd);
	return 0;
}

int landlock_restrict(const struct landlock_dir *dirs, size_t n, struct error *err)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset ruleset = ruleset_of(abi);
	cleanup_close int fd = -EBADF;
	int r = 0;

	if (abi < ABI_REFER)
		return -EOPNOTSUPP;
	fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset, sizeof(ruleset), 0);
	if (fd < 0)
		return error_sys(err, "landlock_create_ruleset", "version %ld", abi);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_dir(fd, &ruleset, &dirs[i], err);
	if (r == 0 && syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		r = error_sys(err, "landlock_restrict_self", "version %ld", abi);
	return r;
}
