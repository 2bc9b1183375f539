/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens that are values: null, booleans, numbers and strings. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libocispec/names.h"
#include "libocispec/pointer.h"
#include "libocispec/reader.h"

int read_null(struct reader *r)
{
	struct frame *frame = reader_top(r);
	const struct token token = { TOKEN_NULL, "null", 4 };
	enum oci_kind wanted;

	if (r->skipping)
		return r->skip_depth ? 0 : reader_end_skip(r);
	wanted = reader_wanted(frame);
	if (frame->kind == FRAME_OBJECT && !(frame->field->flags & OCI_REQUIRED))
		return 0;
	if (frame->kind == FRAME_OBJECT && oci_field_element_size(frame->field) &&
	    !(frame->field->flags & OCI_NOT_EMPTY))
		return reader_start_list(r, frame->field, frame->base);
	if (frame->kind == FRAME_MAP && frame->field->kind == OCI_KIND_KEY_SET)
		return 0;
	if (!reader_place(r, frame))
		return reader_fail_memory(r);
	return reader_fail_kind(r, wanted, token);
}

int read_bool(struct reader *r, bool value)
{
	struct frame *frame = reader_top(r);
	const struct token token = { TOKEN_BOOL, value ? "true" : "false",
				     value ? 4 : 5 };
	enum oci_kind wanted;
	bool *p;

	if (r->skipping)
		return r->skip_depth ? 0 : reader_end_skip(r);
	wanted = reader_wanted(frame);
	p = reader_place(r, frame);
	if (!p)
		return reader_fail_memory(r);
	if (wanted != OCI_KIND_BOOL)
		return reader_fail_kind(r, wanted, token);
	*p = value;
	return 0;
}

/* The value of [-]digits; false if it does not fit. */
static bool parse_digits(const char *text, size_t len, bool *negative, uint64_t *out)
{
	uint64_t value = 0;
	size_t i = 0;

	*negative = text[0] == '-';
	for (i = *negative; i < len; i++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
			return false;
	*out = value;
	return true;
}

static void store_number(void *p, enum oci_kind kind, uint64_t value)
{
	switch (kind) {
	case OCI_KIND_U16:
		*(uint16_t *)p = (uint16_t)value;
		break;
	case OCI_KIND_U32:
		*(uint32_t *)p = (uint32_t)value;
		break;
	case OCI_KIND_I32:
		*(int32_t *)p = (int32_t)value;
		break;
	case OCI_KIND_I64:
		*(int64_t *)p = (int64_t)value;
		break;
	default:
		*(uint64_t *)p = value;
	}
}

static bool is_number_kind(enum oci_kind kind)
{
	return kind >= OCI_KIND_U16 && kind <= OCI_KIND_I64;
}

int read_number(struct reader *r, const char *text, size_t len)
{
	struct frame *frame = reader_top(r);
	const struct token token = { TOKEN_NUMBER, text, len };
	enum oci_kind wanted;
	uint64_t value, max;
	bool negative, fits;
	int64_t min;
	void *p;

	if (r->skipping)
		return r->skip_depth ? 0 : reader_end_skip(r);
	wanted = reader_wanted(frame);
	p = reader_place(r, frame);
	if (!p)
		return reader_fail_memory(r);
	if (!is_number_kind(wanted) || memchr(text, '.', len) || memchr(text, 'e', len) ||
	    memchr(text, 'E', len))
		return reader_fail_kind(r, wanted, token);
	oci_field_bounds(frame->field, &min, &max);
	fits = parse_digits(text, len, &negative, &value);
	if (fits && negative)
		fits = value == 0 ? min <= 0
				  : min < 0 && value <= (uint64_t) - (min + 1) + 1;
	else if (fits)
		fits = value <= max && (min <= 0 || value >= (uint64_t)min);
	if (!fits) {
		char range[96];

		(void)snprintf(range, sizeof(range), "an integer from %lld to %llu",
			       (long long)min, (unsigned long long)max);
		return reader_fail_type(r, range, token);
	}
	store_number(p, wanted, negative ? -value : value);
	return 0;
}

static int fail_name(struct reader *r, const struct oci_names *names, struct token got)
{
	char all[400];
	size_t len = (size_t)snprintf(all, sizeof(all), "%s (", names->what);

	for (size_t i = 1; i < names->n; i++) {
		int n = snprintf(all + len, sizeof(all) - len, "%s%s", names->names[i],
				 i + 1 < names->n ? ", " : ")");

		len += (size_t)n;
		if (len >= sizeof(all)) {
			(void)strcpy(all + sizeof(all) - 5, "...)");
			break;
		}
	}
	return reader_fail_type(r, all, got);
}

static int read_name(struct reader *r, const struct frame *frame, void *p,
		     struct token token)
{
	unsigned int value = oci_name_value(frame->field->names, token.text, token.len);

	/* Encoders that do not leave out what is not set write "". */
	if (token.len == 0 && frame->kind == FRAME_OBJECT &&
	    !(frame->field->flags & OCI_REQUIRED))
		return 0;
	if (value == 0)
		return fail_name(r, frame->field->names, token);
	*(unsigned int *)p = value;
	return 0;
}

int read_string(struct reader *r, const char *s, size_t len)
{
	struct frame *frame = reader_top(r);
	const struct token token = { TOKEN_STRING, s, len };
	const char *should_be;
	enum oci_kind wanted;
	char *copy;
	void *p;
	int ret;

	if (r->skipping)
		return r->skip_depth ? 0 : reader_end_skip(r);
	wanted = reader_wanted(frame);
	p = reader_place(r, frame);
	if (!p)
		return reader_fail_memory(r);
	if (wanted == OCI_KIND_ENUM)
		return read_name(r, frame, p, token);
	if (wanted != OCI_KIND_STRING)
		return reader_fail_kind(r, wanted, token);
	ret = reader_check_text(r, s, len);
	if (ret < 0)
		return ret;
	copy = oci_arena_strndup(r->arena, s, len);
	if (!copy)
		return reader_fail_memory(r);
	store_pointer(p, copy);
	should_be = frame->field->check ? frame->field->check(copy, len) : NULL;
	return should_be ? reader_fail_type(r, should_be, token) : 0;
}
