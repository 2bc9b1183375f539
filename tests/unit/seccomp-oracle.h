/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a profile means, found out the slow way: for one call, rule by rule, in the
 * order that linux/seccomp-tree.h promises.  It shares no code with the compiler; the
 * numbers of system calls are asked of libseccomp.
 */
#pragma once

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libocispec/names.h"

struct oci_seccomp;
struct oci_seccomp_syscall;

/* One name of one rule on one architecture. */
struct oracle_rule {
	const struct oci_seccomp_syscall *rule;
	uint32_t action;
	/* What the call's number is, and, with SUBCALL, its argument 0. */
	uint32_t number;
	uint32_t subcall;
	uint32_t subcall_mask;
};

struct oracle_arch {
	enum oci_seccomp_arch name;
	uint32_t token;
	uint32_t last;
	struct oracle_rule *rules;
	size_t n;
};

struct oracle {
	uint32_t other;
	struct oracle_arch archs[OCI_SECCOMP_ARCH_RISCV64 + 1];
	size_t n_archs;
};

/* AUDIT_ARCH_* of an architecture of libseccomp, and what its numbers begin with. */
uint32_t oracle_audit(uint32_t token);
uint32_t oracle_base(uint32_t token);

void oracle_init(struct oracle *oracle, const struct oci_seccomp *seccomp);
void oracle_fini(struct oracle *oracle);
uint32_t oracle_verdict(const struct oracle *oracle, const struct seccomp_data *data);

/*
 * DATA satisfies two rules with conditions whose actions differ: which of them
 * counts is what libseccomp does not promise.
 */
bool oracle_is_disputed(const struct oracle *oracle, const struct seccomp_data *data);

/* DATA is of ipc or socketcall and has bits in argument 0 that the kernel does not look at. */
bool oracle_is_cut(const struct oracle *oracle, const struct seccomp_data *data);

/* A rule of DATA's call compares an argument of 32 bits with a value of more. */
bool oracle_is_truncated(const struct oracle *oracle, const struct seccomp_data *data);

/* It is for want of any rule that DATA gets ENOSYS. */
bool oracle_is_newer(const struct oracle *oracle, const struct seccomp_data *data);
