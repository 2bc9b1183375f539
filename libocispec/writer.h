/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of the writer: JSON's punctuation, blanks and escapes, in one growing
 * buffer.  write.c says what to put, writer.c how it looks.  Not for users of the
 * library.
 *
 * Want of memory is remembered and told at the end, by writer_finish().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oci_error;

struct writer {
	const char *name;
	unsigned int flags;
	struct oci_error *err;
	char *buf;
	size_t len;
	size_t alloc;
	bool failed;
	/* How many brackets are open, and whether the last one has nothing in it yet. */
	unsigned int depth;
	bool fresh;
};

void writer_open(struct writer *w, char bracket);
void writer_close(struct writer *w, char bracket);
/* Before each member or element: the comma and the line. */
void writer_next(struct writer *w);

/* False if S is not UTF-8; then nothing useful was written. */
bool writer_put_key(struct writer *w, const char *s);
bool writer_put_string(struct writer *w, const char *s);
void writer_put_number(struct writer *w, bool negative, uint64_t magnitude);
void writer_put_word(struct writer *w, const char *word);
/* A value that is JSON already: only its blanks change. */
void writer_put_json(struct writer *w, const char *json);

/* Ends the text; false if memory ran out. */
bool writer_finish(struct writer *w);
