/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles in files of tests/data. */
#pragma once

#include <stdbool.h>

struct oci_arena;
struct oci_seccomp;

/* The arena holds what OUT points to. */
bool read_profile(const char *name, struct oci_arena *arena, struct oci_seccomp *out);
