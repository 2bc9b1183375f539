/* SPDX-License-Identifier: Apache-2.0 */
/* musl's <unistd.h>, and what glibc's has besides. */
#pragma once
#include_next <unistd.h>

#include <errno.h>
#include <sys/syscall.h>

#ifndef TEMP_FAILURE_RETRY
#define TEMP_FAILURE_RETRY(expression)                                                             \
	__extension__({                                                                            \
		long result_;                                                                      \
		do                                                                                 \
			result_ = (long)(expression);                                              \
		while (result_ < 0 && errno == EINTR);                                             \
		result_;                                                                           \
	})
#endif

static inline int execveat(int dfd, const char *path, char *const argv[], char *const envp[],
			   int flags)
{
	return (int)syscall(SYS_execveat, dfd, path, argv, envp, flags);
}

static inline int close_range(unsigned int first, unsigned int last, int flags)
{
	return (int)syscall(SYS_close_range, first, last, flags);
}
