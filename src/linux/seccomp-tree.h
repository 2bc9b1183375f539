/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own filters: per architecture a balanced tree over ranges of system call
 * numbers, with the checks of arguments at its leaves.  The kernel walks a filter
 * once for every number when it is attached, so its depth is what a container's
 * start costs: nine comparisons here, hundreds in libseccomp's list.
 */
#pragma once

struct seccomp_profile;
struct seccomp_program;

/*
 * Sets OUT's filter (heap).  Verdicts are those of libseccomp, except that a call
 * newer than all in the profile fails with ENOSYS, as programs that try new calls
 * first expect, unless calls of no rule are allowed.  -ENOTSUP: rules of one call
 * overlap in a way of which only libseccomp knows what it makes, an architecture
 * is not known here, or the filter is too long.
 */
int seccomp_tree_compile(const struct seccomp_profile *profile, struct seccomp_program *out);

/* The same ENOSYS in front of PROGRAM, a filter of libseccomp, which is replaced. -E2BIG. */
int seccomp_tree_add_tail(const struct seccomp_profile *profile,
			  struct seccomp_program *program);
