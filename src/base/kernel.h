/* SPDX-License-Identifier: Apache-2.0 */
/* Which Linux this is, found out without a system call. */
#pragma once

#include <stdbool.h>

/*
 * Whether it calls itself MAJOR.MINOR or newer.  For what costs a call to try: a kernel
 * with the feature under an older name, or one that does not tell, gives false.
 * Source: the "Linux" note of the vDSO (vdso(7)).
 */
bool kernel_is_at_least(unsigned int major, unsigned int minor);
