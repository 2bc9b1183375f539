/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static log_sink the_sink;
static enum log_level the_level;

void log_set_sink(log_sink sink, enum log_level level)
{
	the_sink = sink;
	the_level = level;
}

bool log_enabled(enum log_level level)
{
	return the_sink && level <= the_level;
}

void log_message(enum log_level level, const char *fmt, ...)
{
	int saved = errno;
	char msg[1024];
	va_list ap;

	if (!log_enabled(level))
		return;
	va_start(ap, fmt);
	(void)vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	the_sink(level, msg);
	errno = saved;
}
