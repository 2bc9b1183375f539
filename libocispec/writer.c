/* SPDX-License-Identifier: Apache-2.0 */
#include "libocispec/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libocispec/utf8.h"
#include "libocispec/write.h"

static bool is_pretty(const struct writer *w)
{
	return w->flags & (OCI_WRITE_INDENT | OCI_WRITE_TABS);
}

static bool grow(struct writer *w, size_t extra)
{
	size_t alloc = w->alloc ? w->alloc : 1024;
	char *buf;

	if (w->failed)
		return false;
	if (w->alloc - w->len > extra)
		return true;
	while (alloc - w->len <= extra)
		alloc *= 2;
	buf = realloc(w->buf, alloc);
	if (!buf) {
		w->failed = true;
		return false;
	}
	w->buf = buf;
	w->alloc = alloc;
	return true;
}

static void put(struct writer *w, const char *s, size_t n)
{
	if (!grow(w, n))
		return;
	memcpy(w->buf + w->len, s, n);
	w->len += n;
}

static void put_char(struct writer *w, char c)
{
	put(w, &c, 1);
}

static void put_line(struct writer *w)
{
	if (!is_pretty(w))
		return;
	put_char(w, '\n');
	for (unsigned int i = 0; i < w->depth; i++) {
		if (w->flags & OCI_WRITE_TABS)
			put(w, "\t", 1);
		else
			put(w, "  ", 2);
	}
}

void writer_open(struct writer *w, char bracket)
{
	put_char(w, bracket);
	w->depth++;
	w->fresh = true;
}

void writer_close(struct writer *w, char bracket)
{
	w->depth--;
	if (!w->fresh)
		put_line(w);
	put_char(w, bracket);
	w->fresh = false;
}

void writer_next(struct writer *w)
{
	if (!w->fresh)
		put_char(w, ',');
	w->fresh = false;
	put_line(w);
}

static void put_escape(struct writer *w, unsigned char c)
{
	static const char letters[] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n',
					['\f'] = 'f', ['\r'] = 'r', ['"'] = '"',
					['\\'] = '\\' };
	char buf[8] = { '\\', c < sizeof(letters) ? letters[c] : '\0' };

	if (!buf[1])
		(void)snprintf(buf, sizeof(buf), "\\u%04x", c);
	put(w, buf, strlen(buf));
}

bool writer_put_string(struct writer *w, const char *s)
{
	const char *done = s;

	if (!utf8_is_text(s, strlen(s)))
		return false;
	put_char(w, '"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		put(w, done, (size_t)(s - done));
		put_escape(w, c);
		done = s + 1;
	}
	put(w, done, (size_t)(s - done));
	put_char(w, '"');
	return true;
}

bool writer_put_key(struct writer *w, const char *s)
{
	bool ok = writer_put_string(w, s);

	put_char(w, ':');
	if (is_pretty(w))
		put_char(w, ' ');
	return ok;
}

void writer_put_number(struct writer *w, bool negative, uint64_t magnitude)
{
	char buf[24];

	(void)snprintf(buf, sizeof(buf), "%s%llu", negative ? "-" : "",
		       (unsigned long long)magnitude);
	put(w, buf, strlen(buf));
}

void writer_put_word(struct writer *w, const char *word)
{
	put(w, word, strlen(word));
}

/* The length of the string that begins at S, with its quotes. */
static size_t quoted_length(const char *s)
{
	const char *p = s + 1;

	while (*p && *p != '"')
		p += p[0] == '\\' && p[1] ? 2 : 1;
	return (size_t)(p - s) + (*p == '"');
}

void writer_put_json(struct writer *w, const char *json)
{
	while (*json) {
		size_t n = strcspn(json, "\"[]{},: \t\r\n");

		/* The first thing in a bracket gets a line; the others do after the comma. */
		if (w->fresh && !strchr("]} \t\r\n", *json))
			writer_next(w);
		switch (*json) {
		case '"':
			n = quoted_length(json);
			put(w, json, n);
			break;
		case '[':
		case '{':
			writer_open(w, *json);
			break;
		case ']':
		case '}':
			writer_close(w, *json);
			break;
		case ',':
			writer_next(w);
			break;
		case ':':
			put(w, ": ", is_pretty(w) ? 2 : 1);
			break;
		default:
			put(w, json, n);
		}
		json += n ? n : 1;
	}
}

bool writer_finish(struct writer *w)
{
	if (is_pretty(w))
		put_char(w, '\n');
	if (!grow(w, 1))
		return false;
	w->buf[w->len] = '\0';
	return true;
}
