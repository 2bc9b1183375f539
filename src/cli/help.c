/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include <stdio.h>

#include "base/mem.h"

/* Where the explanations start, and how far a line goes. */
enum { HELP_COLUMN = 32, HELP_WIDTH = 80 };

/* Appends TEXT from column COLUMN on, broken between words; starts with the line's LEN so far. */
static void add_wrapped(struct strbuf *sb, size_t len, size_t column, const char *text)
{
	if (len > 0 && len + 2 > column) {
		strbuf_addch(sb, '\n');
		len = 0;
	}
	strbuf_addf(sb, "%*s", (int)(column - len), "");
	len = column;
	while (*text) {
		size_t n = strcspn(text, " ");

		if (len > column && len + 1 + n > HELP_WIDTH) {
			strbuf_addf(sb, "\n%*s", (int)column, "");
			len = column;
		} else if (len > column) {
			strbuf_addch(sb, ' ');
			len++;
		}
		strbuf_add(sb, text, n);
		len += n;
		text += n + strspn(text + n, " ");
	}
	strbuf_addch(sb, '\n');
}

static void add_options(struct strbuf *sb, const struct option_spec *options)
{
	for (; options->name; options++) {
		size_t start = sb->len;

		if (options->letter)
			strbuf_addf(sb, "  -%c, --%s", options->letter, options->name);
		else
			strbuf_addf(sb, "      --%s", options->name);
		if (option_takes_value(options))
			strbuf_addf(sb, " %s", options->value);
		add_wrapped(sb, sb->len - start, HELP_COLUMN, options->help);
	}
}

char *help_of_program(const struct program *program)
{
	struct strbuf sb = STRBUF_INIT;

	strbuf_addf(&sb, "Usage: %s [GLOBAL OPTION]... COMMAND [OPTION]... [ARGUMENT]...\n\n%s\n",
		    program->name, program->summary);
	strbuf_adds(&sb, "\nCommands:\n");
	for (const struct command *const *c = program->commands; *c; c++) {
		size_t start = sb.len;

		if ((*c)->is_hidden)
			continue;
		strbuf_addf(&sb, "  %s", (*c)->name);
		add_wrapped(&sb, sb.len - start, 16, (*c)->summary);
	}
	strbuf_adds(&sb, "\nGlobal options:\n");
	add_options(&sb, program->globals);
	strbuf_addf(&sb, "\n\"%s COMMAND --help\" explains a command.\n", program->name);
	return strbuf_detach(&sb);
}

char *help_of_command(const struct program *program, const struct command *command)
{
	struct strbuf sb = STRBUF_INIT;

	strbuf_addf(&sb, "Usage: %s [GLOBAL OPTION]... %s [OPTION]... %s\n\n%s.\n", program->name,
		    command->name, command->arguments, command->summary);
	if (command->description) {
		strbuf_addch(&sb, '\n');
		add_wrapped(&sb, 0, 0, command->description);
	}
	strbuf_adds(&sb, "\nOptions:\n");
	add_options(&sb, command->options);
	strbuf_addf(&sb, "  -h, --help%*s%s\n", HELP_COLUMN - 12, "", "print this");
	return strbuf_detach(&sb);
}

static void add_option_words(struct strbuf *sb, const struct option_spec *options)
{
	for (; options->name; options++)
		strbuf_addf(sb, " --%s", options->name);
}

char *completion_for_bash(const struct program *program)
{
	struct strbuf sb = STRBUF_INIT;
	cleanup_free char *function = xstrdup(program->name);

	for (char *c = function; *c; c++)
		if (*c == '-')
			*c = '_';
	strbuf_addf(&sb, "# bash completion for %s, written by \"%s completion\"\n_%s()\n{\n",
		    program->name, program->name, function);
	strbuf_adds(&sb, "\tlocal cur=${COMP_WORDS[COMP_CWORD]} verb='' word words\n"
			 "\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
			 "\t\tcase $word in\n");
	strbuf_adds(&sb, "\t\t");
	for (const struct command *const *c = program->commands; *c; c++)
		strbuf_addf(&sb, "%s%s", c == program->commands ? "" : "|", (*c)->name);
	strbuf_adds(&sb, ") verb=$word; break ;;\n\t\tesac\n\tdone\n\tcase $verb in\n");
	for (const struct command *const *c = program->commands; *c; c++) {
		strbuf_addf(&sb, "\t%s) words=\"--help", (*c)->name);
		add_option_words(&sb, (*c)->options);
		strbuf_adds(&sb, "\" ;;\n");
	}
	strbuf_adds(&sb, "\t*) words=\"");
	for (const struct command *const *c = program->commands; *c; c++)
		strbuf_addf(&sb, "%s%s", c == program->commands ? "" : " ", (*c)->name);
	add_option_words(&sb, program->globals);
	strbuf_addf(&sb, "\" ;;\n\tesac\n"
			 "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n}\n"
			 "complete -o default -F _%s %s\n", function, program->name);
	return strbuf_detach(&sb);
}
