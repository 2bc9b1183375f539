/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of system calls and their numbers on each architecture: a table that the
 * build takes from libseccomp (seccomp-names-make.c).  Only linux/seccomp*.c use this.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "libocispec/names.h"

/* x32 shares the architecture of x86_64; its numbers have this bit. */
#define SECCOMP_X32_BIT UINT32_C(0x40000000)

struct seccomp_arch {
	/* AUDIT_ARCH_*, as in struct seccomp_data. */
	uint32_t audit;
	/* What all its numbers begin with. */
	uint32_t base;
	/* 32-bit: only the lower half of arguments counts. */
	bool narrow;
	/* By the index of a name: its number, or -1. */
	const int32_t *numbers;
	/*
	 * NULL, or by the index of a name: 0, 100 and N for subcall N of SOCKETCALL,
	 * 200 and N for subcall N of IPC.  Such a call may have a number too.
	 */
	const uint8_t *subcalls;
	uint32_t socketcall;
	uint32_t ipc;
};

/* NULL: the libseccomp this was built with does not know it. */
const struct seccomp_arch *seccomp_names_arch(enum oci_seccomp_arch arch);

/* What this program was built for; NULL as above. */
const struct seccomp_arch *seccomp_names_native(void);

/* The index of the system call NAME in an architecture's columns, or -1. */
int seccomp_names_find(const char *name);
