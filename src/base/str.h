/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growing strings, vectors of strings, and strict number parsing.
 *
 * Invariant of struct strbuf: buf is never NULL and buf[len] is '\0'.
 * Invariant of struct strvec: v[n] is NULL, so v is an argv at any time.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct strbuf {
	char *buf;
	size_t len;
	size_t alloc;
};

extern char strbuf_empty[];
#define STRBUF_INIT { .buf = strbuf_empty }

void strbuf_release(struct strbuf *sb);
#define cleanup_strbuf __attribute__((cleanup(strbuf_release)))

/* Makes room for EXTRA more bytes and the '\0'. */
void strbuf_grow(struct strbuf *sb, size_t extra);
void strbuf_reset(struct strbuf *sb);
void strbuf_add(struct strbuf *sb, const void *data, size_t n);
void strbuf_adds(struct strbuf *sb, const char *s);
void strbuf_addch(struct strbuf *sb, char c);
void strbuf_addf(struct strbuf *sb, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
/* The heap string, now the caller's to free(); SB is empty again. */
char *strbuf_detach(struct strbuf *sb);

struct strvec {
	char **v;
	size_t n;
	size_t alloc;
};

extern char *strvec_empty[];
#define STRVEC_INIT { .v = strvec_empty }

void strvec_release(struct strvec *sv);
#define cleanup_strvec __attribute__((cleanup(strvec_release)))

void strvec_push(struct strvec *sv, const char *s);
void strvec_pushf(struct strvec *sv, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Takes ownership of the heap string S. */
void strvec_push_take(struct strvec *sv, char *s);
/* Appends every string of the NULL-terminated V (NULL counts as empty). */
void strvec_pushv(struct strvec *sv, char *const *v);

/* The whole of S is a decimal number within the bounds: true and *OUT set. No sign for u64. */
bool str_to_u64(const char *s, uint64_t max, uint64_t *out);
bool str_to_i64(const char *s, int64_t min, int64_t max, int64_t *out);

static inline bool streq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* The rest of S after PREFIX, or NULL. */
const char *str_skip_prefix(const char *s, const char *prefix);
bool str_has_suffix(const char *s, const char *suffix);
