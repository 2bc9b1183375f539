/* SPDX-License-Identifier: Apache-2.0 */
#include "image/path-map.h"

#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

/* FNV-1a, 64 bits, folded: the paths are a layer's own, and the limits bound how many. */
static size_t hash_path(const char *path)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *path; path++)
		hash = (hash ^ (unsigned char)*path) * 0x100000001b3;
	return (size_t)(hash ^ (hash >> 32));
}

void path_map_release(struct path_map *map)
{
	for (size_t i = 0; i < map->size; i++)
		free(map->slots[i].path);
	free(map->slots);
	*map = (struct path_map){ 0 };
}

/* The slot that holds PATH, or the free one where it belongs. */
static struct path_slot *find_slot(const struct path_map *map, const char *path)
{
	size_t i = hash_path(path) & (map->size - 1);

	while (map->slots[i].path && !streq(map->slots[i].path, path))
		i = (i + 1) & (map->size - 1);
	return &map->slots[i];
}

size_t *path_map_get(const struct path_map *map, const char *path)
{
	struct path_slot *slot;

	if (map->size == 0)
		return NULL;
	slot = find_slot(map, path);
	return slot->path ? &slot->value : NULL;
}

static void grow(struct path_map *map)
{
	struct path_map bigger = { .n = map->n, .size = map->size ? map->size * 2 : 256 };

	bigger.slots = xcalloc(bigger.size, sizeof(*bigger.slots));
	for (size_t i = 0; i < map->size; i++)
		if (map->slots[i].path)
			*find_slot(&bigger, map->slots[i].path) = map->slots[i];
	free(map->slots);
	*map = bigger;
}

void path_map_put(struct path_map *map, const char *path, size_t value)
{
	struct path_slot *slot;

	if (map->n * 2 >= map->size)
		grow(map);
	slot = find_slot(map, path);
	if (!slot->path) {
		slot->path = xstrdup(path);
		map->n++;
	}
	slot->value = value;
}
