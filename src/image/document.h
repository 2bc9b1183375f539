/* SPDX-License-Identifier: Apache-2.0 */
/* libocispec's calls with this tree's errors and with memory that does not fail. */
#pragma once

#include "base/mem.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "libocispec/read.h"
#include "libocispec/write.h"
#include "linux/document.h"

/* NAME is what errors call TEXT. */
static inline int document_read(struct oci_arena *arena, const struct oci_object *table,
				const struct strbuf *text, const char *name, void *out,
				struct error *err)
{
	struct oci_error oci_err = OCI_ERROR_INIT;

	if (oci_read(arena, table, text->buf, text->len, name, out, &oci_err) < 0)
		return error_from_oci(err, &oci_err);
	return 0;
}

/* *TEXT is the caller's to free(). FLAGS as for oci_write(). */
static inline int document_write(const struct oci_object *table, const void *object,
				 unsigned int flags, char **text, size_t *len,
				 struct error *err)
{
	struct oci_error oci_err = OCI_ERROR_INIT;

	if (oci_write(table, object, flags, text, len, &oci_err) < 0)
		return error_from_oci(err, &oci_err);
	return 0;
}

static inline void *document_alloc(struct oci_arena *arena, size_t size)
{
	void *p = oci_arena_alloc(arena, size);

	/* xmalloc() says so and ends the program. */
	return p ? p : xmalloc(SIZE_MAX);
}

static inline char *document_strdup(struct oci_arena *arena, const char *s)
{
	char *copy = oci_arena_strndup(arena, s, strlen(s));

	return copy ? copy : xmalloc(SIZE_MAX);
}
