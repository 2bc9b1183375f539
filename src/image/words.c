/* SPDX-License-Identifier: Apache-2.0 */
#include "image/words.h"

#include <ctype.h>

#include "base/mem.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* Behind the word that starts at P, or NULL when a quote stays open. */
static const char *word_end(const char *p)
{
	char quote = 0;

	for (; *p && (quote || !is_blank(*p)); p++) {
		if (*p == '\\' && quote != '\'' && p[1])
			p++;
		else if (quote ? *p == quote : *p == '"' || *p == '\'')
			quote = quote ? 0 : *p;
	}
	return quote ? NULL : p;
}

int words_split(const char *text, struct strvec *words, struct error *err)
{
	for (;;) {
		const char *end;

		while (is_blank(*text))
			text++;
		if (*text == '\0')
			return 0;
		end = word_end(text);
		if (!end)
			return error_set(err, EINVAL, "a quote is not closed: %s", text);
		strvec_push_take(words, xstrndup(text, (size_t)(end - text)));
		text = end;
	}
}

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

/* ${NAME}, ${NAME:-word} or ${NAME:+word}: P is behind the brace. */
static int expand_braced(const char **p, char *const *env, struct strbuf *out,
			 struct error *err)
{
	const char *name = *p, *close = strchr(name, '}'), *value;
	size_t len = name_len(name);
	cleanup_free char *word = NULL;
	char form = 0;

	if (!close || len == 0)
		return error_set(err, EINVAL, "\"${%s\" is not a variable", name);
	if (name[len] == ':' && (name[len + 1] == '-' || name[len + 1] == '+'))
		form = name[len + 1];
	else if (name + len != close)
		return error_set(err, EINVAL, "\"${%s\": only :- and :+ are known", name);
	*p = close + 1;
	value = lookup(env, name, len);
	if (form)
		word = xstrndup(name + len + 2, (size_t)(close - name) - len - 2);
	if (form == '+')
		return value && *value ? words_expand(word, env, out, err) : 0;
	if (form == '-' && (!value || !*value))
		return words_expand(word, env, out, err);
	strbuf_adds(out, value ? value : "");
	return 0;
}

/* P is behind the "$". */
static int expand_variable(const char **p, char *const *env, struct strbuf *out,
			   struct error *err)
{
	size_t len = name_len(*p);
	const char *value;

	if (**p == '{') {
		(*p)++;
		return expand_braced(p, env, out, err);
	}
	if (len == 0) {
		strbuf_addch(out, '$');
		return 0;
	}
	value = lookup(env, *p, len);
	strbuf_adds(out, value ? value : "");
	*p += len;
	return 0;
}

int words_expand(const char *word, char *const *env, struct strbuf *out, struct error *err)
{
	char quote = 0;
	int r = 0;

	while (r == 0 && *word) {
		char c = *word++;

		if (quote == '\'') {
			if (c == '\'')
				quote = 0;
			else
				strbuf_addch(out, c);
		} else if (c == '\\' && *word && (!quote || strchr("\"$\\", *word))) {
			strbuf_addch(out, *word++);
		} else if (c == quote && quote) {
			quote = 0;
		} else if (!quote && (c == '"' || c == '\'')) {
			quote = c;
		} else if (c == '$') {
			r = expand_variable(&word, env, out, err);
		} else {
			strbuf_addch(out, c);
		}
	}
	return r;
}
