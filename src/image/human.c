/* SPDX-License-Identifier: Apache-2.0 */
#include "image/human.h"

#include <stdio.h>

#include "base/mem.h"
#include "image/timestamp.h"

struct human human_size(uint64_t bytes)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
	double value = (double)bytes;
	struct human human;
	size_t unit = 0;

	for (; value >= 1000 && unit + 1 < ARRAY_SIZE(units); unit++)
		value /= 1000;
	(void)snprintf(human.s, sizeof(human.s), "%.3g%s", value, units[unit]);
	/* 999.9 rounds up to a power of ten. */
	if (value >= 999.5)
		(void)snprintf(human.s, sizeof(human.s), "%.0f%s", value, units[unit]);
	return human;
}

struct human human_duration(time_t seconds)
{
	enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR };
	/* From LIMIT seconds on the next line counts. */
	static const struct {
		long limit;
		long unit;
		const char *format;
	} steps[] = {
		{ 1, 1, "Less than a second" },	    { 2, 1, "1 second" },
		{ MINUTE, 1, "%ld seconds" },	    { 2 * MINUTE, 1, "About a minute" },
		{ HOUR, MINUTE, "%ld minutes" },    { 2 * HOUR, 1, "About an hour" },
		{ 48 * HOUR, HOUR, "%ld hours" },   { 14 * DAY, DAY, "%ld days" },
		{ 60 * DAY, 7 * DAY, "%ld weeks" }, { 2 * 365 * DAY, 30 * DAY, "%ld months" },
	};
	struct human human;

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		if (seconds >= steps[i].limit)
			continue;
		(void)snprintf(human.s, sizeof(human.s), steps[i].format,
			       (long)seconds / steps[i].unit);
		return human;
	}
	(void)snprintf(human.s, sizeof(human.s), "%ld years", (long)seconds / (365 * DAY));
	return human;
}

struct human human_since(const char *timestamp)
{
	struct human human = { "N/A" };
	struct timespec then;

	if (timestamp && timestamp_parse(timestamp, &then)) {
		struct human age = human_duration(time(NULL) - then.tv_sec);

		(void)snprintf(human.s, sizeof(human.s), "%.26s ago", age.s);
	}
	return human;
}
