/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where messages go.  Without --log they go to stderr: as lines of runc's text
 * or JSON format, or as plain sentences when a person reads them on a
 * terminal.  With --log the formatted line goes to the file, and a failure's
 * sentence to stderr as well, which is what the engines expect.
 *
 * A JSON line has "level", "msg" and "time", and for a failure what is known of
 * "step", "syscall", "errno" (its name), "pointer" and "hint".
 */
#pragma once

#include "base/error.h"
#include "base/log.h"

struct output_options {
	/* How the program calls itself on a terminal. */
	const char *program;
	/* A file, or NULL for stderr. */
	const char *log;
	bool json;
	enum log_level level;
};

/* Opens the log file and takes over log_message(). */
int output_init(const struct output_options *options, struct error *err);

/* The one place where a failure is printed. */
void output_error(const struct error *err);

/* Writes TEXT to stdout as it is; a full disk or a closed pipe is an error. */
int output_write(const char *text, struct error *err);
