/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yajl's generator, into a buffer of our own.  With read.c the only file that knows
 * yajl: it puts the punctuation, the blanks and the escapes.
 */
#include "libocispec/writer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>
#include <yajl/yajl_parse.h>

#include "libocispec/utf8.h"
#include "libocispec/write.h"

/* yajl's own buffer does not survive want of memory, and would have to be copied. */
static void print(void *ctx, const char *s, size_t n)
{
	struct writer *w = ctx;
	size_t alloc = w->alloc ? w->alloc : 1024;
	char *buf = w->buf;

	if (w->error)
		return;
	while (alloc - w->len <= n)
		alloc *= 2;
	if (alloc != w->alloc)
		buf = realloc(buf, alloc);
	if (!buf) {
		w->error = -ENOMEM;
		return;
	}
	w->buf = buf;
	w->alloc = alloc;
	memcpy(buf + w->len, s, n);
	w->len += n;
}

void writer_start(struct writer *w)
{
	w->gen = yajl_gen_alloc(NULL);
	if (!w->gen) {
		w->error = -ENOMEM;
		return;
	}
	(void)yajl_gen_config(w->gen, yajl_gen_print_callback, print, (void *)w);
	if (!(w->flags & (OCI_WRITE_INDENT | OCI_WRITE_TABS)))
		return;
	(void)yajl_gen_config(w->gen, yajl_gen_beautify, 1);
	(void)yajl_gen_config(w->gen, yajl_gen_indent_string,
			      w->flags & OCI_WRITE_TABS ? "\t" : "  ");
}

/* The values are right by how they are called, so too many brackets are what is left. */
static void generated(struct writer *w, yajl_gen_status status)
{
	if (status != yajl_gen_status_ok && !w->error)
		w->error = -EINVAL;
}

/*
 * Whether the generator may be called, which once too deep would leave its stack.
 * The bracket that was held back goes first.
 */
static bool is_ready(struct writer *w)
{
	char held = w->held;

	w->held = '\0';
	if (held && !w->error)
		generated(w, held == '{' ? yajl_gen_map_open(w->gen)
					 : yajl_gen_array_open(w->gen));
	return !w->error;
}

/* What yajl calls a number is text that it puts as it is. */
static void put_verbatim(struct writer *w, const char *s, size_t n)
{
	if (is_ready(w))
		generated(w, yajl_gen_number(w->gen, s, n));
}

static bool put_string(struct writer *w, const char *s, size_t n)
{
	if (!utf8_is_text(s, n))
		return false;
	if (is_ready(w))
		generated(w, yajl_gen_string(w->gen, (const unsigned char *)s, n));
	return true;
}

void writer_open(struct writer *w, char bracket)
{
	if (is_ready(w))
		w->held = bracket;
}

void writer_close(struct writer *w, char bracket)
{
	/* yajl would put an empty line between the brackets. */
	if (w->held) {
		w->held = '\0';
		put_verbatim(w, bracket == '}' ? "{}" : "[]", 2);
		return;
	}
	if (is_ready(w))
		generated(w, bracket == '}' ? yajl_gen_map_close(w->gen)
					    : yajl_gen_array_close(w->gen));
}

bool writer_put_string(struct writer *w, const char *s)
{
	return put_string(w, s, strlen(s));
}

void writer_put_number(struct writer *w, bool negative, uint64_t magnitude)
{
	char buf[24];
	int n = snprintf(buf, sizeof(buf), "%s%llu", negative ? "-" : "",
			 (unsigned long long)magnitude);

	put_verbatim(w, buf, (size_t)n);
}

void writer_put_bool(struct writer *w, bool value)
{
	if (is_ready(w))
		generated(w, yajl_gen_bool(w->gen, value));
}

/* JSON that goes from yajl's parser into the generator. */
struct copy {
	struct writer *writer;
	const char *json;
	yajl_handle handle;
};

/* yajl goes on while a callback returns something other than 0. */
static int go_on(const struct copy *copy)
{
	return !copy->writer->error;
}

static int on_null(void *ctx)
{
	const struct copy *copy = ctx;

	put_verbatim(copy->writer, "null", 4);
	return go_on(copy);
}

static int on_boolean(void *ctx, int value)
{
	const struct copy *copy = ctx;

	writer_put_bool(copy->writer, value);
	return go_on(copy);
}

static int on_number(void *ctx, const char *text, size_t len)
{
	const struct copy *copy = ctx;

	put_verbatim(copy->writer, text, len);
	return go_on(copy);
}

/*
 * With the escapes it came with, as yajl has none for half a surrogate pair.  Inside
 * of a string each quote has a backslash before it; the one that opens it has not.
 */
static int on_string(void *ctx, const unsigned char *s, size_t len)
{
	const struct copy *copy = ctx;
	const char *end = copy->json + yajl_get_bytes_consumed(copy->handle);
	const char *p = end - 2;

	(void)s;
	(void)len;
	while (*p != '"' || (p > copy->json && p[-1] == '\\'))
		p--;
	put_verbatim(copy->writer, p, (size_t)(end - p));
	return go_on(copy);
}

static int on_map_key(void *ctx, const unsigned char *key, size_t len)
{
	const struct copy *copy = ctx;

	return put_string(copy->writer, (const char *)key, len) && go_on(copy);
}

static int on_start_map(void *ctx)
{
	const struct copy *copy = ctx;

	writer_open(copy->writer, '{');
	return go_on(copy);
}

static int on_end_map(void *ctx)
{
	const struct copy *copy = ctx;

	writer_close(copy->writer, '}');
	return go_on(copy);
}

static int on_start_array(void *ctx)
{
	const struct copy *copy = ctx;

	writer_open(copy->writer, '[');
	return go_on(copy);
}

static int on_end_array(void *ctx)
{
	const struct copy *copy = ctx;

	writer_close(copy->writer, ']');
	return go_on(copy);
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_start_map,
	.yajl_map_key = on_map_key,
	.yajl_end_map = on_end_map,
	.yajl_start_array = on_start_array,
	.yajl_end_array = on_end_array,
};

bool writer_put_json(struct writer *w, const char *json)
{
	struct copy copy = { .writer = w, .json = json };
	size_t len = strlen(json);
	yajl_status status;

	if (!utf8_is_text(json, len))
		return false;
	copy.handle = yajl_alloc(&callbacks, NULL, &copy);
	if (!copy.handle) {
		w->error = -ENOMEM;
		return true;
	}
	status = yajl_parse(copy.handle, (const unsigned char *)json, len);
	if (status == yajl_status_ok)
		status = yajl_complete_parse(copy.handle);
	yajl_free(copy.handle);
	return status == yajl_status_ok || w->error;
}

int writer_finish(struct writer *w)
{
	print(w, "", 1);
	if (w->gen)
		yajl_gen_free(w->gen);
	w->gen = NULL;
	if (w->error)
		return w->error;
	/* The length does not count the NUL. */
	w->len--;
	return 0;
}
