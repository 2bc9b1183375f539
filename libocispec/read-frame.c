/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens that open and close: keys, brackets, and the frames between them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libocispec/pointer.h"
#include "libocispec/reader.h"

/* The line that keeps the members no other line knows; NULL if they are passed over. */
static const struct oci_field *rest_field(const struct frame *frame)
{
	const struct oci_object *object = frame->object;
	const struct oci_field *last;

	if (frame->kind != FRAME_OBJECT || !object)
		return NULL;
	last = &object->fields[object->n_fields - 1];
	return last->kind == OCI_KIND_REST ? last : NULL;
}

int reader_end_skip(struct reader *r)
{
	const struct frame *frame = reader_top(r);
	const struct oci_field *last = rest_field(frame);
	struct oci_string_map *rest;
	const char *from = r->text + r->skip_start;
	char *text;
	int ret;

	r->skipping = false;
	if (!last)
		return 0;
	rest = (struct oci_string_map *)(void *)(frame->base + last->offset);
	ret = reader_check_text(r, from, r->pos - r->skip_start);
	if (ret < 0)
		return ret;
	text = oci_arena_strndup(r->arena, from, r->pos - r->skip_start);
	if (!text)
		return reader_fail_memory(r);
	rest->items[rest->n - 1].value = text;
	return 0;
}

static int push(struct reader *r, enum frame_kind kind, const struct oci_field *field,
		char *base, const struct oci_object *object)
{
	if (r->depth >= OCI_MAX_DEPTH)
		return reader_fail(r, -EFBIG, "nested deeper than %d", OCI_MAX_DEPTH);
	r->frames[++r->depth] = (struct frame) {
		.kind = kind,
		.field = field,
		.base = base,
		.start = r->pos - 1,
		.object = object,
	};
	return 0;
}

static int start_skip(struct reader *r)
{
	r->skipping = true;
	if (r->depth + ++r->skip_depth > OCI_MAX_DEPTH)
		return reader_fail(r, -EFBIG, "nested deeper than %d", OCI_MAX_DEPTH);
	return 0;
}

int read_object_start(struct reader *r)
{
	const struct token token = { TOKEN_OBJECT, "{", 1 };
	struct frame *frame = reader_top(r);
	const struct oci_field *field = frame->field;
	enum oci_kind wanted;
	char *p;
	int ret;

	if (r->skipping)
		return start_skip(r);
	wanted = reader_wanted(frame);
	p = reader_place(r, frame);
	if (!p)
		return reader_fail_memory(r);
	switch (wanted) {
	case OCI_KIND_OBJECT:
		/* The values in a set of keys say nothing. */
		if (field->kind == OCI_KIND_KEY_SET)
			return start_skip(r);
		if (frame->kind != FRAME_OBJECT)
			return push(r, FRAME_OBJECT, NULL, p, field->object);
		p = oci_arena_alloc(r->arena, field->object->size);
		if (!p)
			return reader_fail_memory(r);
		store_pointer(frame->base + field->offset, p);
		return push(r, FRAME_OBJECT, NULL, p, field->object);
	case OCI_KIND_OBJECT_MAP:
	case OCI_KIND_KEY_SET:
	case OCI_KIND_STRING_MAP:
		ret = reader_start_list(r, field, frame->base);
		return ret < 0 ? ret : push(r, FRAME_MAP, field, frame->base, NULL);
	default:
		return reader_fail_kind(r, wanted, token);
	}
}

/* Members mostly come in the order of the table, so the search starts behind the last. */
static const struct oci_field *find_field(struct frame *frame, const char *key,
					  size_t len)
{
	const struct oci_object *object = frame->object;
	size_t at = frame->next;

	for (size_t i = 0; i < object->n_fields; i++, at++) {
		const struct oci_field *field;

		if (at >= object->n_fields)
			at = 0;
		field = &object->fields[at];
		if (field->key_len == len && memcmp(field->key, key, len) == 0 &&
		    field->kind != OCI_KIND_REST) {
			frame->next = at + 1;
			return field;
		}
	}
	return NULL;
}

/* A member that the table does not have: kept as text, or passed over. */
static int read_unknown_key(struct reader *r, struct frame *frame, const char *key,
			    size_t len)
{
	const struct oci_field *last = rest_field(frame);
	struct oci_string_pair *pair;
	int ret;

	r->skipping = true;
	r->skip_depth = 0;
	/* Behind the key there are blanks (yajl has two more than JSON) and a colon. */
	r->skip_start = r->pos;
	while (r->skip_start < r->len && memchr(" \t\r\n\v\f:", r->text[r->skip_start], 7))
		r->skip_start++;
	if (!last)
		return 0;
	ret = reader_check_text(r, key, len);
	if (ret < 0)
		return ret;
	pair = reader_append(r, last, frame->base);
	if (!pair)
		return reader_fail_memory(r);
	pair->key = oci_arena_strndup(r->arena, key, len);
	return pair->key ? 0 : reader_fail_memory(r);
}

static int read_map_key(struct reader *r, struct frame *frame, const char *key,
			size_t len)
{
	char *copy;
	void *p;
	int ret;

	/* The path names the map itself until it has the key. */
	r->depth--;
	ret = len ? reader_check_text(r, key, len)
		  : reader_fail(r, -EINVAL, "an empty key");
	r->depth++;
	if (ret < 0)
		return ret;
	copy = oci_arena_strndup(r->arena, key, len);
	p = copy ? reader_append(r, frame->field, frame->base) : NULL;
	if (!p)
		return reader_fail_memory(r);
	/* Every element of a map begins with its key. */
	store_pointer(p, copy);
	return 0;
}

int read_key(struct reader *r, const char *key, size_t len)
{
	struct frame *frame = reader_top(r);
	uint64_t bit;

	/* What is kept must be fit to be written. */
	if (r->skipping)
		return rest_field(frame) ? reader_check_text(r, key, len) : 0;
	if (frame->kind == FRAME_MAP)
		return read_map_key(r, frame, key, len);
	frame->field = find_field(frame, key, len);
	if (!frame->field)
		return read_unknown_key(r, frame, key, len);
	bit = (uint64_t)1 << (frame->field - frame->object->fields);
	if (frame->seen & bit)
		return reader_fail(r, -EINVAL, "given twice");
	frame->seen |= bit;
	return 0;
}

static int compare_keys(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;

	return strcmp(*left, *right);
}

/*
 * Looks for a key that is there twice.  Sorted, as a hostile map may be large.  The
 * place in the error is where the map begins.
 */
static int check_keys(struct reader *r, const struct frame *map,
		      const struct oci_field *field)
{
	size_t n, size = oci_field_element_size(field);
	const char *items = load_pointer(map->base + field->offset), *twice = NULL;
	const char **keys;

	memcpy(&n, map->base + field->count, sizeof(n));
	if (n < 2)
		return 0;
	keys = malloc(n * sizeof(*keys));
	if (!keys)
		return reader_fail_memory(r);
	for (size_t i = 0; i < n; i++)
		keys[i] = load_pointer(items + i * size);
	qsort(keys, n, sizeof(*keys), compare_keys);
	for (size_t i = 1; i < n && !twice; i++)
		if (strcmp(keys[i - 1], keys[i]) == 0)
			twice = keys[i];
	free(keys);
	if (!twice)
		return 0;
	return reader_fail_at(r, -EINVAL, map->start, "\"%.100s\" is given twice", twice);
}

static int check_required(struct reader *r, struct frame *frame)
{
	const struct oci_object *object = frame->object;
	int ret = 0;

	for (size_t i = 0; i < object->n_fields && ret == 0; i++) {
		if (!(object->fields[i].flags & OCI_REQUIRED) ||
		    frame->seen & (uint64_t)1 << i)
			continue;
		frame->field = &object->fields[i];
		ret = reader_fail_at(r, -EINVAL, frame->start, "missing from the %s",
				     object->name);
		ret = reader_refuse_value(r, ret);
	}
	return ret;
}

static int end_skipped_bracket(struct reader *r)
{
	return --r->skip_depth ? 0 : reader_end_skip(r);
}

int read_object_end(struct reader *r)
{
	struct frame *frame = reader_top(r);
	const struct oci_field *last;
	int ret;

	if (r->skipping)
		return end_skipped_bracket(r);
	if (frame->kind == FRAME_MAP) {
		r->depth--;
		ret = check_keys(r, frame, frame->field);
		return ret < 0 ? reader_note(r, ret) : 0;
	}
	ret = check_required(r, frame);
	if (ret < 0)
		return ret;
	frame->field = NULL;
	last = rest_field(frame);
	if (last)
		ret = check_keys(r, frame, last);
	r->depth--;
	if (frame->unsound)
		reader_leave_out(r);
	return ret;
}

int read_list_start(struct reader *r)
{
	const struct token token = { TOKEN_LIST, "[", 1 };
	struct frame *frame = reader_top(r);
	enum oci_kind wanted;
	int ret;

	if (r->skipping)
		return start_skip(r);
	wanted = reader_wanted(frame);
	switch (wanted) {
	case OCI_KIND_STRINGS:
	case OCI_KIND_U32S:
	case OCI_KIND_ENUMS:
	case OCI_KIND_OBJECTS:
		ret = reader_start_list(r, frame->field, frame->base);
		return ret < 0 ? ret
			       : push(r, FRAME_LIST, frame->field, frame->base, NULL);
	default:
		if (!reader_place(r, frame))
			return reader_fail_memory(r);
		return reader_fail_kind(r, wanted, token);
	}
}

int read_list_end(struct reader *r)
{
	struct frame *frame = reader_top(r);
	size_t n;

	if (r->skipping)
		return end_skipped_bracket(r);
	memcpy(&n, frame->base + frame->field->count, sizeof(n));
	r->depth--;
	if (n > 0 || !(frame->field->flags & OCI_NOT_EMPTY))
		return 0;
	return reader_refuse_value(r, reader_fail_at(r, -EINVAL, frame->start,
						     "the list is empty"));
}
