/* SPDX-License-Identifier: Apache-2.0 */
/* musl's <sys/stat.h>, and statx(2), which musl has from 1.2.4 on. */
#pragma once
#include_next <sys/stat.h>

#ifndef STATX_TYPE
#include <linux/stat.h>
#include <unistd.h>

static inline int statx(int dfd, const char *path, int flags, unsigned int mask,
			struct statx *out)
{
	return (int)syscall(SYS_statx, dfd, path, flags, mask, out);
}
#endif
