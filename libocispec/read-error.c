/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where and what is wrong.  Nothing here runs while a document is good, so lines are
 * counted and the token's beginning is looked for only now.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libocispec/reader.h"

struct text {
	char *buf;
	size_t size;
	size_t len;
};

static void add(struct text *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->len, t->size - t->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->len += (size_t)n < t->size - t->len ? (size_t)n : t->size - t->len - 1;
}

/* S in quotes, without what would garble a terminal, and no longer than one can read. */
static void add_quoted(struct text *t, const char *s, size_t len)
{
	enum {
		LONGEST = 60
	};
	size_t n = len > LONGEST ? LONGEST : len;

	/* Not in the middle of a character. */
	while (n < len && n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80)
		n--;
	add(t, "\"");
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c < 0x20 || c == 0x7f)
			add(t, "\\x%02x", c);
		else
			add(t, "%c", c);
	}
	add(t, n < len ? "...\"" : "\"");
}

static size_t element_index(const struct frame *frame)
{
	size_t n;

	memcpy(&n, frame->base + frame->field->count, sizeof(n));
	return n ? n - 1 + frame->dropped : 0;
}

static const char *map_key(const struct frame *frame)
{
	const char *const *last;
	size_t n, size = oci_field_element_size(frame->field);
	char *items;

	memcpy(&items, frame->base + frame->field->offset, sizeof(items));
	memcpy(&n, frame->base + frame->field->count, sizeof(n));
	if (n == 0)
		return "";
	/* Every element of a map begins with its key. */
	last = (const char *const *)(void *)(items + (n - 1) * size);
	return *last;
}

static void add_path(struct text *t, const struct reader *r)
{
	for (unsigned int i = 0; i <= r->depth; i++) {
		const struct frame *frame = &r->frames[i];

		if (frame->kind == FRAME_LIST) {
			add(t, "[%zu]", element_index(frame));
		} else if (frame->kind == FRAME_MAP) {
			const char *key = map_key(frame);

			add(t, "[");
			add_quoted(t, key, strlen(key));
			add(t, "]");
		} else if (frame->field && frame->field->key_len) {
			add(t, "%s%s", t->len ? "." : "", frame->field->key);
		}
	}
}

void reader_path(const struct reader *r, char *buf, size_t size)
{
	struct text path = { buf, size, 0 };

	buf[0] = '\0';
	add_path(&path, r);
}

/* Where the token that ends at END begins: a bracket, a quoted string or a word. */
static size_t token_start(const struct reader *r, size_t end)
{
	static const char word[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789+-.";
	size_t at = end;

	if (at == 0)
		return 0;
	at--;
	if (r->text[at] == '"') {
		while (at > 0 &&
		       (r->text[at - 1] != '"' || (at > 1 && r->text[at - 2] == '\\')))
			at--;
		return at > 0 ? at - 1 : 0;
	}
	if (!memchr(word, r->text[at], sizeof(word) - 1))
		return at;
	while (at > 0 && memchr(word, r->text[at - 1], sizeof(word) - 1))
		at--;
	return at;
}

static void set_place(struct reader *r, size_t at)
{
	size_t line_start = 0;

	if (at > r->len)
		at = r->len;
	r->err->line = 1;
	for (size_t i = 0; i < at; i++) {
		if (r->text[i] == '\n') {
			r->err->line++;
			line_start = i + 1;
		}
	}
	r->err->column = (unsigned int)(at - line_start) + 1;
}

static int fail_at(struct reader *r, int code, size_t at, bool has_path, const char *fmt,
		   va_list ap)
{
	struct text path = { r->err->path, sizeof(r->err->path), 0 };
	struct text msg = { r->err->msg, sizeof(r->err->msg), 0 };
	char what[sizeof(r->err->msg) / 2];

	r->err->code = code;
	set_place(r, at);
	r->err->path[0] = '\0';
	if (has_path)
		add_path(&path, r);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	add(&msg, "%s:%u:%u: ", r->name, r->err->line, r->err->column);
	if (path.len)
		add(&msg, "%s: ", r->err->path);
	add(&msg, "%s", what);
	return code;
}

int reader_fail_at(struct reader *r, int code, size_t at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)fail_at(r, code, at, true, fmt, ap);
	va_end(ap);
	return code;
}

int reader_fail(struct reader *r, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)fail_at(r, code, token_start(r, r->pos), true, fmt, ap);
	va_end(ap);
	return code;
}

static int fail_without_path(struct reader *r, int code, size_t at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static int fail_without_path(struct reader *r, int code, size_t at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)fail_at(r, code, at, false, fmt, ap);
	va_end(ap);
	return code;
}

int reader_fail_memory(struct reader *r)
{
	return fail_without_path(r, -ENOMEM, r->pos, "out of memory");
}

int reader_fail_syntax(struct reader *r, const char *what)
{
	return fail_without_path(r, -EINVAL, token_start(r, r->pos), "invalid JSON: %s",
				 what);
}

int reader_fail_type(struct reader *r, const char *wanted, struct token got)
{
	char buf[128];
	struct text t = { buf, sizeof(buf), 0 };

	switch (got.kind) {
	case TOKEN_STRING:
		add_quoted(&t, got.text, got.len);
		break;
	case TOKEN_OBJECT:
		add(&t, "an object");
		break;
	case TOKEN_LIST:
		add(&t, "a list");
		break;
	default:
		add(&t, "%.*s%s", got.len > 60 ? 60 : (int)got.len, got.text,
		    got.len > 60 ? "..." : "");
	}
	return reader_fail(r, -EINVAL, "expected %s, got %s", wanted, buf);
}
