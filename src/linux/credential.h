/* SPDX-License-Identifier: Apache-2.0 */
/*
 * User and group ids of a process.  Reference: credentials(7),
 * user_namespaces(7), runtime-spec config.md "process.user".
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

struct oci_user;

/* The umask of a container that asks for none: what engines have come to expect. */
enum { CREDENTIAL_UMASK = 0022 };

struct credential {
	uid_t uid;
	gid_t gid;
	mode_t umask;
	/* Leave the supplementary groups as they are. */
	bool keep_groups;
	/* Borrowed from the document. */
	const gid_t *groups;
	size_t n_groups;
};

/* What "exec -u" asks for. */
struct credential_user {
	uid_t uid;
	gid_t gid;
	bool has_gid;
};

/* "UID" or "UID:GID", whole decimal numbers below 4294967295; anything else is -EINVAL. */
int credential_parse_user(const char *text, struct credential_user *out, struct error *err);

/* The ids of USER, which must outlive OUT; NULL is root. */
int credential_check(const struct oci_user *user, struct credential *out, struct error *err);

/*
 * Becomes CRED: supplementary groups (also when there are none), gids, uids,
 * umask.  Where the user namespace denies setgroups(2), asking for groups is
 * an error and asking for none leaves them as they are.
 */
int credential_apply(const struct credential *cred, struct error *err);
