/* SPDX-License-Identifier: Apache-2.0 */
/* The dates in image documents: RFC 3339. */
#pragma once

#include <stdbool.h>
#include <time.h>

struct timestamp {
	char s[40];
};

/* Now, in UTC with nanoseconds; $SOURCE_DATE_EPOCH (seconds) stands in for it if set. */
struct timestamp timestamp_now(void);

/* false when TEXT is no such date. */
bool timestamp_parse(const char *text, struct timespec *time);

/* In UTC, whole seconds: "2026-01-31T12:00:00Z". */
struct timestamp timestamp_format(const struct timespec *time);

/* $SOURCE_DATE_EPOCH, or 0: for files that shall not tell when they were written. */
time_t timestamp_source_date(void);
