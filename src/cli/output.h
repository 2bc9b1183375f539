/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where messages go.  A failure is one line "PROGRAM: sentence (hint)" on
 * stderr, which is where all engines look.  With --log it is a line in that
 * file too, in runc's text or JSON format; with --log-format json alone the JSON
 * line takes the place of the sentence.
 *
 * A JSON line has "level", "msg" and "time", and for a failure what is known of
 * "phase", "step", "syscall", "errno" (its name), "path", "pointer" and "hint".
 */
#pragma once

#include "base/error.h"
#include "base/log.h"
#include "base/str.h"

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

/*
 * Appends a sentence with control characters made visible: part of it may be a
 * file name that an image chose, and a terminal would obey it.
 */
void output_add_visible(struct strbuf *sb, const char *s);

/* Writes TEXT to stdout as it is; a full disk or a closed pipe is an error. */
int output_write(const char *text, struct error *err);
