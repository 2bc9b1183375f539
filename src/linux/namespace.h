/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces: made at clone or joined by path (namespaces(7), config-linux.md Namespaces). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "libocispec/runtime.h"

enum { NAMESPACE_KINDS = 8 };

struct namespace_join {
	/* CLONE_NEW*. */
	int flag;
	int fd;
	const char *path;
};

/* Which namespaces a container gets; what is in neither list is the runtime's own. */
struct namespace_plan {
	/* CLONE_NEW* of those to make. */
	uint64_t new_flags;
	/* Those to join, in the order to join them; a user namespace is the last. */
	struct namespace_join joins[NAMESPACE_KINDS];
	size_t n_joins;
	/* CLONE_NEW* of joins[]. */
	uint64_t join_flags;
	/* linux.timeOffsets as lines for /proc/self/timens_offsets, or "". */
	char time_offsets[128];
};

#define NAMESPACE_PLAN_INIT { .n_joins = 0 }

void namespace_plan_fini(struct namespace_plan *plan);
#define cleanup_namespace_plan __attribute__((cleanup(namespace_plan_fini)))

/*
 * In the parent: checks the list (no type twice, each path a namespace of its
 * type), opens the paths.  A path that is the runtime's own user namespace is
 * left out: it cannot be joined again, and need not be.
 */
int namespace_plan_init(struct namespace_plan *plan, const struct oci_linux *linux,
			struct error *err);

/*
 * A user namespace of another process, a pid or time namespace to join, and
 * time offsets all take effect for children only, or change who owns what is
 * made next: then a process between runtime and init does the joins.
 */
bool namespace_plan_needs_stage(const struct namespace_plan *plan);

/*
 * Joins everything in joins[].  A namespace that belongs to the user namespace
 * being joined refuses before that (EPERM) and is tried again after it.
 */
int namespace_join_all(const struct namespace_plan *plan, struct error *err);

/* Makes a time namespace for the children of the caller and sets its offsets. */
int namespace_unshare_time(const struct namespace_plan *plan, struct error *err);

/* The namespace to be joined for FLAG (CLONE_NEW*), or -EBADF. Borrowed. */
int namespace_joined_fd(const struct namespace_plan *plan, int flag);

/* Whether the namespace NS_FD belongs to our own user namespace. */
bool namespace_is_owned_by_ours(int ns_fd);

/* The CLONE_NEW* flag of a type. */
int namespace_flag(enum oci_namespace_type type);

/* "net" and so on, for a CLONE_NEW* flag. */
const char *namespace_name(uint64_t flag);

/* The entry of TYPE in linux.namespaces, or NULL.  LINUX may be NULL. */
const struct oci_namespace *namespace_find(const struct oci_linux *linux,
					   enum oci_namespace_type type);

/* Whether the container gets a mount namespace that nobody else is in. */
bool namespace_has_own_mounts(const struct oci_linux *linux);
