/* SPDX-License-Identifier: Apache-2.0 */
/* What the reader, the writer and the tests all have to know of a kind. */
#include "libocispec/field.h"

#include <string.h>

const char *oci_string_map_get(const struct oci_string_map *map, const char *key)
{
	for (size_t i = 0; i < map->n; i++)
		if (strcmp(map->items[i].key, key) == 0)
			return map->items[i].value;
	return NULL;
}

void oci_field_bounds(const struct oci_field *field, int64_t *min, uint64_t *max)
{
	static const struct {
		int64_t min;
		uint64_t max;
	} bounds[] = {
		[OCI_KIND_U16] = { 0, UINT16_MAX },
		[OCI_KIND_U32] = { 0, UINT32_MAX },
		[OCI_KIND_U32S] = { 0, UINT32_MAX },
		[OCI_KIND_U64] = { 0, UINT64_MAX },
		[OCI_KIND_I32] = { INT32_MIN, INT32_MAX },
		[OCI_KIND_I64] = { INT64_MIN, INT64_MAX },
	};
	bool own = field->min != 0 || field->max != 0;

	*min = own ? field->min : bounds[field->kind].min;
	*max = own ? field->max : bounds[field->kind].max;
}

size_t oci_field_element_size(const struct oci_field *field)
{
	switch (field->kind) {
	case OCI_KIND_STRINGS:
	case OCI_KIND_KEY_SET:
		return sizeof(char *);
	case OCI_KIND_U32S:
		return sizeof(uint32_t);
	case OCI_KIND_ENUMS:
		return sizeof(unsigned int);
	case OCI_KIND_OBJECTS:
	case OCI_KIND_OBJECT_MAP:
		return field->object->size;
	case OCI_KIND_STRING_MAP:
	case OCI_KIND_REST:
		return sizeof(struct oci_string_pair);
	default:
		return 0;
	}
}
