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

enum { SECCOMP_MAX_ARGS = 6 };

/* Compares argument INDEX; for SCMP_CMP_MASKED_EQ VALUE is the mask and VALUE_TWO the datum. */
struct seccomp_condition {
	uint32_t index;
	/* enum scmp_compare. */
	uint32_t op;
	uint64_t value;
	uint64_t value_two;
};

/* ACTION for the system call NAME when all of N_CONDITIONS hold. */
struct seccomp_rule {
	/* Borrowed from the document. */
	const char *name;
	/* SECCOMP_RET_* with its data. */
	uint32_t action;
	/* At most SECCOMP_MAX_ARGS, each of another argument; in the profile's list. */
	uint32_t n_conditions;
	const struct seccomp_condition *conditions;
	/* Its place in linux.seccomp.syscalls. */
	size_t index;
};

struct seccomp_profile {
	uint32_t default_action;
	/* SCMP_ARCH_*: the native one first, each once. */
	uint32_t *archs;
	size_t n_archs;
	/* In the order of the document. Those with the default action change nothing. */
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

/* The kernel's or libseccomp's word for a value of the document; 0: no such architecture. */
uint32_t seccomp_profile_action(enum oci_seccomp_action action);
uint32_t seccomp_profile_arch(enum oci_seccomp_arch arch);
unsigned int seccomp_profile_flag(enum oci_seccomp_flag flag);
