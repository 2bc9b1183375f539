/* SPDX-License-Identifier: Apache-2.0 */
#include "image/catalog.h"

#include "base/log.h"
#include "base/mem.h"
#include "image/index.h"
#include "image/layer-store.h"
#include "image/manifest.h"
#include "libocispec/image.h"

uint64_t image_layer_size(struct store *store, const struct image *image, size_t layer)
{
	struct error ignored = ERROR_INIT;
	struct layer_record record;

	if (layer_record_get(store, &image->chain_ids[layer], &record, &ignored) == 0)
		return record.size;
	return (uint64_t)image->manifest->layers[layer].size;
}

uint64_t image_size(struct store *store, const struct image *image)
{
	uint64_t size = 0;

	for (size_t i = 0; i < image->n_layers; i++)
		size += image_layer_size(store, image, i);
	return size;
}

/* "host:5000/a/b:tag" to its two columns. */
static void split_name(const char *full_name, struct image_row *row)
{
	const char *colon = strrchr(full_name, ':');

	row->repository = xstrndup(full_name, (size_t)(colon - full_name));
	row->tag = xstrdup(colon + 1);
}

static void fill_row(struct store *store, const struct oci_descriptor *entry,
		     const struct image *image, struct image_row *row)
{
	if (index_entry_name(entry)) {
		split_name(image->name, row);
	} else {
		row->repository = xstrdup("<none>");
		row->tag = xstrdup("<none>");
	}
	row->id = image->id;
	row->manifest = image->manifest_digest;
	row->created = image->config->created ? xstrdup(image->config->created) : NULL;
	row->size = image_size(store, image);
}

/* RFC 3339 in UTC sorts as text; another zone is nobody's habit here. */
static int compare_rows(const void *a, const void *b)
{
	const struct image_row *x = a, *y = b;
	int order = strcmp(y->created ? y->created : "", x->created ? x->created : "");

	if (order == 0)
		order = strcmp(x->repository, y->repository);
	return order ? order : strcmp(x->tag, y->tag);
}

int image_list_load(struct store *store, struct image_list *list, struct error *err)
{
	cleanup_index struct index index = INDEX_INIT;
	int r = index_read(store, &index, err);

	*list = (struct image_list){ .n = 0 };
	if (r < 0)
		return r;
	list->rows = xcalloc(index.document.n_manifests + 1, sizeof(*list->rows));
	for (size_t i = 0; i < index.document.n_manifests; i++) {
		const struct oci_descriptor *entry = &index.document.manifests[i];
		cleanup_image struct image image = IMAGE_INIT;
		struct error why = ERROR_INIT;

		if (!media_type_is_manifest(entry->media_type) &&
		    !media_type_is_index(entry->media_type))
			continue;
		if (image_load_entry(store, entry, &image, &why) < 0) {
			log_warning("%s", why.msg);
			continue;
		}
		fill_row(store, entry, &image, &list->rows[list->n++]);
	}
	qsort(list->rows, list->n, sizeof(*list->rows), compare_rows);
	return 0;
}

void image_list_release(struct image_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->rows[i].repository);
		free(list->rows[i].tag);
		free(list->rows[i].created);
	}
	free(list->rows);
	*list = (struct image_list){ .n = 0 };
}

static struct history_row step_row(const struct oci_history *step)
{
	return (struct history_row){
		.created = step->created,
		.created_by = step->created_by ? step->created_by : "",
		.comment = step->comment ? step->comment : "",
	};
}

void image_history(struct store *store, const struct image *image, struct history_row **rows,
		   size_t *n)
{
	const struct oci_image_config *config = image->config;
	struct history_row *row = xcalloc(config->n_history + image->n_layers + 1, sizeof(*row));
	size_t n_rows = 0, layer = 0;

	for (size_t i = 0; i < config->n_history; i++, n_rows++) {
		row[n_rows] = step_row(&config->history[i]);
		if (!config->history[i].empty_layer && layer < image->n_layers)
			row[n_rows].size = image_layer_size(store, image, layer++);
	}
	for (; layer < image->n_layers; layer++)
		row[n_rows++] = (struct history_row){
			.created_by = "",
			.comment = "",
			.size = image_layer_size(store, image, layer),
		};
	if (n_rows > 0)
		row[n_rows - 1].id = &image->id;
	for (size_t i = 0; i < n_rows / 2; i++) {
		struct history_row other = row[i];

		row[i] = row[n_rows - 1 - i];
		row[n_rows - 1 - i] = other;
	}
	*rows = row;
	*n = n_rows;
}
