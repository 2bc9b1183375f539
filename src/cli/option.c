/* SPDX-License-Identifier: Apache-2.0 */
/* The tables drive getopt_long(3); its own messages are replaced by ours. */
#include "cli/option.h"

#include <getopt.h>
#include <limits.h>

#include "base/mem.h"

/* getopt_long's value for the first long option: above every letter. */
enum { FIRST_LONG = 256 };

bool option_takes_value(const struct option_spec *option)
{
	return option->kind != OPTION_FLAG && option->kind != OPTION_IGNORED_FLAG;
}

static size_t count(const struct option_spec *options)
{
	size_t n = 0;

	while (options[n].name)
		n++;
	return n;
}

/*
 * A flag's "=false" needs optional_argument, but only in the long form: "-dt"
 * must stay two flags.
 */
static struct option *make_long_options(const struct option_spec *options)
{
	size_t n = count(options);
	struct option *table = xcalloc(n + 1, sizeof(*table));

	for (size_t i = 0; i < n; i++)
		table[i] = (struct option){
			.name = options[i].name,
			.has_arg = option_takes_value(&options[i]) ? required_argument
								   : optional_argument,
			.val = FIRST_LONG + (int)i,
		};
	return table;
}

/*
 * ":" makes getopt tell a missing value from an unknown option, and "=" is how
 * it gives us the rest of "-H=false", which others write for a flag.
 */
static char *make_letters(const struct option_spec *options, bool stop_at_argument)
{
	struct strbuf letters = STRBUF_INIT;

	strbuf_adds(&letters, stop_at_argument ? "+:=:" : ":=:");
	for (; options->name; options++)
		if (options->letter)
			strbuf_addf(&letters, "%c%s", options->letter,
				    option_takes_value(options) ? ":" : "");
	return strbuf_detach(&letters);
}

static const struct option_spec *find(const struct option_spec *options, int value)
{
	if (value >= FIRST_LONG)
		return &options[value - FIRST_LONG];
	for (; options->name; options++)
		if (options->letter == value)
			return options;
	return NULL;
}

static bool is_choice(const char *choices, const char *value)
{
	size_t n = strlen(value);

	for (const char *at = choices; at; at = strchr(at, '|')) {
		at += *at == '|';
		if (n > 0 && strncmp(at, value, n) == 0 && (at[n] == '|' || at[n] == '\0'))
			return true;
	}
	return false;
}

static int set_flag(const struct option_spec *option, bool *flag, const char *value,
		    struct error *err)
{
	if (!value || streq(value, "true") || streq(value, "1"))
		*flag = true;
	else if (streq(value, "false") || streq(value, "0"))
		*flag = false;
	else
		return error_set(err, EINVAL, "option --%s: \"%s\" is neither true nor false",
				 option->name, value);
	return 0;
}

static int set_value(const struct option_spec *option, void *values, const char *value,
		     struct error *err)
{
	void *target = (char *)values + option->offset;
	uint64_t number;

	switch (option->kind) {
	case OPTION_FLAG:
		return set_flag(option, target, value, err);
	case OPTION_CHOICE:
		if (!is_choice(option->value, value))
			return error_set(err, EINVAL, "option --%s: \"%s\" is none of %s",
					 option->name, value, option->value);
		*(const char **)target = value;
		return 0;
	case OPTION_STRING:
		*(const char **)target = value;
		return 0;
	case OPTION_NUMBER:
		if (!str_to_u64(value, UINT_MAX, &number))
			return error_set(err, EINVAL, "option --%s: \"%s\" is not a number",
					 option->name, value);
		*(unsigned int *)target = (unsigned int)number;
		return 0;
	case OPTION_LIST:
		strvec_push(target, value);
		return 0;
	case OPTION_IGNORED_FLAG:
	case OPTION_IGNORED_STRING:
		return 0;
	}
	return 0;
}

/* optopt is the letter, or the long option's value, or 0 for an unknown long one. */
static int usage_error(const struct option_spec *options, int result, const char *word,
		       struct error *err)
{
	const struct option_spec *option = optopt ? find(options, optopt) : NULL;

	if (result == ':' && option)
		return error_set(err, EINVAL, "option --%s needs a value", option->name);
	if (optopt > 0 && optopt < FIRST_LONG)
		return error_set(err, EINVAL, "unknown option -%c", optopt);
	return error_set(err, EINVAL, "unknown option %s", word);
}

int option_parse(const struct option_spec *options, void *values, int argc, char **argv,
		 bool stop_at_argument, int *n_used, struct error *err)
{
	cleanup_free struct option *long_options = make_long_options(options);
	cleanup_free char *letters = make_letters(options, stop_at_argument);
	/* The flag whose letter came last. */
	const struct option_spec *flag = NULL;

	/* 0 and not 1: glibc then forgets what it knew of another argv. */
	optind = 0;
	opterr = 0;
	for (;;) {
		int result = getopt_long(argc, argv, letters, long_options, NULL), r;
		const struct option_spec *option;

		if (result == -1)
			break;
		if (result == '?' || result == ':' || (result == '=' && !flag))
			return usage_error(options, result, argv[optind - 1], err);
		option = result == '=' ? flag : find(options, result);
		flag = result < FIRST_LONG && option->kind == OPTION_FLAG ? option : NULL;
		r = set_value(option, values, optarg, err);
		if (r < 0)
			return r;
	}
	*n_used = optind;
	return 0;
}

void option_release(const struct option_spec *options, void *values)
{
	for (; options->name; options++)
		if (options->kind == OPTION_LIST)
			strvec_release((struct strvec *)((char *)values + options->offset));
}
