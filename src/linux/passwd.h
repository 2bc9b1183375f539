/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Users and groups by the container's own /etc/passwd and /etc/group: read
 * below its root fd, never by the host's libc.  The files belong to the image:
 * only regular files of a sane size are read, and lines that do not parse are
 * skipped.  Reference: passwd(5), group(5).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/str.h"

struct passwd_user {
	uid_t uid;
	gid_t gid;
	/* Heap. */
	char *name;
	char *home;
	char *shell;
};

struct passwd_group {
	gid_t gid;
	/* Heap. */
	char *name;
};

void passwd_user_fini(struct passwd_user *user);
void passwd_group_fini(struct passwd_group *group);

/* The first user of that name or uid: 1 found, 0 not (or no such file), negative errno. */
int passwd_find_user(int root_fd, const char *name, struct passwd_user *out,
		     struct error *err);
int passwd_find_uid(int root_fd, uid_t uid, struct passwd_user *out, struct error *err);
int passwd_find_group(int root_fd, const char *name, struct passwd_group *out,
		      struct error *err);

/* The gids of all groups that list USER as a member, on the heap. */
int passwd_user_groups(int root_fd, const char *user, gid_t **out, size_t *n_out,
		       struct error *err);

/* The home directory for a process of UID that has no $HOME: "/" if unknown. Heap. */
int passwd_home(int root_fd, uid_t uid, char **out, struct error *err);
