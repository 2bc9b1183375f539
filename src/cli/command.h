/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands as data: a program is a table of commands and a table of global
 * options, which stand before the command's name.  program_main() is the whole
 * of main() for both programs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "cli/option.h"

/* The global options that every program has. */
struct globals {
	/* Absolute once parsed; never NULL. */
	const char *root;
	const char *log;
	const char *log_format;
	const char *log_level;
	bool debug;
	bool help;
	bool version;
};

struct invocation {
	/* The program's own struct, which starts with struct globals. */
	const void *globals;
	/* The command's own struct, filled from its table. */
	void *options;
	/* What is left after the options; NULL-terminated. */
	char **args;
	size_t n_args;
	/* What the program exits with after success; 0 unless the command sets it. */
	int exit_status;
};

struct command {
	const char *name;
	/* "ID [SIGNAL]" */
	const char *arguments;
	/* One line in the list of commands, without a full stop. */
	const char *summary;
	/* A paragraph or more for the command's help; or NULL. */
	const char *description;
	const struct option_spec *options;
	/* The struct the options fill: its size, and its first content or NULL for zeroes. */
	size_t options_size;
	const void *defaults;
	size_t min_args;
	/* COMMAND_MANY for any number: then the first argument ends the options. */
	size_t max_args;
	/* What a failure exits with; 0 means 1. */
	int failure_status;
	/* Runs from a copy of the program that a container cannot write: program.protect. */
	bool enters_container;
	/* Not in the list of commands. */
	bool is_hidden;
	int (*run)(struct invocation *invocation, struct error *err);
};

enum { COMMAND_MANY = 1 << 20 };

struct program {
	const char *name;
	const char *summary;
	/* NULL-terminated. */
	const struct command *const *commands;
	const struct option_spec *globals;
	size_t globals_size;
	/* Last look at the globals before a command runs (defaults); or NULL. */
	int (*prepare)(void *globals, struct error *err);
	/* Executes ARGV again from a protected copy; 0 if this is one (linux/self-exe.h). */
	int (*protect)(char **argv, struct error *err);
	/* What --version prints, complete. */
	const char *version;
};

/* The rows of the global table that fill struct globals, to be continued by the program. */
#define GLOBAL_OPTIONS(root_help)                                                            \
	{ "root", 0, OPTION_STRING, offsetof(struct globals, root), "DIR", root_help },      \
	{ "log", 0, OPTION_STRING, offsetof(struct globals, log), "FILE",                    \
	  "append messages to FILE" },                                                       \
	{ "log-format", 0, OPTION_CHOICE, offsetof(struct globals, log_format), "text|json", \
	  "how messages are written" },                                                      \
	{ "log-level", 0, OPTION_CHOICE, offsetof(struct globals, log_level),                \
	  "error|warning|info|debug", "the least grave messages to write" },                 \
	{ "debug", 0, OPTION_FLAG, offsetof(struct globals, debug), NULL,                    \
	  "the same as --log-level=debug" },                                                 \
	{ "help", 'h', OPTION_FLAG, offsetof(struct globals, help), NULL, "print this" },    \
	{ "version", 'v', OPTION_FLAG, offsetof(struct globals, version), NULL,              \
	  "print the version" }

/* Runs the command that ARGV names; returns what main() returns. */
int program_main(const struct program *program, int argc, char **argv);
