/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer: walks the tables and hands what it finds to writer.c.  It keeps a chain
 * of places on the C stack, from which the path in an error is made.
 */
#include "libocispec/write.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libocispec/field.h"
#include "libocispec/names.h"
#include "libocispec/oci-error.h"
#include "libocispec/pointer.h"
#include "libocispec/read.h"
#include "libocispec/writer.h"

/* One step of the path: a member, or an element of the member above it. */
struct place {
	const struct place *up;
	const char *key;
	size_t index;
};

static size_t format_path(char *buf, size_t size, const struct place *place)
{
	size_t n;

	if (!place)
		return 0;
	n = format_path(buf, size, place->up);
	if (n >= size)
		return n;
	if (!place->key)
		return n + (size_t)snprintf(buf + n, size - n, "[%zu]", place->index);
	return n + (size_t)snprintf(buf + n, size - n, "%s%s", n ? "." : "", place->key);
}

static int fail(struct writer *w, const struct place *place, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(struct writer *w, const struct place *place, const char *fmt, ...)
{
	struct oci_error *err = w->err;
	size_t n, size = sizeof(err->msg);
	va_list ap;

	err->code = -EINVAL;
	err->line = 0;
	err->column = 0;
	err->path[0] = '\0';
	(void)format_path(err->path, sizeof(err->path), place);
	n = (size_t)snprintf(err->msg, size, "%s: %s%s", w->name, err->path,
			     err->path[0] ? ": " : "");
	va_start(ap, fmt);
	(void)vsnprintf(err->msg + n, size - n, fmt, ap);
	va_end(ap);
	return err->code;
}

static int put_string(struct writer *w, const struct place *place, oci_check *check,
		      const char *s)
{
	const char *should_be;

	if (!s)
		return fail(w, place, "a string is missing from the list");
	should_be = check ? check(s, strlen(s)) : NULL;
	if (should_be)
		return fail(w, place, "expected %s, got \"%.60s\"", should_be, s);
	if (!writer_put_string(w, s))
		return fail(w, place, "the string is not UTF-8");
	return 0;
}

static int put_name(struct writer *w, const struct place *place,
		    const struct oci_names *names, unsigned int value)
{
	const char *name = oci_name(names, value);

	if (!name)
		return fail(w, place, "%u does not stand for %s", value, names->what);
	(void)writer_put_string(w, name);
	return 0;
}

static int put_number(struct writer *w, const struct place *place,
		      const struct oci_field *field, const void *p)
{
	uint64_t value = 0, max;
	bool negative = false;
	int64_t min, number = 0;

	switch (field->kind) {
	case OCI_KIND_U16:
		value = *(const uint16_t *)p;
		break;
	case OCI_KIND_U32:
	case OCI_KIND_U32S:
		value = *(const uint32_t *)p;
		break;
	case OCI_KIND_U64:
		value = *(const uint64_t *)p;
		break;
	case OCI_KIND_I32:
		number = *(const int32_t *)p;
		break;
	default:
		number = *(const int64_t *)p;
	}
	if (number != 0) {
		negative = number < 0;
		value = (uint64_t)number;
	}
	oci_field_bounds(field, &min, &max);
	if (negative ? number < min : value > max || (min > 0 && value < (uint64_t)min))
		return fail(w, place, "%s%llu is not from %lld to %llu",
			    negative ? "-" : "",
			    (unsigned long long)(negative ? -value : value),
			    (long long)min, (unsigned long long)max);
	writer_put_number(w, negative, negative ? -value : value);
	return 0;
}

static int put_object(struct writer *w, const struct place *place,
		      const struct oci_object *object, const char *base);

static int put_element(struct writer *w, const struct place *place,
		       const struct oci_field *field, const char *p)
{
	switch (field->kind) {
	case OCI_KIND_STRINGS:
		return put_string(w, place, field->check, load_pointer(p));
	case OCI_KIND_ENUMS:
		return put_name(w, place, field->names,
				*(const unsigned int *)(const void *)p);
	case OCI_KIND_U32S:
		return put_number(w, place, field, p);
	default:
		return put_object(w, place, field->object, p);
	}
}

static int put_list(struct writer *w, const struct place *place,
		    const struct oci_field *field, const char *items, size_t n)
{
	size_t size = oci_field_element_size(field);
	struct place here = { .up = place };
	int r;

	if (n == 0 && field->flags & OCI_NOT_EMPTY)
		return fail(w, place, "the list is empty");
	writer_open(w, '[');
	for (; here.index < n; here.index++) {
		r = put_element(w, &here, field, items + here.index * size);
		if (r < 0)
			return r;
	}
	writer_close(w, ']');
	return 0;
}

static int put_map_value(struct writer *w, const struct place *place,
			 const struct oci_field *field, const char *p)
{
	switch (field->kind) {
	case OCI_KIND_STRING_MAP:
		return put_string(w, place, NULL,
				  load_pointer(p +
					       offsetof(struct oci_string_pair, value)));
	case OCI_KIND_OBJECT_MAP:
		return put_object(w, place, field->object, p);
	default:
		writer_open(w, '{');
		writer_close(w, '}');
		return 0;
	}
}

static int put_map(struct writer *w, const struct place *place,
		   const struct oci_field *field, const char *items, size_t n)
{
	size_t size = oci_field_element_size(field);
	int r;

	writer_open(w, '{');
	for (size_t i = 0; i < n; i++) {
		const char *p = items + i * size;
		struct place here = { .up = place, .key = load_pointer(p) };

		if (!here.key || !*here.key)
			return fail(w, place, "an empty key");
		if (!writer_put_string(w, here.key))
			return fail(w, place, "a key is not UTF-8");
		r = put_map_value(w, &here, field, p);
		if (r < 0)
			return r;
	}
	writer_close(w, '}');
	return 0;
}

static size_t count(const struct oci_field *field, const char *base)
{
	size_t n;

	memcpy(&n, base + field->count, sizeof(n));
	return n;
}

static int put_value(struct writer *w, const struct place *place,
		     const struct oci_field *field, const char *base)
{
	const char *p = base + field->offset;

	if (field->flags & OCI_POINTER)
		p = load_pointer(p);
	switch (field->kind) {
	case OCI_KIND_BOOL:
		writer_put_bool(w, *(const bool *)(const void *)p);
		return 0;
	case OCI_KIND_ENUM:
		return put_name(w, place, field->names,
				*(const unsigned int *)(const void *)p);
	case OCI_KIND_STRING:
		return put_string(w, place, field->check, load_pointer(p));
	case OCI_KIND_OBJECT:
		return put_object(w, place, field->object, load_pointer(p));
	case OCI_KIND_STRINGS:
	case OCI_KIND_U32S:
	case OCI_KIND_ENUMS:
	case OCI_KIND_OBJECTS:
		return put_list(w, place, field, load_pointer(p), count(field, base));
	case OCI_KIND_OBJECT_MAP:
	case OCI_KIND_KEY_SET:
	case OCI_KIND_STRING_MAP:
		return put_map(w, place, field, load_pointer(p), count(field, base));
	default:
		return put_number(w, place, field, p);
	}
}

/* Whether there is a value: a pointer, something in a list, a scalar that is not 0. */
static bool is_present(const struct oci_field *field, const char *base)
{
	const char *p = base + field->offset;

	if (field->flags & OCI_POINTER)
		return load_pointer(p);
	switch (field->kind) {
	case OCI_KIND_BOOL:
		return *(const bool *)(const void *)p;
	case OCI_KIND_U16:
		return *(const uint16_t *)(const void *)p;
	case OCI_KIND_U32:
	case OCI_KIND_I32:
	case OCI_KIND_ENUM:
		return *(const uint32_t *)(const void *)p;
	case OCI_KIND_U64:
	case OCI_KIND_I64:
		return *(const uint64_t *)(const void *)p;
	case OCI_KIND_STRING:
	case OCI_KIND_OBJECT:
		return load_pointer(p);
	default:
		return load_pointer(p) || count(field, base);
	}
}

/* Numbers, lists and maps have something to write when nobody set them. */
static bool has_zero(const struct oci_field *field)
{
	return field->kind != OCI_KIND_STRING && field->kind != OCI_KIND_OBJECT &&
	       field->kind != OCI_KIND_ENUM;
}

static int put_rest(struct writer *w, const struct place *place,
		    const struct oci_string_map *rest)
{
	for (size_t i = 0; i < rest->n; i++) {
		struct place here = { .up = place, .key = rest->items[i].key };

		if (!rest->items[i].value || !*rest->items[i].value)
			return fail(w, &here, "there is no value");
		if (!writer_put_string(w, here.key))
			return fail(w, place, "a key is not UTF-8");
		if (!writer_put_json(w, rest->items[i].value))
			return fail(w, &here, "\"%.60s\" is not JSON",
				    rest->items[i].value);
	}
	return 0;
}

static int put_member(struct writer *w, const struct place *place,
		      const struct oci_object *object, const struct oci_field *field,
		      const char *base)
{
	struct place here = { .up = place, .key = field->key };
	bool present = is_present(field, base);

	if (field->kind == OCI_KIND_REST)
		return put_rest(w, place, (const void *)(base + field->offset));
	if (!present && !(field->flags & (OCI_REQUIRED | OCI_ALWAYS)))
		return 0;
	if (!present && !has_zero(field))
		return fail(w, &here, "missing from the %s", object->name);
	(void)writer_put_string(w, field->key);
	return put_value(w, &here, field, base);
}

static int put_object(struct writer *w, const struct place *place,
		      const struct oci_object *object, const char *base)
{
	int r = 0;

	writer_open(w, '{');
	for (size_t i = 0; i < object->n_fields && r == 0; i++)
		r = put_member(w, place, object, &object->fields[i], base);
	writer_close(w, '}');
	return r;
}

static int finish(struct writer *w, int r, char **buf, size_t *len)
{
	int error = writer_finish(w);

	if (r == 0 && error < 0) {
		r = error;
		w->err->code = r;
		w->err->path[0] = '\0';
		(void)snprintf(w->err->msg, sizeof(w->err->msg), "%s: %s", w->name,
			       r == -ENOMEM ? "out of memory" : "nested too deep");
	}
	if (r < 0) {
		free(w->buf);
		return r;
	}
	*buf = w->buf;
	*len = w->len;
	return 0;
}

int oci_write(const struct oci_object *table, const void *obj, unsigned int flags,
	      char **buf, size_t *len, struct oci_error *err)
{
	struct writer w = { .name = table->name, .flags = flags, .err = err };

	writer_start(&w);
	return finish(&w, put_object(&w, NULL, table, obj), buf, len);
}

int oci_write_list(const struct oci_object *table, const struct oci_list *list,
		   unsigned int flags, char **buf, size_t *len, struct oci_error *err)
{
	const struct oci_field field = { .kind = OCI_KIND_OBJECTS, .object = table };
	struct writer w = { .name = table->name, .flags = flags, .err = err };

	writer_start(&w);
	return finish(&w, put_list(&w, NULL, &field, list->items, list->n), buf, len);
}
