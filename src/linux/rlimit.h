/* SPDX-License-Identifier: Apache-2.0 */
/* Resource limits of a process. Reference: getrlimit(2), config.md "process.rlimits". */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/error.h"

struct oci_rlimit;

struct rlimit_set {
	/* Bit N: limit[N] is to be set. */
	uint32_t present;
	struct rlimit limit[RLIM_NLIMITS];
};

/* Refuses unknown and repeated types, and a soft limit above the hard one. */
int rlimit_parse(const struct oci_rlimit *limits, size_t n, struct rlimit_set *out,
		 struct error *err);

/* Refuses what this process could not set: it may not raise a hard limit. */
int rlimit_check(const struct rlimit_set *set, struct error *err);

/*
 * Sets them for PID, 0 for this process: before privileges are dropped, and for a
 * process in another user namespace from outside, where raising one is allowed.
 */
int rlimit_apply(pid_t pid, const struct rlimit_set *set, struct error *err);
