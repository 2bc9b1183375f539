/* SPDX-License-Identifier: Apache-2.0 */
/*
 * User and group id mappings: of a new user namespace, and of a mount.
 * Everything here runs in the parent.  Source: user_namespaces(7),
 * newuidmap(1), mount_setattr(2) "ID-mapped mounts".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "libocispec/runtime.h"

struct idmap {
	const struct oci_id_mapping *uids, *gids;
	size_t n_uids, n_gids;
};

/*
 * Both lists are given and no range is empty, too long or overlaps another.
 * WHERE ("linux", "mounts[2]") starts the error's pointer.
 */
int idmap_check(const struct idmap *map, const char *where, struct error *err);

bool idmap_equal(const struct idmap *a, const struct idmap *b);

/*
 * Writes setgroups, gid_map and uid_map of PID, whose user namespace is new.
 * Where the kernel wants a privilege that the caller lacks, newuidmap(1) and
 * newgidmap(1) do it from /etc/subuid and /etc/subgid.
 */
int idmap_write(pid_t pid, const struct idmap *map, struct error *err);

/* The id that the user UID of PID's user namespace has in ours; -EINVAL when it has none. */
int idmap_host_uid(pid_t pid, uid_t uid, uid_t *out, struct error *err);

/*
 * Whether the caller is root with the rights of root on the host: root of a user
 * namespace, as rootless engines run us, may not make cgroups or load device rules.
 */
bool idmap_root_of_host(void);

/* An fd of a new user namespace with MAP, to put on mounts; the caller's. */
int idmap_userns_open(const struct idmap *map, struct error *err);
