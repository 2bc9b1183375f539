/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of an image config while it is being changed: all in an arena, grown by copying. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "libocispec/arena.h"
#include "libocispec/field.h"

/* As OCI_STRINGS() wants it. */
struct list {
	char **v;
	size_t n_v;
};

void list_add(struct oci_arena *arena, char ***v, size_t *n, const char *s);

/* Not if it is there already. */
void list_add_once(struct oci_arena *arena, char ***v, size_t *n, const char *s);

/* Of SETTING, "NAME=value": in place of one of that name. */
void list_set_env(struct oci_arena *arena, char ***v, size_t *n, const char *setting);

/* In place of the value that KEY had. */
void list_set_pair(struct oci_arena *arena, struct oci_string_map *map, const char *key,
		   const char *value);

/* A JSON list of strings: true. Anything else is no list. */
bool list_from_json(struct oci_arena *arena, const char *text, struct list *list);
