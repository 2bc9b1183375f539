/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "cli/help.h"
#include "cli/output.h"

enum {
	STATUS_FAILURE = 1,
	/* As runc has it. */
	STATUS_UNKNOWN_COMMAND = 3,
};

static const struct command *find_command(const struct program *program, const char *name)
{
	for (const struct command *const *c = program->commands; *c; c++)
		if (streq((*c)->name, name))
			return *c;
	return NULL;
}

static enum log_level chosen_level(const struct globals *globals)
{
	const char *name = globals->log_level;

	if (globals->debug || (name && streq(name, "debug")))
		return LOG_LEVEL_DEBUG;
	if (name && streq(name, "info"))
		return LOG_LEVEL_INFO;
	if (name && streq(name, "error"))
		return LOG_LEVEL_ERROR;
	return LOG_LEVEL_WARNING;
}

static int start_output(const struct program *program, const struct globals *globals,
			struct error *err)
{
	struct output_options options = {
		.program = program->name,
		.log = globals->log && *globals->log ? globals->log : NULL,
		.json = globals->log_format && streq(globals->log_format, "json"),
		.level = chosen_level(globals),
	};

	return output_init(&options, err);
}

/* The program's exit status for a failure of COMMAND (NULL: before one was known). */
static int fail(const struct command *command, struct error *err)
{
	(void)error_step(err, command ? command->name : "options", "");
	output_error(err);
	if (err->exit_status)
		return err->exit_status;
	return command && command->failure_status ? command->failure_status : STATUS_FAILURE;
}

static int print(char *owned_text, struct error *err)
{
	cleanup_free char *text = owned_text;

	return output_write(text, err);
}

static int check_arguments(const struct program *program, const struct command *command,
			   size_t n, struct error *err)
{
	if (n >= command->min_args && n <= command->max_args)
		return 0;
	(void)error_set(err, EINVAL, "\"%s\" got too %s arguments, it takes: %s", command->name,
			n < command->min_args ? "few" : "many",
			*command->arguments ? command->arguments : "none");
	return error_hint(err, "see \"%s %s --help\"", program->name, command->name);
}

static bool wants_help(int argc, char **argv)
{
	return argc > 1 && (streq(argv[1], "--help") || streq(argv[1], "-h"));
}

/* ARGV starts with the command's own name. */
static int run_command(const struct program *program, const struct command *command,
		       const void *globals, int argc, char **argv)
{
	cleanup_free void *values = xcalloc(1, command->options_size + 1);
	struct invocation invocation = { .globals = globals, .options = values };
	struct error err = ERROR_INIT;
	int n_used, r;

	if (wants_help(argc, argv)) {
		r = print(help_of_command(program, command), &err);
		return r < 0 ? fail(command, &err) : EXIT_SUCCESS;
	}
	if (command->defaults)
		memcpy(values, command->defaults, command->options_size);
	r = option_parse(command->options, values, argc, argv, command->max_args == COMMAND_MANY,
			 &n_used, &err);
	if (r == 0) {
		invocation.args = argv + n_used;
		invocation.n_args = (size_t)(argc - n_used);
		r = check_arguments(program, command, invocation.n_args, &err);
	} else {
		(void)error_hint(&err, "see \"%s %s --help\"", program->name, command->name);
	}
	log_debug("%s %s, built from %s", command->name,
		  invocation.n_args ? invocation.args[0] : "", DABBA_COMMIT);
	if (r == 0)
		r = command->run(&invocation, &err);
	option_release(command->options, values);
	return r < 0 ? fail(command, &err) : invocation.exit_status;
}

static int unknown_command(const struct program *program, const char *name)
{
	struct error err = ERROR_INIT;

	(void)error_set(&err, EINVAL, "unknown command \"%s\"", name);
	(void)error_hint(&err, "see \"%s --help\"", program->name);
	err.exit_status = STATUS_UNKNOWN_COMMAND;
	return fail(NULL, &err);
}

/* "help COMMAND" is "COMMAND --help". */
static int print_help(const struct program *program, const char *name)
{
	const struct command *command = name ? find_command(program, name) : NULL;
	struct error err = ERROR_INIT;
	int r;

	if (name && !command)
		return unknown_command(program, name);
	r = print(command ? help_of_command(program, command) : help_of_program(program), &err);
	return r < 0 ? fail(NULL, &err) : EXIT_SUCCESS;
}

static int print_version(const struct program *program)
{
	struct error err = ERROR_INIT;

	return output_write(program->version, &err) < 0 ? fail(NULL, &err) : EXIT_SUCCESS;
}

/* A hidden command of every program, written from the tables like the help. */
static int print_completion(const struct program *program)
{
	struct error err = ERROR_INIT;

	return print(completion_for_bash(program), &err) < 0 ? fail(NULL, &err) : EXIT_SUCCESS;
}

static int dispatch(const struct program *program, const void *globals, char **whole_argv,
		    int argc, char **argv)
{
	const struct command *command;
	struct error err = ERROR_INIT;

	if (argc == 0) {
		cleanup_free char *help = help_of_program(program);

		(void)fputs(help, stderr);
		return STATUS_FAILURE;
	}
	if (streq(argv[0], "help"))
		return print_help(program, argc > 1 ? argv[1] : NULL);
	if (streq(argv[0], "completion"))
		return print_completion(program);
	command = find_command(program, argv[0]);
	if (!command)
		return unknown_command(program, argv[0]);
	/* Before the options are parsed, which reorders them. */
	if (command->enters_container && program->protect(whole_argv, &err) < 0)
		return fail(command, &err);
	return run_command(program, command, globals, argc, argv);
}

/*
 * What is opened first gets the lowest number that is free: where that is above them,
 * the standard fds are open.  Nearly every command needs /proc.
 */
static int open_standard_fds(struct error *err)
{
	struct error ignored = ERROR_INIT;

	if (proc_fd(&ignored) > STDERR_FILENO)
		return 0;
	proc_forget();
	return fd_open_standard(err);
}

int program_main(const struct program *program, int argc, char **argv)
{
	cleanup_free struct globals *globals = xcalloc(1, program->globals_size);
	struct error err = ERROR_INIT;
	int n_used, r;

	if (open_standard_fds(&err) < 0)
		return fail(NULL, &err);
	r = option_parse(program->globals, globals, argc, argv, true, &n_used, &err);
	if (r < 0)
		(void)error_hint(&err, "see \"%s --help\"", program->name);
	else
		r = start_output(program, globals, &err);
	if (r < 0)
		return fail(NULL, &err);
	if (globals->help)
		return print_help(program, NULL);
	if (globals->version)
		return print_version(program);
	if (program->prepare && program->prepare(globals, &err) < 0)
		return fail(NULL, &err);
	return dispatch(program, globals, argv, argc - n_used, argv + n_used);
}
