/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/credential.h"

#include <fcntl.h>
#include <grp.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/str.h"
#include "libocispec/runtime.h"

/* 4294967295 is -1, "leave it as it is" to the kernel, and no id. */
enum { MAX_ID = UINT32_MAX - 1 };

enum { MAX_UMASK = 0777, MAX_GROUPS = 65536 };

static bool parse_id(const char *text, uint32_t *out)
{
	uint64_t id;

	if (!str_to_u64(text, MAX_ID, &id))
		return false;
	*out = (uint32_t)id;
	return true;
}

int credential_parse_user(const char *text, struct credential_user *out, struct error *err)
{
	struct credential_user user = { .uid = 0 };
	const char *colon = strchr(text, ':');
	char uid[16] = "";
	size_t n = colon ? (size_t)(colon - text) : strlen(text);

	if (n < sizeof(uid))
		memcpy(uid, text, n);
	user.has_gid = colon;
	if (!parse_id(uid, &user.uid) || (colon && !parse_id(colon + 1, &user.gid))) {
		(void)error_set(err, EINVAL, "\"%s\" is not UID or UID:GID", text);
		return error_hint(err, "give numbers from 0 to 4294967294, such as 1000 or "
				       "1000:1000");
	}
	*out = user;
	return 0;
}

static int check_id(uint32_t id, const char *pointer, struct error *err)
{
	if (id <= MAX_ID)
		return 0;
	(void)error_set(err, EINVAL, "%u is not an id: it means \"leave unchanged\"", id);
	return error_pointer(err, "%s", pointer);
}

static int check_groups(const struct oci_user *user, struct error *err)
{
	if (user->n_additional_gids > MAX_GROUPS) {
		(void)error_set(err, E2BIG, "%zu groups are more than the kernel's %d",
				user->n_additional_gids, MAX_GROUPS);
		return error_pointer(err, "process.user.additionalGids");
	}
	for (size_t i = 0; i < user->n_additional_gids; i++) {
		if (user->additional_gids[i] <= MAX_ID)
			continue;
		(void)error_set(err, EINVAL, "%u is not a group id", user->additional_gids[i]);
		return error_pointer(err, "process.user.additionalGids[%zu]", i);
	}
	return 0;
}

int credential_check(const struct oci_user *user, struct credential *out, struct error *err)
{
	static const struct oci_user root;
	int r;

	if (!user)
		user = &root;
	r = check_id(user->uid, "process.user.uid", err);
	if (r == 0)
		r = check_id(user->gid, "process.user.gid", err);
	if (r == 0)
		r = check_groups(user, err);
	if (r == 0 && user->umask && *user->umask > MAX_UMASK) {
		(void)error_set(err, EINVAL, "the umask %u is above 0777 (511)", *user->umask);
		r = error_pointer(err, "process.user.umask");
	}
	if (r < 0)
		return r;
	*out = (struct credential){
		.uid = user->uid,
		.gid = user->gid,
		.umask = user->umask ? *user->umask : CREDENTIAL_UMASK,
		.groups = user->additional_gids,
		.n_groups = user->n_additional_gids,
	};
	return 0;
}

static bool setgroups_denied(void)
{
	struct error ignored = ERROR_INIT;
	cleanup_close int fd = proc_open_self("setgroups", O_RDONLY, &ignored);
	char answer[5] = "";

	return fd >= 0 && read(fd, answer, 4) == 4 && streq(answer, "deny");
}

static int apply_groups(const struct credential *cred, struct error *err)
{
	int code;

	if (cred->keep_groups)
		return 0;
	if (setgroups(cred->n_groups, cred->groups) == 0)
		return 0;
	code = errno;
	if (code == EPERM && setgroups_denied()) {
		if (cred->n_groups == 0) {
			log_info("the user namespace denies setgroups: the supplementary groups "
				 "of the caller stay");
			return 0;
		}
		(void)error_set(err, EPERM, "setgroups: the user namespace denies it, so %zu "
				"additional groups cannot be set", cred->n_groups);
		(void)error_hint(err, "leave process.user.additionalGids out, or map groups with "
				      "newgidmap");
		return error_pointer(err, "process.user.additionalGids");
	}
	errno = code;
	(void)error_sys(err, "setgroups", "%zu groups", cred->n_groups);
	if (code == EINVAL)
		(void)error_hint(err, "each group must be mapped in linux.gidMappings");
	return error_pointer(err, "process.user.additionalGids");
}

static int explain_id(const char *call, uint32_t id, const char *field, struct error *err)
{
	(void)error_sys(err, call, "%u", id);
	if (err->code == -EINVAL)
		(void)error_hint(err, "the id must be mapped in linux.%sMappings", field);
	return error_pointer(err, "process.user.%s", field);
}

int credential_apply(const struct credential *cred, struct error *err)
{
	int r = apply_groups(cred, err);

	if (r < 0)
		return r;
	if (setresgid(cred->gid, cred->gid, cred->gid) < 0)
		return explain_id("setresgid", cred->gid, "gid", err);
	if (setresuid(cred->uid, cred->uid, cred->uid) < 0)
		return explain_id("setresuid", cred->uid, "uid", err);
	(void)umask(cred->umask);
	return 0;
}
