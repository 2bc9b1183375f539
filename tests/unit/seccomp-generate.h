/* SPDX-License-Identifier: Apache-2.0 */
/* Seccomp profiles made from numbers: the same number makes the same profile. */
#pragma once

#include <stdint.h>

#include "libocispec/runtime.h"

enum { MAX_ENTRIES = 24, MAX_NAMES = 6, MAX_CONDITIONS = 3, N_GENERATED_ARCHS = 12 };

/* All of this byte order, one of the other, and one that libseccomp may not know. */
extern const enum oci_seccomp_arch generated_archs[N_GENERATED_ARCHS];

/* A generated profile and the memory of its parts. */
struct generated {
	struct oci_seccomp seccomp;
	struct oci_seccomp_syscall syscalls[MAX_ENTRIES];
	struct oci_seccomp_arg args[MAX_ENTRIES][MAX_CONDITIONS];
	char *names[MAX_ENTRIES][MAX_NAMES + 1];
	uint32_t errnos[MAX_ENTRIES];
	enum oci_seccomp_arch archs[N_GENERATED_ARCHS];
};

/* One action besides the default: rules cannot contradict each other. Few names: they meet. */
enum generated_kind {
	ONE_ACTION,
	ONE_ACTION_FEW_NAMES,
	MANY_ACTIONS,
	MANY_ACTIONS_FEW_NAMES,
	/* A few rules with small values on two calls. */
	DENSE,
};

/* The names that profiles are made of; before the first of them, and after the last. */
void generate_begin(void);
void generate_end(void);

void generate(struct generated *g, enum generated_kind kind, int seed);
void generate_describe(const struct generated *g);

/* A fixed sequence, so that a failure can be had again. */
void random_begin(uint64_t seed);
uint32_t random_below(uint32_t n);
