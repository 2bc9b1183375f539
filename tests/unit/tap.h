/* SPDX-License-Identifier: Apache-2.0 */
/* Test Anything Protocol output for the unit tests. */
#pragma once

#include <stdbool.h>

/* One test; EXPR's text is its name. Returns EXPR, so that a test can stop early. */
#define ok(expr) tap_ok((expr), #expr, __FILE__, __LINE__)
/* One test with a name of its own. */
#define ok_named(expr, ...) tap_ok_named((expr), __FILE__, __LINE__, __VA_ARGS__)
/* Both strings equal (NULL is equal to NULL only). */
#define ok_str(got, want) tap_ok_str((got), (want), #got, __FILE__, __LINE__)
#define ok_int(got, want) tap_ok_int((got), (want), #got, __FILE__, __LINE__)

bool tap_ok(bool passed, const char *name, const char *file, int line);
bool tap_ok_named(bool passed, const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
bool tap_ok_str(const char *got, const char *want, const char *name, const char *file, int line);
bool tap_ok_int(long long got, long long want, const char *name, const char *file, int line);
void tap_skip(const char *name, const char *reason);

/* Ends the whole program as skipped; only before the first test. */
void tap_skip_all(const char *reason) __attribute__((noreturn));

/* The number of fds this process has open: equal before and after means no leak. */
int tap_count_fds(void);

/*
 * Runs FN in a child of its own, for what cannot be undone (credentials, filters,
 * limits), and returns what it returned, 0 to 127; 128 + N when signal N ended it.
 */
int tap_in_child(int (*fn)(void));

/* Prints the plan; main() returns this: 0 if every test passed. */
int tap_done(void);
