/* SPDX-License-Identifier: Apache-2.0 */
#include "image/bundle-user.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "linux/passwd.h"

/* The uid_t and gid_t that mean "leave it". */
enum { NO_ID = -1 };

static bool is_id(const char *text, uint32_t *id)
{
	uint64_t value;

	if (!str_to_u64(text, (uint32_t)NO_ID - 1, &value))
		return false;
	*id = (uint32_t)value;
	return true;
}

/* 1 when the passwd file knows the user; -EINVAL for a name it does not know. */
static int find_passwd_user(int rootfs_fd, const char *name, struct oci_user *user,
			    struct passwd_user *found, struct error *err)
{
	int r = passwd_find_user(rootfs_fd, name, found, err);

	if (r == 0 && is_id(name, &user->uid)) {
		r = passwd_find_uid(rootfs_fd, user->uid, found, err);
		return r;
	}
	if (r == 0) {
		(void)error_set(err, EINVAL, "User \"%s\": no such user in the image's "
				"/etc/passwd", name);
		return error_hint(err, "use a number, which needs no entry there");
	}
	return r;
}

static int find_group(int rootfs_fd, const char *name, uint32_t *gid, struct error *err)
{
	struct passwd_group found = { 0 };
	int r = passwd_find_group(rootfs_fd, name, &found, err);

	if (r > 0)
		*gid = found.gid;
	passwd_group_fini(&found);
	if (r != 0)
		return r < 0 ? r : 0;
	if (is_id(name, gid))
		return 0;
	(void)error_set(err, EINVAL, "User: no group \"%s\" in the image's /etc/group", name);
	return error_hint(err, "use a number, which needs no entry there");
}

/* The groups that list the user; its own is not among the additional ones. */
static int add_groups(int rootfs_fd, const char *name, struct oci_arena *arena,
		      struct oci_user *user, struct error *err)
{
	cleanup_free gid_t *gids = NULL;
	size_t n = 0;
	int r = passwd_user_groups(rootfs_fd, name, &gids, &n, err);

	if (r < 0 || n == 0)
		return r;
	user->additional_gids = oci_arena_alloc(arena, n * sizeof(*user->additional_gids));
	if (!user->additional_gids)
		return error_set(err, ENOMEM, "%zu groups", n);
	for (size_t i = 0; i < n; i++)
		if (gids[i] != user->gid)
			user->additional_gids[user->n_additional_gids++] = gids[i];
	return 0;
}

int bundle_find_user(int rootfs_fd, const char *text, struct oci_arena *arena,
		     struct oci_user *user, const char **home, struct error *err)
{
	cleanup_free char *name = xstrdup(text && *text ? text : "0");
	char *group = strchr(name, ':');
	struct passwd_user found = { 0 };
	int r;

	*user = (struct oci_user){ 0 };
	if (group)
		*group++ = '\0';
	if (*name == '\0' || (group && *group == '\0'))
		return error_set(err, EINVAL, "User \"%s\": neither a user nor user:group", text);
	r = find_passwd_user(rootfs_fd, name, user, &found, err);
	if (r > 0) {
		user->uid = found.uid;
		user->gid = found.gid;
	}
	if (r >= 0 && group)
		r = find_group(rootfs_fd, group, &user->gid, err);
	else if (r > 0)
		r = add_groups(rootfs_fd, found.name, arena, user, err);
	if (r >= 0) {
		const char *dir = found.home && *found.home ? found.home : "/";

		*home = oci_arena_strndup(arena, dir, strlen(dir));
	}
	passwd_user_fini(&found);
	return r < 0 ? r : 0;
}
