/* SPDX-License-Identifier: Apache-2.0 */
#include "image/whiteout.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/mem.h"
#include "base/str.h"
#include "image/tree.h"

enum whiteout_kind whiteout_classify(const char *name)
{
	const char *hidden = str_skip_prefix(name, WHITEOUT_PREFIX);

	if (!hidden)
		return WHITEOUT_NONE;
	if (streq(name, WHITEOUT_OPAQUE_NAME))
		return WHITEOUT_OPAQUE;
	if (str_skip_prefix(hidden, WHITEOUT_PREFIX))
		return WHITEOUT_AUFS;
	if (streq(hidden, "") || streq(hidden, ".") || streq(hidden, ".."))
		return WHITEOUT_BAD;
	return WHITEOUT_ONE;
}

int whiteout_is_opaque(int dir_fd, const char *name)
{
	cleanup_free char *path = tree_path(dir_fd, name);
	char value[2];
	ssize_t n = lgetxattr(path, WHITEOUT_OPAQUE_XATTR, value, sizeof(value));

	if (n < 0 && errno != ENODATA && errno != EOPNOTSUPP && errno != ERANGE)
		return -errno;
	return n == 1 && value[0] == 'y';
}

bool whiteout_is_overlay_xattr(const char *name)
{
	return str_skip_prefix(name, "trusted.overlay.") ||
	       str_skip_prefix(name, "user.overlay.");
}
