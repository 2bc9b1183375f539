/* SPDX-License-Identifier: Apache-2.0 */
/* Where a value goes, and what it has to be: lists that grow, scalars behind pointers. */
#include <errno.h>
#include <string.h>

#include "libocispec/pointer.h"
#include "libocispec/reader.h"
#include "libocispec/utf8.h"

/* What a list starts with; it doubles from there. */
enum {
	FIRST_ELEMENTS = 4
};

void *reader_append(struct reader *r, const struct oci_field *field, char *base)
{
	size_t *n = (size_t *)(void *)(base + field->count);
	size_t size = oci_field_element_size(field);
	char *items = load_pointer(base + field->offset);
	bool full = *n + 1 >= FIRST_ELEMENTS && ((*n + 1) & *n) == 0;

	if (!items || full) {
		size_t alloc = items ? (*n + 1) * 2 : FIRST_ELEMENTS;
		char *more = oci_arena_alloc(r->arena, alloc * size);

		if (!more)
			return NULL;
		if (items)
			memcpy(more, items, *n * size);
		store_pointer(base + field->offset, more);
		items = more;
	}
	return items + (*n)++ * size;
}

int reader_start_list(struct reader *r, const struct oci_field *field, char *base)
{
	size_t size = oci_field_element_size(field);
	void *items = oci_arena_alloc(r->arena, FIRST_ELEMENTS * size);

	if (!items)
		return reader_fail_memory(r);
	store_pointer(base + field->offset, items);
	return 0;
}

enum oci_kind reader_wanted(const struct frame *frame)
{
	if (frame->kind == FRAME_OBJECT)
		return frame->field->kind;
	switch (frame->field->kind) {
	case OCI_KIND_STRINGS:
	case OCI_KIND_STRING_MAP:
		return OCI_KIND_STRING;
	case OCI_KIND_ENUMS:
		return OCI_KIND_ENUM;
	case OCI_KIND_U32S:
		return OCI_KIND_U32;
	default:
		return OCI_KIND_OBJECT;
	}
}

static const char *wanted_text(enum oci_kind kind)
{
	switch (kind) {
	case OCI_KIND_BOOL:
		return "true or false";
	case OCI_KIND_STRING:
	case OCI_KIND_ENUM:
		return "a string";
	case OCI_KIND_OBJECT:
	case OCI_KIND_OBJECT_MAP:
	case OCI_KIND_KEY_SET:
	case OCI_KIND_STRING_MAP:
		return "an object";
	case OCI_KIND_STRINGS:
	case OCI_KIND_U32S:
	case OCI_KIND_ENUMS:
	case OCI_KIND_OBJECTS:
		return "a list";
	default:
		return "an integer";
	}
}

int reader_fail_kind(struct reader *r, enum oci_kind wanted, struct token got)
{
	return reader_fail_type(r, wanted_text(wanted), got);
}

static size_t scalar_size(enum oci_kind kind)
{
	switch (kind) {
	case OCI_KIND_BOOL:
		return sizeof(bool);
	case OCI_KIND_U16:
		return sizeof(uint16_t);
	case OCI_KIND_U64:
	case OCI_KIND_I64:
		return sizeof(uint64_t);
	default:
		return sizeof(uint32_t);
	}
}

void *reader_place(struct reader *r, struct frame *frame)
{
	const struct oci_field *field = frame->field;
	char *p = frame->base + field->offset;

	if (frame->kind == FRAME_LIST)
		return reader_append(r, field, frame->base);
	if (frame->kind == FRAME_MAP) {
		size_t n, size = oci_field_element_size(field);
		char *items = load_pointer(p);

		memcpy(&n, frame->base + field->count, sizeof(n));
		p = items + (n - 1) * size;
		if (field->kind == OCI_KIND_STRING_MAP)
			p += offsetof(struct oci_string_pair, value);
		return p;
	}
	if (field->flags & OCI_POINTER) {
		void *value = oci_arena_alloc(r->arena, scalar_size(field->kind));

		if (value)
			store_pointer(p, value);
		return value;
	}
	return p;
}

int reader_check_text(struct reader *r, const char *s, size_t len)
{
	if (utf8_is_text(s, len))
		return 0;
	if (len > 0 && memchr(s, '\0', len))
		return reader_fail(r, -EINVAL, "the string holds a NUL character");
	return reader_fail(r, -EINVAL,
			   "the string is not UTF-8, or holds half a surrogate pair");
}
