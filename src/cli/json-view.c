/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/json-view.h"

#include <stdlib.h>
#include <string.h>

static const char *skip_space(const char *p, const char *end)
{
	while (p < end && strchr(" \t\n", *p))
		p++;
	return p;
}

static const char *skip_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		p += *p == '\\';
	return p < end ? p + 1 : end;
}

/* Behind the value at P. */
static const char *skip_value(const char *p, const char *end)
{
	size_t depth = 0;

	do {
		if (*p == '"') {
			p = skip_string(p, end);
			continue;
		}
		depth += *p == '{' || *p == '[';
		depth -= *p == '}' || *p == ']';
		p++;
	} while (p < end && (depth > 0 || !strchr(",]} \t\n", *p)));
	return p;
}

struct json_view json_view(const char *text)
{
	const char *end = text + strlen(text), *start = skip_space(text, end);

	return (struct json_view){ start, start < end ? (size_t)(skip_value(start, end) - start)
						      : 0 };
}

/* One element from *P on; false at the end. */
static bool next_element(const char **p, const char *end, bool named, struct json_view *name,
			 struct json_view *value)
{
	const char *start = skip_space(*p, end), *stop;

	if (start >= end || *start == '}' || *start == ']')
		return false;
	if (named) {
		stop = skip_string(start, end);
		*name = (struct json_view){ start, (size_t)(stop - start) };
		start = skip_space(skip_space(stop, end) + 1, end);
	}
	stop = skip_value(start, end);
	*value = (struct json_view){ start, (size_t)(stop - start) };
	*p = skip_space(stop, end);
	*p += *p < end && **p == ',';
	return true;
}

void json_each(struct json_view container, json_each_fn fn, void *ctx)
{
	const char *p = container.s + 1, *end = container.s + container.len;
	bool named = container.len && *container.s == '{';
	struct json_view name, value;

	if (!container.len || !strchr("{[", *container.s))
		return;
	while (next_element(&p, end, named, &name, &value))
		fn(ctx, named ? &name : NULL, value);
}

bool json_member(struct json_view object, const char *name, size_t name_len,
		 struct json_view *value)
{
	const char *p = object.s + 1, *end = object.s + object.len;
	struct json_view found;

	if (!object.len || *object.s != '{')
		return false;
	while (next_element(&p, end, true, &found, value))
		if (found.len == name_len + 2 && memcmp(found.s + 1, name, name_len) == 0)
			return true;
	return false;
}

static void add_utf8(struct strbuf *out, unsigned long c)
{
	if (c < 0x80) {
		strbuf_addch(out, (char)c);
	} else if (c < 0x800) {
		strbuf_addch(out, (char)(0xc0 | c >> 6));
		strbuf_addch(out, (char)(0x80 | (c & 0x3f)));
	} else {
		strbuf_addch(out, (char)(0xe0 | c >> 12));
		strbuf_addch(out, (char)(0x80 | (c >> 6 & 0x3f)));
		strbuf_addch(out, (char)(0x80 | (c & 0x3f)));
	}
}

void json_add_text(struct json_view value, struct strbuf *out)
{
	static const char escapes[] = "n\nt\tr\rb\bf\f";

	if (!value.len || *value.s != '"') {
		strbuf_add(out, value.s, value.len);
		return;
	}
	for (size_t i = 1; i + 1 < value.len; i++) {
		const char *escape;
		char hex[5] = "";

		if (value.s[i] != '\\') {
			strbuf_addch(out, value.s[i]);
			continue;
		}
		escape = strchr(escapes, value.s[++i]);
		/* Our writer escapes control characters so, and nothing above them. */
		if (value.s[i] == 'u' && i + 5 < value.len) {
			memcpy(hex, &value.s[i + 1], 4);
			add_utf8(out, strtoul(hex, NULL, 16));
			i += 4;
		} else {
			strbuf_addch(out, escape ? escape[1] : value.s[i]);
		}
	}
}
