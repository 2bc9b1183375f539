/* SPDX-License-Identifier: Apache-2.0 */
#include "image/timestamp.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"

struct timestamp timestamp_format(const struct timespec *time)
{
	struct timestamp stamp = { "" };
	struct tm tm;

	if (gmtime_r(&time->tv_sec, &tm))
		(void)strftime(stamp.s, sizeof(stamp.s), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return stamp;
}

static bool source_date(time_t *time)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	uint64_t seconds;

	if (!epoch || !str_to_u64(epoch, INT64_MAX, &seconds))
		return false;
	*time = (time_t)seconds;
	return true;
}

time_t timestamp_source_date(void)
{
	time_t time = 0;

	(void)source_date(&time);
	return time;
}

struct timestamp timestamp_now(void)
{
	struct timespec now = { .tv_sec = 0 };
	struct timestamp stamp;
	size_t len;

	if (source_date(&now.tv_sec))
		return timestamp_format(&now);
	(void)clock_gettime(CLOCK_REALTIME, &now);
	stamp = timestamp_format(&now);
	/* Before the Z. */
	len = strlen(stamp.s);
	if (len)
		(void)snprintf(stamp.s + len - 1, sizeof(stamp.s) - len + 1, ".%09ldZ",
			       now.tv_nsec);
	return stamp;
}

/* "Z", "+01:00" or "-01:00": seconds east. */
static bool parse_offset(const char *s, long *east)
{
	int hours, minutes, n = 0;

	if (streq(s, "Z") || streq(s, "z")) {
		*east = 0;
		return true;
	}
	if ((*s != '+' && *s != '-') || sscanf(s + 1, "%2d:%2d%n", &hours, &minutes, &n) != 2 ||
	    s[1 + n] != '\0')
		return false;
	*east = (hours * 60L + minutes) * 60 * (*s == '-' ? -1 : 1);
	return true;
}

bool timestamp_parse(const char *text, struct timespec *time)
{
	struct tm tm = { .tm_sec = 0 };
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	long scale = 100000000, nsec = 0, east;

	if (!rest)
		return false;
	if (*rest == '.')
		for (rest++; *rest >= '0' && *rest <= '9'; rest++, scale /= 10)
			nsec += (*rest - '0') * scale;
	if (!parse_offset(rest, &east))
		return false;
	time->tv_sec = timegm(&tm) - east;
	time->tv_nsec = nsec;
	return true;
}
