/* SPDX-License-Identifier: Apache-2.0 */
/* musl's <string.h>, and the names that glibc's has besides (names.c). */
#pragma once
#include_next <string.h>

/* "ENOENT", or NULL. */
const char *strerrorname_np(int number);

/* "TERM", or NULL. */
const char *sigabbrev_np(int number);
