/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recursive descent over GVariant's text format.  A value either says its
 * type itself or is given one by what is around it; numbers are int32 and
 * decimal fractions are double where nothing is said, as in GLib.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "linux/cgroup-systemd.h"

/* Deeper than any property of systemd. */
enum { MAX_DEPTH = 8 };

struct parser {
	const char *at;
	int depth;
	struct strvec *values;
	struct error *err;
};

static const struct type_name {
	const char *word;
	char code;
	int64_t min;
	uint64_t max;
} types[] = {
	{ "boolean", 'b', 0, 0 },
	{ "byte", 'y', 0, UINT8_MAX },
	{ "int16", 'n', INT16_MIN, INT16_MAX },
	{ "uint16", 'q', 0, UINT16_MAX },
	{ "int32", 'i', INT32_MIN, INT32_MAX },
	{ "uint32", 'u', 0, UINT32_MAX },
	{ "int64", 'x', INT64_MIN, INT64_MAX },
	{ "uint64", 't', 0, UINT64_MAX },
	{ "double", 'd', 0, 0 },
	{ "string", 's', 0, 0 },
	{ "objectpath", 'o', 0, 0 },
	{ "signature", 'g', 0, 0 },
};

static int parse_value(struct parser *p, const char *want, struct strbuf *signature);

static void skip_blanks(struct parser *p)
{
	p->at += strspn(p->at, " \t\n");
}

static int refuse(struct parser *p, const char *what)
{
	if (*p->at == '\0')
		return error_set(p->err, EINVAL, "%s expected at the end", what);
	return error_set(p->err, EINVAL, "%s expected at \"%.40s\"", what, p->at);
}

static const struct type_name *find_type(char code)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].code == code)
			return &types[i];
	return NULL;
}

/* The length of the first complete type of SIGNATURE, 0 if there is none. */
static size_t type_length(const char *signature)
{
	size_t n, length = 1;

	if (*signature == 'a') {
		n = type_length(signature + 1);
		return n ? n + 1 : 0;
	}
	if (*signature != '(')
		return *signature && find_type(*signature) ? 1 : 0;
	while (signature[length] != ')') {
		n = type_length(signature + length);
		if (n == 0)
			return 0;
		length += n;
	}
	return length > 1 ? length + 1 : 0;
}

/* Takes WORD if it stands there and no name goes on after it. */
static bool take_word(struct parser *p, const char *word)
{
	const char *rest = str_skip_prefix(p->at, word);

	if (!rest || isalnum((unsigned char)*rest) || *rest == '_')
		return false;
	p->at = rest;
	return true;
}

static bool take_char(struct parser *p, char c)
{
	skip_blanks(p);
	if (*p->at != c)
		return false;
	p->at++;
	return true;
}

static int parse_boolean(struct parser *p)
{
	if (take_word(p, "true"))
		strvec_push(p->values, "true");
	else if (take_word(p, "false"))
		strvec_push(p->values, "false");
	else
		return refuse(p, "true or false");
	return 0;
}

/* Decimal, 0x hexadecimal or 0 octal, as in C. */
static int parse_integer(struct parser *p, const struct type_name *type)
{
	bool negative = *p->at == '-';
	char *end;

	errno = 0;
	if (negative || *p->at == '+' ? !isdigit((unsigned char)p->at[1])
				      : !isdigit((unsigned char)*p->at))
		return refuse(p, "a number");
	if (negative) {
		long long value = strtoll(p->at, &end, 0);

		if (errno || value < type->min)
			return refuse(p, type->word);
		strvec_pushf(p->values, "%lld", value);
	} else {
		unsigned long long value = strtoull(p->at, &end, 0);

		if (errno || value > type->max)
			return refuse(p, type->word);
		strvec_pushf(p->values, "%llu", value);
	}
	if (isalnum((unsigned char)*end) || *end == '.')
		return refuse(p, type->word);
	p->at = end;
	return 0;
}

static int parse_double(struct parser *p)
{
	char *end;
	double value;

	errno = 0;
	value = strtod(p->at, &end);
	if (end == p->at || errno)
		return refuse(p, "a number");
	strvec_pushf(p->values, "%.17g", value);
	p->at = end;
	return 0;
}

/* One character of a string; the escapes of GVariant but \u and \U. */
static int parse_escape(struct parser *p, struct strbuf *text)
{
	static const char from[] = "\\'\"abfnrtv", to[] = "\\'\"\a\b\f\n\r\t\v";
	const char *known = *p->at ? strchr(from, *p->at) : NULL;

	if (!known)
		return refuse(p, "one of the escapes \\\\ \\' \\\" \\a \\b \\f \\n \\r \\t \\v");
	strbuf_addch(text, to[known - from]);
	p->at++;
	return 0;
}

static int parse_string(struct parser *p)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char quote = *p->at;

	if (quote != '\'' && quote != '"')
		return refuse(p, "a string in quotes");
	p->at++;
	while (*p->at != quote) {
		int r = 0;

		if (*p->at == '\0')
			return refuse(p, "the closing quote");
		if (*p->at == '\\') {
			p->at++;
			r = parse_escape(p, &text);
		} else {
			strbuf_addch(&text, *p->at++);
		}
		if (r < 0)
			return r;
	}
	p->at++;
	strvec_push_take(p->values, strbuf_detach(&text));
	return 0;
}

static int parse_basic(struct parser *p, char code, struct strbuf *signature)
{
	strbuf_addch(signature, code);
	switch (code) {
	case 'b':
		return parse_boolean(p);
	case 'd':
		return parse_double(p);
	case 's':
	case 'o':
	case 'g':
		return parse_string(p);
	default:
		return parse_integer(p, find_type(code));
	}
}

/* The first element gives the type to the others; an empty array must be told. */
static int parse_array(struct parser *p, const char *want, struct strbuf *signature)
{
	cleanup_strbuf struct strbuf element = STRBUF_INIT;
	size_t at = p->values->n, n = 0;

	if (want && *want != 'a')
		return refuse(p, "another type than an array");
	if (want)
		strbuf_add(&element, want + 1, type_length(want + 1));
	strvec_push(p->values, "");
	p->at++;
	while (!take_char(p, ']')) {
		cleanup_strbuf struct strbuf type = STRBUF_INIT;
		int r;

		if (n > 0 && !take_char(p, ','))
			return refuse(p, "\",\" or \"]\"");
		r = parse_value(p, element.len ? element.buf : NULL, &type);
		if (r < 0)
			return r;
		if (n++ == 0 && !element.len)
			strbuf_adds(&element, type.buf);
	}
	if (!element.len)
		return error_set(p->err, EINVAL, "an empty array needs its type before it, "
				 "such as @as []");
	strbuf_addf(signature, "a%s", element.buf);
	free(p->values->v[at]);
	p->values->v[at] = xasprintf("%zu", n);
	return 0;
}

static int parse_tuple(struct parser *p, const char *want, struct strbuf *signature)
{
	size_t n = 0;

	if (want && *want++ != '(')
		return refuse(p, "another type than a tuple");
	strbuf_addch(signature, '(');
	p->at++;
	while (!take_char(p, ')')) {
		int r;

		if (n++ > 0 && !take_char(p, ','))
			return refuse(p, "\",\" or \")\"");
		/* A tuple of one is written (x,). */
		if (n == 2 && take_char(p, ')'))
			break;
		if (want && *want == ')')
			return refuse(p, "\")\"");
		r = parse_value(p, want, signature);
		if (r < 0)
			return r;
		if (want)
			want += type_length(want);
	}
	if (n == 0 || (want && *want != ')'))
		return refuse(p, "a tuple with more values");
	strbuf_addch(signature, ')');
	return 0;
}

/* "@as []": the type stands before the value. */
static int parse_typed(struct parser *p, const char *want, struct strbuf *signature)
{
	cleanup_free char *type = NULL;
	size_t n = type_length(++p->at);

	if (n == 0 || !isspace((unsigned char)p->at[n]))
		return refuse(p, "a type and a blank after \"@\"");
	if (want && (n != type_length(want) || strncmp(want, p->at, n) != 0))
		return refuse(p, "another type than the one before");
	type = xstrndup(p->at, n);
	p->at += n;
	return parse_value(p, type, signature);
}

/* What a bare value is by itself. */
static char natural_type(const char *at)
{
	size_t n = strspn(at, "+-0123456789.eE");

	if (*at == '\'' || *at == '"')
		return 's';
	if (isalpha((unsigned char)*at))
		return 'b';
	return strncmp(at, "0x", 2) != 0 && memchr(at, '.', n) ? 'd' : 'i';
}

static int parse_named_or_bare(struct parser *p, const char *want, struct strbuf *signature)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (!take_word(p, types[i].word))
			continue;
		if (want && *want != types[i].code)
			return refuse(p, "another type than the one before");
		skip_blanks(p);
		return parse_basic(p, types[i].code, signature);
	}
	if (want && !find_type(*want))
		return refuse(p, *want == 'a' ? "an array" : "a tuple");
	return parse_basic(p, want ? *want : natural_type(p->at), signature);
}

static int parse_value(struct parser *p, const char *want, struct strbuf *signature)
{
	int r;

	skip_blanks(p);
	if (p->depth++ == MAX_DEPTH)
		return refuse(p, "less nesting");
	if (*p->at == '@')
		r = parse_typed(p, want, signature);
	else if (*p->at == '[')
		r = parse_array(p, want, signature);
	else if (*p->at == '(')
		r = parse_tuple(p, want, signature);
	else if (*p->at == '\0' || strchr("<{", *p->at))
		r = refuse(p, "a boolean, number, string, array or tuple");
	else
		r = parse_named_or_bare(p, want, signature);
	p->depth--;
	return r;
}

int systemd_variant_parse(const char *text, struct strbuf *signature, struct strvec *values,
			  struct error *err)
{
	struct parser p = { .at = text, .values = values, .err = err };
	int r = parse_value(&p, NULL, signature);

	skip_blanks(&p);
	if (r == 0 && *p.at)
		return refuse(&p, "nothing more");
	return r;
}
