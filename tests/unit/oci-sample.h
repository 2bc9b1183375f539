/* SPDX-License-Identifier: Apache-2.0 */
/* Documents made from the field tables, for the tests of libocispec. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "libocispec/arena.h"
#include "libocispec/field.h"

/* Every object that is a document, or a part that is read by itself; ends with NULL. */
extern const struct oci_object *const sample_documents[];

enum sample_size {
	SAMPLE_REQUIRED, /* only what must be there */
	SAMPLE_EMPTY,    /* that, and every list and map with nothing in it */
	SAMPLE_FULL,     /* every member */
};

/*
 * A struct of TABLE in ARENA.  VARIANT changes every value: numbers go through the ends
 * of their range, enumerations through their names, lists through lengths.
 */
void *sample_new(struct oci_arena *arena, const struct oci_object *table,
		 enum sample_size size, unsigned int variant);

/* Calls VISIT for TABLE and every table below it, each once. */
void sample_visit(const struct oci_object *table, void (*visit)(const struct oci_object *));

/* A copy of exactly LEN bytes, so that a sanitizer sees a read beyond them. */
char *sample_exact_copy(const char *text, size_t len);
