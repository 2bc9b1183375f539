/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes and ages in docker's words. */
#pragma once

#include <stdint.h>
#include <time.h>

struct human {
	char s[32];
};

/* "0B", "5.6kB", "124MB": three digits, powers of 1000. */
struct human human_size(uint64_t bytes);

/* "Less than a second", "3 minutes", "2 weeks". */
struct human human_duration(time_t seconds);

/* "3 minutes ago" from RFC 3339 text; "N/A" without a date. */
struct human human_since(const char *timestamp);
