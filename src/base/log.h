/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages that are not failures.  Libraries say them here; where they go (a
 * file, stderr, nowhere) is the program's choice.
 */
#pragma once

#include <stdbool.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

typedef void (*log_sink)(enum log_level level, const char *msg);

/* SINK gets every message of LEVEL or graver; NULL silences all. */
void log_set_sink(log_sink sink, enum log_level level);

/* Whether a message of LEVEL goes anywhere: ask before costly formatting. */
bool log_enabled(enum log_level level);

void log_message(enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#define log_warning(...) log_message(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_message(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_message(LOG_LEVEL_DEBUG, __VA_ARGS__)
