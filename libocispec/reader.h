/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of the reader, not for users of the library: read.c gets the tokens,
 * read-frame.c keeps track of where they are, read-value.c converts them,
 * read-place.c finds room in the structs, read-error.c says what is wrong, and read-on.c
 * goes on behind it where that is wanted.
 *
 * A stack of frames says what the next token is for:
 *
 *	frame of    is pushed by   field                   base
 *	an object   {              the member being read   the struct
 *	a list      [              the list's own line     the struct that has the list
 *	a map       {              the map's own line      the struct that has the map
 *
 * The frame at the bottom is the document: an object with one member, without a name.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libocispec/arena.h"
#include "libocispec/field.h"
#include "libocispec/oci-error.h"
#include "libocispec/read.h"

enum frame_kind {
	FRAME_OBJECT,
	FRAME_LIST,
	FRAME_MAP,
};

struct frame {
	enum frame_kind kind;
	const struct oci_field *field;
	char *base;
	/* Where the text of it begins. */
	size_t start;
	/* Of objects: the table, which of its lines were seen, and the likely next one. */
	const struct oci_object *object;
	uint64_t seen;
	size_t next;
	/* Of lists: the elements that were refused and are not counted any more. */
	size_t dropped;
	/* Something required was refused, or is missing: the object cannot be used. */
	bool unsound;
};

struct reader {
	struct oci_arena *arena;
	const char *name;
	const char *text;
	size_t len;
	/* The end of the token at hand. */
	size_t pos;
	struct oci_error *err;
	/* Where problems go when reading goes on behind them (read-on.c), else NULL. */
	oci_report *report;
	void *report_arg;
	unsigned int n_problems;
	/*
	 * Passing over a value that no table knows, and in how many brackets; where its
	 * text begins.
	 */
	bool skipping;
	unsigned int skip_depth;
	size_t skip_start;
	/* The top frame is frames[depth]. */
	unsigned int depth;
	struct frame frames[OCI_MAX_DEPTH + 1];
};

static inline struct frame *reader_top(struct reader *r)
{
	return &r->frames[r->depth];
}

/* A token, as errors speak of it. */
enum token_kind {
	TOKEN_NULL,
	TOKEN_BOOL,
	TOKEN_NUMBER,
	TOKEN_STRING,
	TOKEN_OBJECT,
	TOKEN_LIST,
};

struct token {
	enum token_kind kind;
	const char *text;
	size_t len;
};

/* One per token; 0 or a negative errno with r->err set. */
int read_null(struct reader *r);
int read_bool(struct reader *r, bool value);
int read_number(struct reader *r, const char *text, size_t len);
int read_string(struct reader *r, const char *s, size_t len);
int read_object_start(struct reader *r);
int read_key(struct reader *r, const char *key, size_t len);
int read_object_end(struct reader *r);
int read_list_start(struct reader *r);
int read_list_end(struct reader *r);

/* What kind of value the frame waits for. */
enum oci_kind reader_wanted(const struct frame *frame);
/*
 * Where the value at hand goes.  A list grows by it at once, so that an error about
 * it names the right index.  NULL for want of memory only.
 */
void *reader_place(struct reader *r, struct frame *frame);
/* Room for one more element in a list or a map, and for a NULL behind it. */
void *reader_append(struct reader *r, const struct oci_field *field, char *base);
/* A list that is there has a pointer, even with nothing in it. */
int reader_start_list(struct reader *r, const struct oci_field *field, char *base);
/*
 * Refuses what yajl lets pass: NUL, which ends a C string, half a surrogate pair, and
 * characters in more bytes than they take.
 */
int reader_check_text(struct reader *r, const char *s, size_t len);
/* The value that no table knows is over: keeps its text if the table says so. */
int reader_end_skip(struct reader *r);

/*
 * What becomes of a CODE that the functions below returned: 0 if reading goes on behind
 * it, with oci_read_all(), else CODE.  reader_refuse_*() leave out what the token was or
 * began; reader_leave_out() does so for a value that was in order by itself.
 */
int reader_note(struct reader *r, int code);
int reader_refuse_value(struct reader *r, int code);
int reader_refuse_bracket(struct reader *r, int code);
int reader_refuse_key(struct reader *r, int code);
void reader_leave_out(struct reader *r);

/*
 * All of them describe what is wrong in r->err and return its code.  reader_fail()
 * blames the current token, reader_fail_at() the text at an offset.
 */
int reader_fail(struct reader *r, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int reader_fail_at(struct reader *r, int code, size_t at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
int reader_fail_memory(struct reader *r);
/* "expected WANTED, got TOKEN" */
int reader_fail_type(struct reader *r, const char *wanted, struct token got);
int reader_fail_kind(struct reader *r, enum oci_kind wanted, struct token got);
/* Where the current token belongs: "linux.namespaces[3].type". */
void reader_path(const struct reader *r, char *buf, size_t size);
/* Text that is not JSON: no path, as there is no telling what belongs to what. */
int reader_fail_syntax(struct reader *r, const char *what);
