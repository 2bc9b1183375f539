/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdicts of one kernel architecture as ranges of system call numbers: most
 * neighbours share theirs.  Only linux/seccomp*.c use this.
 */
#pragma once

#include <errno.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seccomp_entry;
struct seccomp_profile;
struct seccomp_table;

/* As libseccomp has it for an architecture that is not in the filter. */
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

/* Sorted; the first starts at 0; behind the last is one more, which starts there too. */
struct seccomp_ranges {
	struct seccomp_range *v;
	size_t n;
};
#define SECCOMP_RANGES_INIT { .v = NULL }

/* Reorders the table's entries. */
void seccomp_ranges_make(const struct seccomp_profile *profile, struct seccomp_table *table,
			struct seccomp_ranges *out);
void seccomp_ranges_fini(struct seccomp_ranges *ranges);

/* Their calls get the same verdict whatever the arguments are. */
bool seccomp_ranges_equal(const struct seccomp_range *a, const struct seccomp_range *b);
