/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a profile says about the system call numbers of one kernel architecture:
 * the rules of each number, in order.  Only linux/seccomp*.c use this.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "linux/seccomp-profile.h"

/* arm has calls of its own from here on, far above all others. */
#define SECCOMP_PRIVATE_CALLS UINT32_C(0xf0000)

struct seccomp_entry {
	const struct seccomp_rule *rule;
	uint32_t number;
	/* Not 0: NUMBER is socketcall or ipc, and this what its first argument must be. */
	uint8_t subcall;
	bool is_ipc;
	/* 32-bit: only the lower half of arguments is looked at. */
	bool narrow;
};

struct seccomp_table {
	/* AUDIT_ARCH_*, as in struct seccomp_data. */
	uint32_t arch;
	/* For x86_64: x32 is filtered too; otherwise it is another, unknown architecture. */
	bool has_x32;
	/* Sorted by number; those of one number in the order of the rules. */
	struct seccomp_entry *entries;
	size_t n_entries;
	/* The newest system call the profile knows, of each half; 0 is none. */
	uint32_t last;
	uint32_t last_x32;
};

struct seccomp_tables {
	/* The native architecture first. */
	struct seccomp_table *tables;
	size_t n;
};
#define SECCOMP_TABLES_INIT { .tables = NULL }

void seccomp_tables_make(const struct seccomp_profile *profile, struct seccomp_tables *out);
void seccomp_tables_fini(struct seccomp_tables *tables);

/* The subcall comes on top, in place of a condition on argument 0. */
enum { SECCOMP_ENTRY_CONDITIONS = SECCOMP_MAX_ARGS + 1 };

/*
 * The conditions of an entry as the kernel would check them: 32 bits wide where
 * it is narrow, with the subcall, without those that always hold.
 */
size_t seccomp_entry_conditions(const struct seccomp_entry *entry,
				struct seccomp_condition out[SECCOMP_ENTRY_CONDITIONS]);

/* They say the same about arguments and action, whatever their numbers are. */
bool seccomp_entries_equal(const struct seccomp_entry *a, const struct seccomp_entry *b);
