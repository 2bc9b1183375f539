/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yajl's callbacks, and the way in.  With writer.c the only file that knows yajl: it
 * finds the tokens, checks UTF-8 and the grammar, and hands over the text of numbers,
 * so that 64 bits arrive as 64 bits.
 */
#include "libocispec/read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "libocispec/reader.h"

/* What yajl passes to the callbacks. */
struct parse {
	struct reader reader;
	yajl_handle handle;
	/* The text is all eaten: yajl ends it with a blank of its own, and counts from there. */
	bool ended;
};

static struct reader *at_token(void *ctx)
{
	struct parse *parse = ctx;

	parse->reader.pos =
		parse->ended ? parse->reader.len : yajl_get_bytes_consumed(parse->handle);
	return &parse->reader;
}

/* yajl goes on while a callback returns something other than 0. */
static int go_on(int r)
{
	return r == 0;
}

static int value_read(struct reader *r, int code)
{
	return go_on(code < 0 ? reader_refuse_value(r, code) : 0);
}

static int bracket_read(struct reader *r, int code)
{
	return go_on(code < 0 ? reader_refuse_bracket(r, code) : 0);
}

static int on_null(void *ctx)
{
	struct reader *r = at_token(ctx);

	return value_read(r, read_null(r));
}

static int on_boolean(void *ctx, int value)
{
	struct reader *r = at_token(ctx);

	return value_read(r, read_bool(r, value));
}

static int on_number(void *ctx, const char *text, size_t len)
{
	struct reader *r = at_token(ctx);

	return value_read(r, read_number(r, text, len));
}

static int on_string(void *ctx, const unsigned char *s, size_t len)
{
	struct reader *r = at_token(ctx);

	return value_read(r, read_string(r, (const char *)s, len));
}

static int on_start_map(void *ctx)
{
	struct reader *r = at_token(ctx);

	return bracket_read(r, read_object_start(r));
}

static int on_map_key(void *ctx, const unsigned char *key, size_t len)
{
	struct reader *r = at_token(ctx);
	int code = read_key(r, (const char *)key, len);

	return go_on(code < 0 ? reader_refuse_key(r, code) : 0);
}

static int on_end_map(void *ctx)
{
	return go_on(read_object_end(at_token(ctx)));
}

static int on_start_array(void *ctx)
{
	struct reader *r = at_token(ctx);

	return bracket_read(r, read_list_start(r));
}

static int on_end_array(void *ctx)
{
	return go_on(read_list_end(at_token(ctx)));
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

/* yajl says "parse error: ...\n"; only the dots are news. */
static int fail_syntax(struct parse *parse)
{
	struct reader *r = &parse->reader;
	char *msg = (char *)yajl_get_error(parse->handle, 0, NULL, 0);
	char *what;

	if (!msg)
		return reader_fail_memory(r);
	what = strstr(msg, "error: ");
	what = what ? what + strlen("error: ") : msg;
	what[strcspn(what, "\n")] = '\0';
	(void)reader_fail_syntax(r, what);
	yajl_free_error(parse->handle, (unsigned char *)msg);
	return r->err->code;
}

static int parse_text(struct parse *parse)
{
	struct reader *r = &parse->reader;
	yajl_status status;

	status = yajl_parse(parse->handle, (const unsigned char *)r->text, r->len);
	if (status == yajl_status_error)
		r->pos = yajl_get_bytes_consumed(parse->handle);
	if (status == yajl_status_ok) {
		r->pos = r->len;
		parse->ended = true;
		status = yajl_complete_parse(parse->handle);
	}
	if (status == yajl_status_error)
		return fail_syntax(parse);
	return status == yajl_status_ok ? 0 : r->err->code;
}

/* Reads a document that is one value, which FIELD of a struct at BASE describes. */
static int read_document(struct parse *parse, const struct oci_field *field, void *base)
{
	struct reader *r = &parse->reader;
	size_t max = field->object->max_size ? field->object->max_size : OCI_MAX_SIZE;
	int ret;

	r->frames[0] =
		(struct frame) { .kind = FRAME_OBJECT, .field = field, .base = base };
	if (r->len > max)
		return reader_fail_at(r, -EFBIG, 0,
				      "%zu bytes long, more than the %zu allowed", r->len,
				      max);
	parse->handle = yajl_alloc(&callbacks, NULL, parse);
	if (!parse->handle)
		return reader_fail_memory(r);
	ret = parse_text(parse);
	yajl_free(parse->handle);
	return ret;
}

/* Reads one object of TABLE into OUT, by PARSE, which has all that the caller knows. */
static int read_object(struct parse *parse, const struct oci_object *table, void *out)
{
	const struct oci_field field = {
		.key = "",
		.kind = OCI_KIND_OBJECT,
		.flags = OCI_REQUIRED,
		.object = table,
	};
	void *obj = NULL;
	int r = read_document(parse, &field, &obj);

	if (r == 0 && obj)
		memcpy(out, obj, table->size);
	return r == 0 && !obj ? -EINVAL : r;
}

int oci_read(struct oci_arena *arena, const struct oci_object *table, const char *text,
	     size_t len, const char *name, void *out, struct oci_error *err)
{
	struct parse parse = {
		.reader = { .arena = arena,
			    .name = name,
			    .text = text,
			    .len = len,
			    .err = err },
	};

	return read_object(&parse, table, out);
}

int oci_read_all(struct oci_arena *arena, const struct oci_object *table, const char *text,
		 size_t len, const char *name, void *out, oci_report *report, void *arg)
{
	struct oci_error err = OCI_ERROR_INIT;
	struct parse parse = {
		.reader = { .arena = arena,
			    .name = name,
			    .text = text,
			    .len = len,
			    .err = &err,
			    .report = report,
			    .report_arg = arg },
	};
	int r = read_object(&parse, table, out);

	/* What ended it; a document that is unsound as a whole has been reported. */
	if (r < 0 && !parse.reader.frames[0].unsound)
		report(arg, &err);
	return r;
}

int oci_read_list(struct oci_arena *arena, const struct oci_object *table,
		  const char *text, size_t len, const char *name, struct oci_list *out,
		  struct oci_error *err)
{
	const struct oci_field field = {
		.key = "",
		.kind = OCI_KIND_OBJECTS,
		.flags = OCI_REQUIRED,
		.offset = offsetof(struct oci_list, items),
		.count = offsetof(struct oci_list, n),
		.object = table,
	};
	struct parse parse = {
		.reader = { .arena = arena,
			    .name = name,
			    .text = text,
			    .len = len,
			    .err = err },
	};
	struct oci_list list = { NULL, 0 };
	int r;

	r = read_document(&parse, &field, &list);
	if (r == 0)
		*out = list;
	return r;
}
