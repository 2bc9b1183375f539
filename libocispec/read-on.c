/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Going on behind what is wrong, for oci_read_all().  What was refused is left out, so
 * that the structs are as sound as those of a good document: no string that must be
 * there is NULL, and no name of an enumeration is 0 where one is required.
 */
#include <errno.h>
#include <string.h>

#include "libocispec/pointer.h"
#include "libocispec/reader.h"

/* More than anybody reads at once, and as much as a hostile document can have us keep. */
enum {
	MAX_PROBLEMS = 100
};

int reader_note(struct reader *r, int code)
{
	if (code != -EINVAL || !r->report || ++r->n_problems > MAX_PROBLEMS)
		return code;
	r->report(r->report_arg, r->err);
	return 0;
}

/* The last element of a list or a map, which is refused. */
static void drop_last(struct reader *r, struct frame *frame)
{
	struct oci_error where = OCI_ERROR_INIT;
	size_t *n = (size_t *)(void *)(frame->base + frame->field->count);
	size_t size = oci_field_element_size(frame->field);
	char *items = load_pointer(frame->base + frame->field->offset);

	reader_path(r, where.path, sizeof(where.path));
	r->report(r->report_arg, &where);
	memset(items + --*n * size, 0, size);
	frame->dropped++;
}

static void *last_string(const struct frame *frame)
{
	size_t n, size = oci_field_element_size(frame->field);
	char *items = load_pointer(frame->base + frame->field->offset);

	memcpy(&n, frame->base + frame->field->count, sizeof(n));
	items += (n - 1) * size;
	return frame->kind == FRAME_MAP ? items + offsetof(struct oci_string_pair, value) : items;
}

/* A number that was refused is 0, an empty list has no elements: both can be looked at. */
static void leave_out_member(struct frame *frame)
{
	const struct oci_field *field = frame->field;
	bool required = field->flags & OCI_REQUIRED;
	char *p = frame->base + field->offset;

	if (field->flags & OCI_POINTER || field->kind == OCI_KIND_OBJECT)
		store_pointer(p, NULL);
	else if (field->kind == OCI_KIND_STRING)
		store_pointer(p, required ? "" : NULL);
	if (required && field->kind >= OCI_KIND_ENUM &&
	    (field->kind != OCI_KIND_STRING || field->check))
		frame->unsound = true;
}

void reader_leave_out(struct reader *r)
{
	struct frame *frame = reader_top(r);

	if (frame->kind == FRAME_OBJECT)
		leave_out_member(frame);
	else if (reader_wanted(frame) == OCI_KIND_STRING && !frame->field->check)
		store_pointer(last_string(frame), "");
	else if (reader_wanted(frame) != OCI_KIND_U32)
		drop_last(r, frame);
}

int reader_refuse_value(struct reader *r, int code)
{
	code = reader_note(r, code);
	if (code == 0)
		reader_leave_out(r);
	return code;
}

int reader_refuse_bracket(struct reader *r, int code)
{
	code = reader_refuse_value(r, code);
	if (code == 0) {
		r->skipping = true;
		r->skip_depth = 1;
	}
	return code;
}

int reader_refuse_key(struct reader *r, int code)
{
	code = reader_note(r, code);
	if (code == 0) {
		r->skipping = true;
		r->skip_depth = 0;
	}
	return code;
}
