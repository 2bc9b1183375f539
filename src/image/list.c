/* SPDX-License-Identifier: Apache-2.0 */
#include "image/list.h"

#include <string.h>

#include "image/document.h"

void list_add(struct oci_arena *arena, char ***v, size_t *n, const char *s)
{
	char **longer = document_alloc(arena, (*n + 2) * sizeof(*longer));

	if (*n > 0)
		memcpy(longer, *v, *n * sizeof(*longer));
	longer[(*n)++] = document_strdup(arena, s);
	*v = longer;
}

void list_add_once(struct oci_arena *arena, char ***v, size_t *n, const char *s)
{
	for (size_t i = 0; i < *n; i++)
		if (streq((*v)[i], s))
			return;
	list_add(arena, v, n, s);
}

void list_set_env(struct oci_arena *arena, char ***v, size_t *n, const char *setting)
{
	size_t len = strcspn(setting, "=");

	for (size_t i = 0; i < *n; i++)
		if (strncmp((*v)[i], setting, len) == 0 && (*v)[i][len] == '=') {
			(*v)[i] = document_strdup(arena, setting);
			return;
		}
	list_add(arena, v, n, setting);
}

void list_set_pair(struct oci_arena *arena, struct oci_string_map *map, const char *key,
		   const char *value)
{
	struct oci_string_pair *items;

	for (size_t i = 0; i < map->n; i++)
		if (streq(map->items[i].key, key)) {
			map->items[i].value = document_strdup(arena, value);
			return;
		}
	items = document_alloc(arena, (map->n + 1) * sizeof(*items));
	if (map->n > 0)
		memcpy(items, map->items, map->n * sizeof(*items));
	items[map->n++] = (struct oci_string_pair){ document_strdup(arena, key),
						    document_strdup(arena, value) };
	map->items = items;
}

bool list_from_json(struct oci_arena *arena, const char *text, struct list *list)
{
	static const struct oci_field fields[] = {
		OCI_STRINGS(list, v, "list", OCI_REQUIRED),
	};
	static const struct oci_object object = OCI_TABLE("list", list, fields);
	cleanup_strbuf struct strbuf json = STRBUF_INIT;
	struct error ignored = ERROR_INIT;

	*list = (struct list){ 0 };
	if (*text != '[')
		return false;
	strbuf_addf(&json, "{\"list\":%s}", text);
	return document_read(arena, &object, &json, "list", list, &ignored) == 0;
}
