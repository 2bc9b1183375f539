/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options as data.  One table per command says what it takes; parsing, help,
 * completion and the check of the manual pages all read that table.
 *
 * Values land in a struct of the command's own, at the offset each entry
 * names.  "--name value", "--name=value" and unambiguous abbreviations of a
 * name are accepted; a flag takes "=true" and "=false" too.
 */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

enum option_kind {
	/* bool: given or not. */
	OPTION_FLAG,
	/* const char *: points into argv. */
	OPTION_STRING,
	/* const char *: one of the words of .value, which are separated by "|". */
	OPTION_CHOICE,
	/* unsigned int. */
	OPTION_NUMBER,
	/* struct strvec: each use adds one. */
	OPTION_LIST,
	/* No value: taken for the sake of callers of runc or crun, and ignored. */
	OPTION_IGNORED_FLAG,
	OPTION_IGNORED_STRING,
};

struct option_spec {
	const char *name;
	/* One letter, or 0. */
	char letter;
	enum option_kind kind;
	size_t offset;
	/* What stands for the value in the help: "FILE", or the words of a choice. */
	const char *value;
	/* Half a line. */
	const char *help;
};

/* The end of a table. */
#define OPTION_END { .name = NULL }

/* Whether the option is followed by a value. */
bool option_takes_value(const struct option_spec *option);

/*
 * Parses ARGV from its second element on and fills the struct at VALUES.
 * *N_USED is the index of the first argument that is no option; with
 * STOP_AT_ARGUMENT options end there, else options and arguments may be mixed
 * and ARGV is reordered.  -EINVAL is a usage error.
 */
int option_parse(const struct option_spec *options, void *values, int argc, char **argv,
		 bool stop_at_argument, int *n_used, struct error *err);

/* Frees the lists in VALUES. */
void option_release(const struct option_spec *options, void *values);
