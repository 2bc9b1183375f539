/* SPDX-License-Identifier: Apache-2.0 */
/* Looks into JSON that this program wrote itself, compact or indented: so it is sound. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* A value in the text of another. */
struct json_view {
	const char *s;
	size_t len;
};

struct json_view json_view(const char *text);

/* The member NAME of an object; false if it is none, or has none. */
bool json_member(struct json_view object, const char *name, size_t name_len,
		 struct json_view *value);

/* Calls FN with each element, or each member and its name (which is NULL of an element). */
typedef void (*json_each_fn)(void *ctx, const struct json_view *name, struct json_view value);
void json_each(struct json_view container, json_each_fn fn, void *ctx);

/* Appends a string without quotes and escapes; anything else as it is. */
void json_add_text(struct json_view value, struct strbuf *out);
