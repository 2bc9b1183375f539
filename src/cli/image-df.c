/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "cli/image.h"
#include "cli/output.h"
#include "cli/table.h"
#include "image/collect.h"
#include "image/container.h"
#include "image/human.h"
#include "image/tree.h"
#include "image/volume.h"

static const struct option_spec options[] = { OPTION_END };

static int sum_containers(struct store *store, struct garbage_sum *sum, struct error *err)
{
	cleanup_strvec struct strvec ids = STRVEC_INIT;
	int r = container_list(store, &ids, err);

	for (size_t i = 0; r == 0 && i < ids.n; i++) {
		cleanup_container struct container c = CONTAINER_INIT;
		struct error ignored = ERROR_INIT;
		uint64_t bytes = 0;

		if (container_open(store, ids.v[i], &c, &ignored) < 0)
			continue;
		for (const char *const *dir = (const char *const[]){ "upper", "volumes", NULL };
		     *dir; dir++) {
			cleanup_free char *path = container_path(&c, *dir);

			bytes += tree_disk_usage(path);
		}
		sum->n++;
		sum->bytes += bytes;
		if (container_is_busy(&c))
			continue;
		sum->n_garbage++;
		sum->garbage_bytes += bytes;
	}
	return r;
}

static void add_row(struct strvec *cells, const char *type, const struct garbage_sum *sum)
{
	unsigned int percent = sum->bytes ? (unsigned int)(100 * sum->garbage_bytes / sum->bytes)
					  : 0;

	strvec_push(cells, type);
	strvec_pushf(cells, "%zu", sum->n);
	strvec_pushf(cells, "%zu", sum->n - sum->n_garbage);
	strvec_push(cells, human_size(sum->bytes).s);
	strvec_pushf(cells, "%s (%u%%)", human_size(sum->garbage_bytes).s, percent);
}

static int run(struct invocation *invocation, struct error *err)
{
	static char *heading[] = { "TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE", NULL };
	cleanup_store struct store store = STORE_INIT;
	cleanup_garbage struct garbage garbage = GARBAGE_INIT;
	cleanup_strvec struct strvec cells = STRVEC_INIT;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct garbage_sum containers = { .n = 0 }, volumes = { .n = 0 };
	int r = image_open_store(invocation, &store, err);

	if (r == 0)
		r = store_find_garbage(&store, &garbage, err);
	if (r == 0)
		r = sum_containers(&store, &containers, err);
	if (r == 0)
		r = volume_sum(&store, &volumes, err);
	if (r < 0)
		return r;
	strvec_pushv(&cells, heading);
	add_row(&cells, "Blobs", &garbage.blobs);
	add_row(&cells, "Layers", &garbage.layers);
	add_row(&cells, "Containers", &containers);
	add_row(&cells, "Volumes", &volumes);
	table_format(&cells, ARRAY_SIZE(heading) - 1, &text);
	return output_write(text.buf, err);
}

const struct command command_df = {
	.name = "df",
	.arguments = "",
	.summary = "Show what the store takes on the disk",
	.description = "Blobs are images as they were imported, layers are them unpacked, "
		       "containers what they wrote, and volumes those with a name. \"gc\" frees "
		       "what is reclaimable of the first two, \"rm\" containers that do not run, "
		       "\"volume rm\" volumes that no container has.",
	.options = options,
	.run = run,
};
