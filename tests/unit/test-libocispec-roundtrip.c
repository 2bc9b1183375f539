/* SPDX-License-Identifier: Apache-2.0 */
/* What is written is read back the same, for every line of every table. */
#include "tests/unit/tap.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libocispec/names.h"
#include "libocispec/oci-error.h"
#include "libocispec/read.h"
#include "libocispec/write.h"
#include "tests/unit/oci-sample.h"

enum {
	VARIANTS = 24
};

static void *get_pointer(const void *from)
{
	void *p;

	memcpy(&p, from, sizeof(p));
	return p;
}

static size_t get_size(const void *from)
{
	size_t n;

	memcpy(&n, from, sizeof(n));
	return n;
}

static bool same_string(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Apart from blanks; the samples have none in strings. */
static bool same_json(const char *a, const char *b)
{
	for (;; a++, b++) {
		a += strspn(a, " \t\n");
		b += strspn(b, " \t\n");
		if (*a != *b || !*a)
			return *a == *b;
	}
}

static bool same_object(const struct oci_object *table, const char *a, const char *b);

static bool same_element(const struct oci_field *field, const char *a, const char *b)
{
	const size_t value = offsetof(struct oci_string_pair, value);

	switch (field->kind) {
	case OCI_KIND_STRINGS:
	case OCI_KIND_KEY_SET:
		return same_string(get_pointer(a), get_pointer(b));
	case OCI_KIND_STRING_MAP:
		return same_string(get_pointer(a), get_pointer(b)) &&
		       same_string(get_pointer(a + value), get_pointer(b + value));
	case OCI_KIND_REST:
		return same_string(get_pointer(a), get_pointer(b)) &&
		       same_json(get_pointer(a + value), get_pointer(b + value));
	case OCI_KIND_OBJECTS:
		return same_object(field->object, a, b);
	case OCI_KIND_OBJECT_MAP:
		return same_string(get_pointer(a), get_pointer(b)) &&
		       same_object(field->object, a, b);
	default:
		return memcmp(a, b, sizeof(uint32_t)) == 0;
	}
}

static bool same_list(const struct oci_field *field, const char *a, const char *b)
{
	size_t n = get_size(a + field->count), size = oci_field_element_size(field);
	const char *left = get_pointer(a + field->offset),
		   *right = get_pointer(b + field->offset);

	if (n != get_size(b + field->count) || !left != !right)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!same_element(field, left + i * size, right + i * size))
			return false;
	/* Lists of strings end with NULL, for execve(2). */
	return !right || size != sizeof(char *) || field->object ||
	       !get_pointer(right + n * size);
}

static size_t scalar_size(const struct oci_field *field)
{
	switch (field->kind) {
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

static bool same_member(const struct oci_field *field, const char *a, const char *b)
{
	const char *left = a + field->offset, *right = b + field->offset;

	if (oci_field_element_size(field))
		return same_list(field, a, b);
	if (field->kind != OCI_KIND_STRING && field->kind != OCI_KIND_OBJECT &&
	    !(field->flags & OCI_POINTER))
		return memcmp(left, right, scalar_size(field)) == 0;
	left = get_pointer(left);
	right = get_pointer(right);
	if (!left || !right)
		return left == right;
	if (field->kind == OCI_KIND_STRING)
		return same_string(left, right);
	if (field->kind == OCI_KIND_OBJECT)
		return same_object(field->object, left, right);
	return memcmp(left, right, scalar_size(field)) == 0;
}

static bool same_object(const struct oci_object *table, const char *a, const char *b)
{
	for (size_t i = 0; i < table->n_fields; i++) {
		if (same_member(&table->fields[i], a, b))
			continue;
		printf("# %s.%s differs\n", table->name, table->fields[i].key);
		return false;
	}
	return true;
}

static bool round_trip(const struct oci_object *table, enum sample_size size,
		       unsigned int variant, unsigned int flags)
{
	struct oci_arena arena = OCI_ARENA_INIT;
	char *first = sample_new(&arena, table, size, variant), *text = NULL,
	     *again = NULL;
	struct oci_error err = OCI_ERROR_INIT;
	char *second = calloc(1, table->size);
	size_t len = 0, len_again = 0;
	bool ok = false;

	if (oci_write(table, first, flags, &text, &len, &err) == 0) {
		char *exact = sample_exact_copy(text, len);

		ok = oci_read(&arena, table, exact, len, "sample", second, &err) == 0 &&
		     same_object(table, first, second) &&
		     oci_write(table, second, flags, &again, &len_again, &err) == 0 &&
		     len == len_again && memcmp(text, again, len) == 0;
		free(exact);
	}
	if (!ok)
		printf("# %s\n# %s\n", err.msg, text ? text : "");
	free(text);
	free(again);
	free(second);
	oci_arena_release(&arena);
	return ok;
}

static void test_round_trips(void)
{
	static const unsigned int flags[] = { 0, OCI_WRITE_INDENT, OCI_WRITE_TABS };

	for (size_t d = 0; sample_documents[d]; d++) {
		const struct oci_object *table = sample_documents[d];
		bool full = true, required = true, empty = true;

		for (unsigned int v = 0; v < VARIANTS; v++)
			full = full && round_trip(table, SAMPLE_FULL, v, flags[v % 3]);
		for (unsigned int v = 0; v < 3; v++) {
			required = required &&
				   round_trip(table, SAMPLE_REQUIRED, v, flags[v]);
			empty = empty && round_trip(table, SAMPLE_EMPTY, v, flags[v]);
		}
		ok_named(full, "%s: everything comes back", table->name);
		ok_named(required, "%s: what is required comes back", table->name);
		ok_named(empty, "%s: empty lists come back", table->name);
	}
}

static size_t member_size(const struct oci_field *field)
{
	switch (field->kind) {
	case OCI_KIND_STRING_MAP:
	case OCI_KIND_REST:
		return sizeof(struct oci_string_map);
	case OCI_KIND_STRING:
	case OCI_KIND_OBJECT:
		return sizeof(void *);
	default:
		if (field->flags & OCI_POINTER || oci_field_element_size(field))
			return sizeof(void *);
		return scalar_size(field);
	}
}

/* Marks [AT, AT + SIZE); false if some of it is marked already or outside. */
static bool take(char *map, size_t total, size_t at, size_t size)
{
	for (size_t i = at; i < at + size; i++) {
		if (i >= total || map[i])
			return false;
		map[i] = 1;
	}
	return true;
}

static bool has_own_members(const struct oci_object *table, char *map)
{
	for (size_t i = 0; i < table->n_fields; i++) {
		const struct oci_field *field = &table->fields[i];
		bool counted = oci_field_element_size(field) &&
			       member_size(field) == sizeof(void *);

		if (!take(map, table->size, field->offset, member_size(field)))
			return false;
		if (counted && !take(map, table->size, field->count, sizeof(size_t)))
			return false;
	}
	return true;
}

/* Whether bytes that no line takes are no more than padding. */
static bool covers_struct(const struct oci_object *table, const char *map)
{
	size_t gap = 0;

	for (size_t i = 0; i < table->size; i++) {
		gap = map[i] ? 0 : gap + 1;
		if (gap >= sizeof(void *))
			return false;
	}
	return true;
}

static bool has_sane_keys(const struct oci_object *table)
{
	if (table->n_fields == 0 || table->n_fields > OCI_MAX_FIELDS)
		return false;
	for (size_t i = 0; i < table->n_fields; i++) {
		const struct oci_field *field = &table->fields[i];

		if (field->kind == OCI_KIND_REST && i + 1 != table->n_fields)
			return false;
		if (strlen(field->key) != field->key_len ||
		    (field->key_len == 0) != (field->kind == OCI_KIND_REST))
			return false;
		for (size_t j = 0; j < i; j++)
			if (strcmp(table->fields[j].key, field->key) == 0)
				return false;
	}
	return true;
}

static void test_table(const struct oci_object *table)
{
	char *map = calloc(1, table->size);

	/* The key of a map's element is in no line. */
	if (strcmp(table->name, "rdma limits") == 0 ||
	    strcmp(table->name, "network device") == 0)
		(void)take(map, table->size, 0, sizeof(char *));
	ok_named(has_sane_keys(table), "%s: keys are unique", table->name);
	ok_named(has_own_members(table, map), "%s: no two lines share a member",
		 table->name);
	ok_named(covers_struct(table, map), "%s: every member has a line", table->name);
	free(map);
}

static void test_names(void)
{
	static const struct oci_names *const all[] = {
		&oci_namespace_names,
		&oci_status_names,
		&oci_hook_names,
		&oci_rlimit_names,
		&oci_scheduler_policy_names,
		&oci_scheduler_flag_names,
		&oci_io_priority_class_names,
		&oci_personality_domain_names,
		&oci_memory_policy_mode_names,
		&oci_memory_policy_flag_names,
		&oci_propagation_names,
		&oci_device_type_names,
		&oci_device_rule_type_names,
		&oci_seccomp_action_names,
		&oci_seccomp_operator_names,
		&oci_seccomp_flag_names,
		&oci_seccomp_arch_names,
	};

	for (size_t t = 0; t < sizeof(all) / sizeof(all[0]); t++) {
		const struct oci_names *names = all[t];
		bool good = names->n > 1 && !names->names[0];

		for (unsigned int i = 1; i < names->n && good; i++) {
			const char *name = oci_name(names, i);

			good = name && oci_name_value(names, name, strlen(name)) == i;
		}
		ok_named(good, "%s: each name has its value", names->what);
		ok_named(!oci_name(names, 0) &&
				 !oci_name(names, (unsigned int)names->n) &&
				 oci_name_value(names, "", 0) == 0 &&
				 oci_name_value(names, "pi", 2) == 0,
			 "%s: nothing else has", names->what);
	}
}

int main(void)
{
	test_names();
	for (size_t d = 0; sample_documents[d]; d++)
		sample_visit(sample_documents[d], test_table);
	test_round_trips();
	return tap_done();
}
