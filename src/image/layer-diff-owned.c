/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An upper directory that is to be the unpacked layer holds what the stream
 * says and no more, as if it had been unpacked from there.
 */
#include "image/layer-diff-parts.h"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "image/whiteout.h"

struct timespec diff_time(const struct differ *differ, const struct stat *st)
{
	/* A stream of our own has no fractions. */
	return differ->mtime ? *differ->mtime : (struct timespec){ .tv_sec = st->st_mtim.tv_sec };
}

int diff_drop(struct differ *differ, struct level *level, const char *name, int flags,
	      struct error *err)
{
	if (!differ->owned || unlinkat(level->fd, name, flags) == 0)
		return 0;
	return error_sys(err, "unlinkat", "%s", name);
}

int diff_drop_opaque(struct differ *differ, struct level *level, struct error *err)
{
	if (!differ->owned || fremovexattr(level->fd, WHITEOUT_OPAQUE_XATTR) == 0)
		return 0;
	return error_sys(err, "removexattr", "%s", WHITEOUT_OPAQUE_XATTR);
}

int diff_settle_time(struct differ *differ, struct level *level, const char *name,
		     const struct timespec *mtime, struct error *err)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, *mtime };

	if (!differ->owned || utimensat(level->fd, name, times, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	return error_sys(err, "utimensat", "%s", name);
}
