/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own filters: per architecture a balanced tree over ranges of system call
 * numbers, with the checks of arguments at its leaves.  The kernel walks a filter
 * once for every number when it is attached, so its depth is what a container's
 * start costs: nine comparisons here, hundreds in libseccomp's list.
 */
#pragma once

#include "base/error.h"

struct seccomp_profile;
struct seccomp_program;

/*
 * Sets OUT's filter (heap).  The verdict on a call, in this order:
 *
 *	- of an architecture that is not in the profile: SECCOMP_RET_KILL_THREAD;
 *	- newer than all calls in the profile: ENOSYS, as programs that try new calls
 *	  first expect, unless the default action lets calls through;
 *	- rules with the default action say nothing and are left out;
 *	- the first rule of the call that has no conditions decides alone;
 *	- else the first rule of the call whose conditions all hold;
 *	- else the default action.
 *
 * -E2BIG when it is longer than the kernel takes.
 */
int seccomp_tree_compile(const struct seccomp_profile *profile, struct seccomp_program *out,
			 struct error *err);
