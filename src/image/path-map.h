/* SPDX-License-Identifier: Apache-2.0 */
/* A hash table from path to number. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct path_map {
	struct path_slot {
		char *path;
		size_t value;
	} *slots;
	size_t n;
	/* A power of two, or 0. */
	size_t size;
};

void path_map_release(struct path_map *map);

/* The place of PATH's value, or NULL. */
size_t *path_map_get(const struct path_map *map, const char *path);

static inline bool path_map_has(const struct path_map *map, const char *path)
{
	return path_map_get(map, path) != NULL;
}

/* Sets PATH's value; the path is copied. */
void path_map_put(struct path_map *map, const char *path, size_t value);
