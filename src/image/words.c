/* SPDX-License-Identifier: Apache-2.0 */
#include "image/words.h"

#include <ctype.h>

#include "base/mem.h"

/* Variables in the words of variables in ... */
enum { MAX_NESTING = 32 };

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* Behind the word that starts at P, or NULL when a quote stays open. */
static const char *word_end(const char *p, char escape)
{
	char quote = 0;

	for (; *p && (quote || !is_blank(*p)); p++) {
		if (*p == escape && quote != '\'' && p[1])
			p++;
		else if (quote ? *p == quote : *p == '"' || *p == '\'')
			quote = quote ? 0 : *p;
	}
	return quote ? NULL : p;
}

int words_split_by(const char *text, char escape, struct strvec *words, struct error *err)
{
	for (;;) {
		const char *end;

		while (is_blank(*text))
			text++;
		if (*text == '\0')
			return 0;
		end = word_end(text, escape);
		if (!end)
			return error_set(err, EINVAL, "a quote is not closed: %s", text);
		strvec_push_take(words, xstrndup(text, (size_t)(end - text)));
		text = end;
	}
}

/* --- variables --------------------------------------------------------------------- */

struct expansion {
	/* What is left of the word. */
	const char *p;
	char escape;
	char *const *env;
	unsigned int depth;
	struct error *err;
};

static int expand_until(struct expansion *x, char stop, struct strbuf *out);

static const char *lookup(char *const *env, const char *name, size_t len)
{
	for (; env && *env; env++)
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
			return *env + len + 1;
	return NULL;
}

static size_t name_len(const char *p)
{
	size_t n = 0;

	while (isalnum((unsigned char)p[n]) || p[n] == '_')
		n++;
	return n;
}

/* The value of "${NAME" FORM WORD "}": COLON, empty counts as none. */
static int choose(struct expansion *x, const char *name, size_t len, bool colon, char form,
		  const struct strbuf *word, struct strbuf *out)
{
	const char *value = lookup(x->env, name, len);
	bool has_value = value && (*value || !colon);

	if (form == '+') {
		strbuf_adds(out, has_value ? word->buf : "");
		return 0;
	}
	if (has_value || !form) {
		strbuf_adds(out, value ? value : "");
		return 0;
	}
	if (form == '-') {
		strbuf_adds(out, word->buf);
		return 0;
	}
	return error_set(x->err, EINVAL, "the variable %.*s %s", (int)len, name,
			 word->len ? word->buf : "has no value");
}

/* Behind "${". */
static int expand_braced(struct expansion *x, struct strbuf *out)
{
	const char *name = x->p;
	size_t len = name_len(name);
	cleanup_strbuf struct strbuf word = STRBUF_INIT;
	bool colon = name[len] == ':';
	char form;
	int r;

	x->p += len + colon;
	form = *x->p;
	if (len == 0)
		return error_set(x->err, EINVAL, "\"${%s\" is not a variable", name);
	if (form == '}' && !colon) {
		x->p++;
		return choose(x, name, len, false, 0, &word, out);
	}
	if (!form || !strchr("-+?", form)) {
		(void)error_set(x->err, EINVAL, "\"${%s\" is not a variable", name);
		return error_hint(x->err, "\"}\", \"-\", \"+\" or \"?\", these also behind \":\", "
				  "may follow the name");
	}
	x->p++;
	r = expand_until(x, '}', &word);
	return r < 0 ? r : choose(x, name, len, colon, form, &word, out);
}

/* Behind "$". */
static int expand_variable(struct expansion *x, struct strbuf *out)
{
	size_t len = name_len(x->p);
	const char *value;
	int r;

	if (*x->p == '{') {
		x->p++;
		if (x->depth++ == MAX_NESTING)
			return error_set(x->err, EINVAL, "variables are nested too deep");
		r = expand_braced(x, out);
		x->depth--;
		return r;
	}
	if (len == 0) {
		strbuf_addch(out, '$');
		return 0;
	}
	value = lookup(x->env, x->p, len);
	strbuf_adds(out, value ? value : "");
	x->p += len;
	return 0;
}

/* In double quotes an escape means something before these only. */
static bool can_escape(const struct expansion *x, char quote, char c)
{
	return c && (!quote || c == '"' || c == '$' || c == x->escape);
}

/* Up to STOP, which is skipped, outside of quotes, or to the end. */
static int expand_until(struct expansion *x, char stop, struct strbuf *out)
{
	char quote = 0;
	int r = 0;

	while (r == 0 && *x->p) {
		char c = *x->p++;

		if (c == stop && !quote)
			return 0;
		if (quote == '\'') {
			if (c == '\'')
				quote = 0;
			else
				strbuf_addch(out, c);
		} else if (c == x->escape && can_escape(x, quote, *x->p)) {
			strbuf_addch(out, *x->p++);
		} else if (c == quote && quote) {
			quote = 0;
		} else if (!quote && (c == '"' || c == '\'')) {
			quote = c;
		} else if (c == '$') {
			r = expand_variable(x, out);
		} else {
			strbuf_addch(out, c);
		}
	}
	if (r == 0 && stop)
		return error_set(x->err, EINVAL, "a \"${\" has no \"}\"");
	return r;
}

int words_expand_by(const char *word, char escape, char *const *env, struct strbuf *out,
		    struct error *err)
{
	struct expansion x = { .p = word, .escape = escape, .env = env, .err = err };

	return expand_until(&x, '\0', out);
}
