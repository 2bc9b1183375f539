/* SPDX-License-Identifier: Apache-2.0 */
/* Option tables: every spelling a client may use, and every way to get it wrong. */
#include "tests/unit/tap.h"

#include <string.h>

#include "base/mem.h"
#include "cli/option.h"

struct values {
	bool detach, tty;
	const char *bundle, *format;
	unsigned int fds;
	struct strvec env;
};

static const struct option_spec options[] = {
	{ "detach", 'd', OPTION_FLAG, offsetof(struct values, detach), NULL, "" },
	{ "tty", 't', OPTION_FLAG, offsetof(struct values, tty), NULL, "" },
	{ "bundle", 'b', OPTION_STRING, offsetof(struct values, bundle), "DIR", "" },
	{ "format", 'f', OPTION_CHOICE, offsetof(struct values, format), "text|json", "" },
	{ "preserve-fds", 0, OPTION_NUMBER, offsetof(struct values, fds), "N", "" },
	{ "env", 'e', OPTION_LIST, offsetof(struct values, env), "NAME=VALUE", "" },
	{ "no-subreaper", 0, OPTION_IGNORED_FLAG, 0, NULL, "" },
	{ "criu", 0, OPTION_IGNORED_STRING, 0, "PATH", "" },
	OPTION_END,
};

/* Parses the words of LINE; fills WORDS, which must stay as long as VALUES is used. */
static int parse(const char *line, bool stop, struct values *values, char **argv, int *n_used,
		 struct error *err)
{
	static char words[256];
	int argc = 0;

	*values = (struct values){ .env = STRVEC_INIT };
	(void)strncpy(words, line, sizeof(words) - 1);
	for (char *save = NULL, *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	argv[argc] = NULL;
	return option_parse(options, values, argc, argv, stop, n_used, err);
}

static void test_spellings(void)
{
	struct error err = ERROR_INIT;
	struct values v;
	char *argv[32];
	int n;

	ok(parse("x --bundle=/a -dt --format json --preserve-fds 3 -e A=1 --env=B= id", true, &v,
		 argv, &n, &err) == 0);
	ok_str(v.bundle, "/a");
	ok(v.detach && v.tty && v.fds == 3);
	ok_str(v.format, "json");
	ok(v.env.n == 2 && streq(v.env.v[0], "A=1") && streq(v.env.v[1], "B="));
	ok_str(argv[n], "id");
	option_release(options, &v);
	ok(v.env.n == 0);

	ok(parse("x --detach=false --tty=true --criu /x --no-subreaper", true, &v, argv, &n,
		 &err) == 0);
	ok(!v.detach && v.tty && argv[n] == NULL);
}

static void test_where_options_end(void)
{
	struct error err = ERROR_INIT;
	struct values v;
	char *argv[32];
	int n;

	ok(parse("x id ls -t --bundle", true, &v, argv, &n, &err) == 0);
	ok(n == 1 && !v.tty);
	ok(parse("x id -t 9", false, &v, argv, &n, &err) == 0);
	ok(n == 2 && v.tty);
	ok_str(argv[2], "id");
	ok_str(argv[3], "9");
	ok(parse("x -t -- -b", false, &v, argv, &n, &err) == 0);
	ok_str(argv[n], "-b");
}

static void test_mistakes(void)
{
	static const struct {
		const char *line, *msg;
	} cases[] = {
		{ "x --nosuch", "unknown option --nosuch" },
		{ "x -z", "unknown option -z" },
		{ "x --bundle", "option --bundle needs a value" },
		{ "x -b", "option --bundle needs a value" },
		{ "x --format yaml", "option --format: \"yaml\" is none of text|json" },
		{ "x --format=js", "option --format: \"js\" is none of text|json" },
		{ "x --preserve-fds=-1", "option --preserve-fds: \"-1\" is not a number" },
		{ "x --preserve-fds 4294967296",
		  "option --preserve-fds: \"4294967296\" is not a number" },
		{ "x --tty=maybe", "option --tty: \"maybe\" is neither true nor false" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct error err = ERROR_INIT;
		struct values v;
		char *argv[32];
		int n;

		ok_int(parse(cases[i].line, true, &v, argv, &n, &err), -EINVAL);
		ok_str(err.msg, cases[i].msg);
	}
}

int main(void)
{
	test_spellings();
	test_where_options_end();
	test_mistakes();
	return tap_done();
}
