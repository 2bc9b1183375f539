/* SPDX-License-Identifier: Apache-2.0 */
/* How list, history and ps show what they have in common. */
#pragma once

#include <stdio.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/template.h"
#include "image/digest.h"
#include "image/document.h"
#include "libocispec/field.h"

struct format_id {
	char s[sizeof(struct digest)];
};

/* The first 12 digits, or everything with the algorithm. */
static inline struct format_id format_id(const struct digest *id, bool no_trunc)
{
	struct format_id text;

	(void)snprintf(text.s, sizeof(text.s), "%.*s", no_trunc ? (int)sizeof(text.s) : 12,
		       no_trunc ? id->s : digest_hex(id));
	return text;
}

/* Shows OBJECT as ROWS are formatted. */
static inline int format_object(struct format_rows *rows, const struct oci_object *table,
				const void *object, struct strbuf *text, struct error *err)
{
	cleanup_free char *json = NULL;
	size_t len;
	int r = document_write(table, object, 0, &json, &len, err);

	return r < 0 ? r : format_rows_add(rows, json, text, err);
}
