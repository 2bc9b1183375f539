/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdicts of one kernel architecture as ranges of system call numbers: most
 * neighbours share theirs.  Only linux/seccomp*.c use this.
 */
#pragma once

#include <errno.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>

struct seccomp_entry;
struct seccomp_profile;
struct seccomp_table;

/* libseccomp's default for an architecture that is not in the filter. */
#define SECCOMP_BAD_ARCH     SECCOMP_RET_KILL_THREAD
#define SECCOMP_NO_SUCH_CALL (SECCOMP_RET_ERRNO | ENOSYS)

/* From START to the next range: what the first entry that matches says, else ACTION. */
struct seccomp_range {
	uint32_t start;
	uint32_t action;
	/* The table's. */
	const struct seccomp_entry *entries;
	size_t n_entries;
};

/* Sorted; the first starts at 0, the last ends at UINT32_MAX. */
struct seccomp_ranges {
	struct seccomp_range *v;
	size_t n;
};
#define SECCOMP_RANGES_INIT { .v = NULL }

/* -ENOTSUP: only libseccomp knows what it makes of these rules. Reorders the table's entries. */
int seccomp_ranges_make(const struct seccomp_profile *profile, struct seccomp_table *table,
			struct seccomp_ranges *out);
void seccomp_ranges_fini(struct seccomp_ranges *ranges);

/*
 * The action for calls newer than all in the profile.  Programs try a new call and
 * fall back on ENOSYS; any other error breaks them.  A tracer is left to decide
 * for itself.
 */
uint32_t seccomp_tail_action(const struct seccomp_profile *profile);
