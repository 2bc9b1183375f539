/* SPDX-License-Identifier: Apache-2.0 */
/* A filter as libseccomp builds it: the reference for our own compiler, and its stand-in. */
#pragma once

#include "base/error.h"

struct seccomp_profile;
struct seccomp_program;

/* Sets OUT's filter (heap); its other members are the caller's. */
int seccomp_library_compile(const struct seccomp_profile *profile,
			    struct seccomp_program *out, struct error *err);
