/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of the writer: what yajl's generator makes of values, in one growing
 * buffer.  write.c says what to put, writer.c has it put.  Not for users of the library.
 *
 * Want of memory and nesting deeper than yajl goes are remembered and told at the end,
 * by writer_finish().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oci_error;
struct yajl_gen_t;

struct writer {
	const char *name;
	unsigned int flags;
	struct oci_error *err;
	struct yajl_gen_t *gen;
	/* The caller of writer_finish() is to free() it. */
	char *buf;
	size_t len;
	size_t alloc;
	/* An opening bracket that waits for what follows it; NUL if none does. */
	char held;
	/* 0, -ENOMEM or, too deep, -EINVAL. */
	int error;
};

/* With name, flags and err set, and nothing else. */
void writer_start(struct writer *w);

void writer_open(struct writer *w, char bracket);
void writer_close(struct writer *w, char bracket);
/* A value, or a key.  False if S is not UTF-8; then nothing was written. */
bool writer_put_string(struct writer *w, const char *s);
void writer_put_number(struct writer *w, bool negative, uint64_t magnitude);
void writer_put_bool(struct writer *w, bool value);
/*
 * A value that is JSON already: its blanks change, and the escapes in its keys.  False
 * if it is none, or a key in it is not UTF-8 or has a NUL; then some of it may have
 * been written.
 */
bool writer_put_json(struct writer *w, const char *json);

/* Ends the text with a NUL; 0 or what went wrong since writer_start(). */
int writer_finish(struct writer *w);
