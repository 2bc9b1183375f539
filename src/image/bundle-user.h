/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The forms of an image's "User": user, uid, user:group, uid:gid, uid:group,
 * user:gid, resolved by the image's own files.  Reference: image-spec
 * config.md, "User".
 */
#pragma once

#include "base/error.h"
#include "libocispec/arena.h"
#include "libocispec/runtime.h"

/*
 * TEXT may be NULL or "" for root.  *HOME is the user's home directory, "/" if
 * it has none.  Both live in ARENA.
 */
int bundle_find_user(int rootfs_fd, const char *text, struct oci_arena *arena,
		     struct oci_user *user, const char **home, struct error *err);
