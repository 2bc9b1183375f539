/* SPDX-License-Identifier: Apache-2.0 */
/* How list and history show what they have in common. */
#pragma once

#include <stdio.h>

#include "base/mem.h"
#include "base/str.h"
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

/* Appends OBJECT as JSON on a line of its own. */
static inline int format_json_line(const struct oci_object *table, const void *object,
				   struct strbuf *text, struct error *err)
{
	cleanup_free char *json = NULL;
	size_t len;
	int r = document_write(table, object, 0, &json, &len, err);

	if (r == 0)
		strbuf_addf(text, "%s\n", json);
	return r;
}
