/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --format, as docker has it: "json", or a template, of which the part that
 * people use is known: {{.Field}}, {{.Field.Member}}, {{json .Field}},
 * {{json .}}, {{.}}, {{"text"}}, and \t and \n outside of these.  A template
 * that starts with "table " makes columns of what \t separates.
 */
#pragma once

#include "base/error.h"
#include "base/str.h"

struct format_rows {
	/* "json" or a template; not "table" alone. */
	const char *format;
	struct strvec cells;
	size_t n_columns;
};

#define FORMAT_ROWS_INIT(text) { .format = (text), .cells = STRVEC_INIT }

/* Shows the object JSON, one line at least, in OUT or later. */
int format_rows_add(struct format_rows *rows, const char *json, struct strbuf *out,
		    struct error *err);

/* The table, if it is one, with a heading made of the fields' names. */
int format_rows_finish(struct format_rows *rows, struct strbuf *out, struct error *err);

void format_rows_release(struct format_rows *rows);
#define cleanup_format_rows __attribute__((cleanup(format_rows_release)))
