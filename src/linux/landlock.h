/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that limits itself to a few directories, connects nowhere and signals
 * nobody.  Reference: landlock(7).  What Landlock does not see are the metadata of
 * files: modes, owners, xattrs, times.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct landlock_dir {
	/* May be O_PATH; -EBADF is passed over. */
	int fd;
	/* Whatever makes, changes and removes files below; else only reading. Never executing. */
	bool writable;
};

/*
 * From here on this thread and those it makes can open and make files below DIRS alone;
 * fds that are open stay as they are.  -EOPNOTSUPP, without a message, where the kernel
 * has no Landlock or one before 5.19, which would forbid links between directories.
 * Needs no_new_privs or CAP_SYS_ADMIN.
 */
int landlock_restrict(const struct landlock_dir *dirs, size_t n, struct error *err);
