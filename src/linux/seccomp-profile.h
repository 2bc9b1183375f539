/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A seccomp profile after all checks, in the terms of the kernel: what the
 * compilers of filters work from.  Only linux/seccomp*.c use this.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "libocispec/names.h"

struct oci_seccomp;
struct seccomp_arch;

enum { SECCOMP_MAX_ARGS = 6 };

/* Compares argument INDEX; for MASKED_EQ VALUE is the mask and VALUE_TWO the datum. */
struct seccomp_condition {
	uint32_t index;
	enum oci_seccomp_operator op;
	uint64_t value;
	uint64_t value_two;
};

/* ACTION for a system call when all of N_CONDITIONS hold. */
struct seccomp_rule {
	/* Index into the tables of linux/seccomp-names.h. */
	uint32_t name;
	/* SECCOMP_RET_* with its data. */
	uint32_t action;
	/* At most SECCOMP_MAX_ARGS, each of another argument; in the profile's list. */
	uint32_t n_conditions;
	const struct seccomp_condition *conditions;
};

struct seccomp_profile {
	uint32_t default_action;
	/* The native one first, each once. */
	const struct seccomp_arch **archs;
	size_t n_archs;
	/*
	 * In the order of the document.  Those with the default action change nothing;
	 * calls that no architecture here has are left out.
	 */
	struct seccomp_rule *rules;
	size_t n_rules;
	struct seccomp_condition *conditions;
	size_t n_conditions;
	/* SECCOMP_FILTER_FLAG_* */
	unsigned int flags;
	bool notifies;
};
#define SECCOMP_PROFILE_INIT { .rules = NULL }

int seccomp_profile_parse(const struct oci_seccomp *seccomp, struct seccomp_profile *out,
			  struct error *err);
void seccomp_profile_fini(struct seccomp_profile *profile);

/* The kernel's word for a value of the document. */
uint32_t seccomp_profile_action(enum oci_seccomp_action action);
unsigned int seccomp_profile_flag(enum oci_seccomp_flag flag);
