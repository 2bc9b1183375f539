/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/oci-sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libocispec/check.h"
#include "libocispec/image.h"
#include "libocispec/runtime.h"

#define DIGITS "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

const struct oci_object *const sample_documents[] = {
	&oci_config_object,	  &oci_linux_object,
	&oci_process_object,	  &oci_resources_object,
	&oci_seccomp_object,	  &oci_id_mapping_object,
	&oci_state_object,	  &oci_container_process_state_object,
	&oci_features_object,	  &oci_layout_object,
	&oci_descriptor_object,	  &oci_index_object,
	&oci_manifest_object,	  &oci_image_config_object,
	&oci_docker_image_object, NULL,
};

struct sample {
	struct oci_arena *arena;
	enum sample_size size;
	/* Goes up with every value, so that no two are alike. */
	unsigned int counter;
};

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

static void put_pointer(void *to, const void *p)
{
	memcpy(to, &p, sizeof(p));
}

static char *format(struct sample *s, const char *fmt, unsigned int n)
{
	char buf[128];

	(void)snprintf(buf, sizeof(buf), fmt, n);
	return must(oci_arena_strndup(s->arena, buf, strlen(buf)));
}

/* A string that passes CHECK, and is awkward where it may be. */
static char *make_string(struct sample *s, oci_check *check)
{
	static const char *const awkward[] = {
		"%u \"quoted\" back\\slash",
		"%u\ttab\nline\rreturn\b\f",
		"%u \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 \x01\x1f\x7f",
		"%u </script> \xe2\x80\xa8 {}[],:",
		"/plain/%u",
	};
	unsigned int n = s->counter++;

	if (check == oci_check_digest)
		return format(s, n % 2 ? "sha256:" DIGITS : "other+b64.x:%u=_-A", n);
	if (check == oci_check_cpu_list)
		return format(s, "0-3, %u", n);
	if (check == oci_check_page_size)
		return format(s, "1%uMB", n);
	if (check == oci_check_mem_bw_schema)
		return format(s, "MB:0=%u", n);
	if (check == oci_check_layout_version)
		return format(s, "1.0.0", n);
	if (check == oci_check_rootfs_type)
		return format(s, "layers", n);
	if (check)
		abort();
	return format(s, awkward[n % (sizeof(awkward) / sizeof(awkward[0]))], n);
}

static void make_number(struct sample *s, const struct oci_field *field, void *p)
{
	unsigned int n = s->counter++;
	int64_t min;
	uint64_t max, value;

	oci_field_bounds(field, &min, &max);
	switch (n % 4) {
	case 0:
		value = (uint64_t)min;
		break;
	case 1:
		value = max;
		break;
	default:
		value = max < n ? max : n;
	}
	switch (field->kind) {
	case OCI_KIND_U16:
		*(uint16_t *)p = (uint16_t)value;
		break;
	case OCI_KIND_U64:
	case OCI_KIND_I64:
		memcpy(p, &value, sizeof(value));
		break;
	default:
		*(uint32_t *)p = (uint32_t)value;
	}
}

static unsigned int make_name(struct sample *s, const struct oci_names *names)
{
	return 1 + s->counter++ % (unsigned int)(names->n - 1);
}

static void fill(struct sample *s, const struct oci_object *table, char *base);

static char *make_object(struct sample *s, const struct oci_object *table)
{
	char *base = must(oci_arena_alloc(s->arena, table->size));

	fill(s, table, base);
	return base;
}

static void make_element(struct sample *s, const struct oci_field *field, char *p)
{
	switch (field->kind) {
	case OCI_KIND_STRINGS:
		put_pointer(p, make_string(s, field->check));
		break;
	case OCI_KIND_KEY_SET:
		put_pointer(p, format(s, "key \"%u\"", s->counter++));
		break;
	case OCI_KIND_ENUMS:
		*(unsigned int *)(void *)p = make_name(s, field->names);
		break;
	case OCI_KIND_U32S:
		make_number(s, field, p);
		break;
	case OCI_KIND_STRING_MAP:
		put_pointer(p, format(s, "a.key/%u", s->counter++));
		put_pointer(p + offsetof(struct oci_string_pair, value),
			    make_string(s, NULL));
		break;
	case OCI_KIND_REST:
		put_pointer(p, format(s, "x-unknown-%u", s->counter++));
		put_pointer(p + offsetof(struct oci_string_pair, value),
			    format(s, "{\"a\":[1.5e3,%u,{},[],\"]\\\"\"],\"b\":null}",
				   s->counter));
		break;
	default:
		fill(s, field->object, p);
		if (field->kind == OCI_KIND_OBJECT_MAP)
			put_pointer(p, format(s, "key.%u", s->counter++));
	}
}

static void make_list(struct sample *s, const struct oci_field *field, char *base)
{
	/* Long enough to grow twice, now and then. */
	size_t n = 1 + s->counter++ % 3, size = oci_field_element_size(field);
	char *items;

	if (s->counter % 11 == 0)
		n = 9;
	if (s->size != SAMPLE_FULL)
		n = field->flags & OCI_NOT_EMPTY ? 1 : 0;
	items = must(oci_arena_alloc(s->arena, (n + 1) * size));
	for (size_t i = 0; i < n; i++)
		make_element(s, field, items + i * size);
	put_pointer(base + field->offset, items);
	memcpy(base + field->count, &n, sizeof(n));
}

static void make_scalar(struct sample *s, const struct oci_field *field, void *p)
{
	switch (field->kind) {
	case OCI_KIND_BOOL:
		*(bool *)p = field->flags & OCI_POINTER ? s->counter++ % 2 : true;
		break;
	case OCI_KIND_ENUM:
		*(unsigned int *)p = make_name(s, field->names);
		break;
	default:
		make_number(s, field, p);
	}
}

static void make_member(struct sample *s, const struct oci_field *field, char *base)
{
	char *p = base + field->offset;

	if (oci_field_element_size(field)) {
		make_list(s, field, base);
	} else if (field->kind == OCI_KIND_STRING) {
		put_pointer(p, make_string(s, field->check));
	} else if (field->kind == OCI_KIND_OBJECT) {
		put_pointer(p, make_object(s, field->object));
	} else if (field->flags & OCI_POINTER) {
		char *value = must(oci_arena_alloc(s->arena, sizeof(uint64_t)));

		make_scalar(s, field, value);
		put_pointer(p, value);
	} else {
		make_scalar(s, field, p);
	}
}

static void fill(struct sample *s, const struct oci_object *table, char *base)
{
	for (size_t i = 0; i < table->n_fields; i++) {
		const struct oci_field *field = &table->fields[i];
		bool wanted = s->size == SAMPLE_FULL || field->flags & OCI_REQUIRED;

		/* What is unknown has no empty form. */
		if (s->size == SAMPLE_EMPTY && oci_field_element_size(field) &&
		    field->kind != OCI_KIND_REST)
			wanted = true;
		if (wanted)
			make_member(s, field, base);
	}
}

void *sample_new(struct oci_arena *arena, const struct oci_object *table,
		 enum sample_size size, unsigned int variant)
{
	struct sample s = { .arena = arena, .size = size, .counter = variant };

	return make_object(&s, table);
}

enum {
	MAX_TABLES = 256
};

struct visited {
	const struct oci_object *tables[MAX_TABLES];
	size_t n;
};

static void visit_once(struct visited *seen, const struct oci_object *table,
		       void (*visit)(const struct oci_object *))
{
	for (size_t i = 0; i < seen->n; i++)
		if (seen->tables[i] == table)
			return;
	if (seen->n == MAX_TABLES)
		abort();
	seen->tables[seen->n++] = table;
	visit(table);
	for (size_t i = 0; i < table->n_fields; i++)
		if (table->fields[i].object)
			visit_once(seen, table->fields[i].object, visit);
}

void sample_visit(const struct oci_object *table,
		  void (*visit)(const struct oci_object *))
{
	struct visited seen = { .n = 0 };

	visit_once(&seen, table, visit);
}

char *sample_exact_copy(const char *text, size_t len)
{
	char *copy = must(malloc(len ? len : 1));

	if (len)
		memcpy(copy, text, len);
	return copy;
}
