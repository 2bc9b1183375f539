/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocation that does not fail: out of memory ends the program with a
 * sentence on stderr.  Nothing here may run between clone and the first sync
 * message of a container's init.
 */
#pragma once

#include <stddef.h>
#include <stdlib.h>


static inline void cleanup_freep(void *p)
{
	free(*(void **)p);
}
/* The variable's memory is freed when it goes out of scope. */
#define cleanup_free __attribute__((cleanup(cleanup_freep)))

/* Hands over a pointer: the variable becomes NULL. */
#define take_ptr(p) ({ __auto_type _taken = (p); (p) = NULL; _taken; })

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *p, size_t n, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull, nonnull));
char *xstrndup(const char *s, size_t n) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *fmt, ...)
	__attribute__((malloc, returns_nonnull, format(printf, 1, 2)));
