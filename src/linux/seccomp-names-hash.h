/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a name of a system call is looked for: profiles have hundreds of them, and the
 * table is made by the build.  Shared by seccomp-names.c and seccomp-names-make.c.
 */
#pragma once

#include <stdint.h>

/* A power of two, at least twice the number of names; slots are tried one after the other. */
enum { SECCOMP_NAME_SLOTS = 2048 };

static inline uint32_t seccomp_names_slot(const char *name)
{
	uint32_t hash = 0;

	for (; *name; name++)
		hash = hash * 31 + (unsigned char)*name;
	return (hash ^ hash >> 11) % SECCOMP_NAME_SLOTS;
}
