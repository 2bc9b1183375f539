/* SPDX-License-Identifier: Apache-2.0 */
#include "image/build-layer.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "image/document.h"
#include "image/human.h"
#include "image/interrupt.h"
#include "image/layer-diff.h"
#include "image/layer-stack.h"
#include "image/layer-stream.h"
#include "image/overlay.h"

/* --- the tree ---------------------------------------------------------------------- */

static int layer_paths(struct store *store, const struct build_state *state,
		       struct strvec *paths, struct error *err)
{
	return layer_stack_paths(store, state->chain_ids.v, state->chain_ids.n_v, paths, err);
}

static int mount_upon(struct build_layer *layer, struct store *store, struct strvec *lower,
		      struct error *err)
{
	cleanup_free char *upper = xasprintf("%s/tmp/%s", store->path, layer->upper.temp.name);
	cleanup_free char *work = xasprintf("%s/tmp/%s", store->path, layer->work.temp.name);
	cleanup_free char *base = xasprintf("%s/layers", store->path);
	const struct overlay overlay = {
		.lower = lower->v, .n_lower = lower->n, .upper = upper, .work = work, .base = base,
	};
	int r = layer_stack_dress(lower->v[0], layer->upper.fd, err);

	return r < 0 ? r : overlay_mount(&overlay, err);
}

int build_layer_open(struct build_layer *layer, const struct build_stage *stage,
		     struct error *err)
{
	cleanup_strvec struct strvec lower = STRVEC_INIT;
	struct store *store = stage->store;
	int r = layer_paths(store, &stage->state, &lower, err);

	if (r == 0)
		r = layer_draft_open(&layer->upper, store, err);
	/* Upon nothing there is nothing to be merged with. */
	if (r == 0 && lower.n == 0) {
		layer->root_fd = openat(layer->upper.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		return layer->root_fd < 0 ? error_sys(err, "open", "the new layer") : 0;
	}
	if (r == 0)
		r = layer_draft_open(&layer->work, store, err);
	if (r < 0)
		return r;
	layer->root_fd = mount_upon(layer, store, &lower, err);
	return layer->root_fd < 0 ? layer->root_fd : 0;
}

void build_layer_close(struct build_layer *layer)
{
	fd_close(&layer->root_fd);
	layer_draft_abort(&layer->upper);
	layer_draft_abort(&layer->work);
}

int build_layer_view(struct store *store, const struct build_state *state, struct error *err)
{
	cleanup_free char *base = xasprintf("%s/layers", store->path);
	cleanup_strvec struct strvec lower = STRVEC_INIT;
	struct overlay overlay = { .base = base };
	int r = layer_paths(store, state, &lower, err), fd;

	if (r < 0)
		return r;
	/* An overlay without a writable layer has two others at least; one is its own view. */
	if (lower.n == 1) {
		fd = open(lower.v[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		return fd < 0 ? error_sys(err, "open", "%s", lower.v[0]) : fd;
	}
	if (lower.n == 0)
		return error_set(err, ENOENT, "it has no files");
	overlay.lower = lower.v;
	overlay.n_lower = lower.n;
	return overlay_mount(&overlay, err);
}

/* --- the layer --------------------------------------------------------------------- */

/* A layer on its way to a blob. */
struct output {
	struct build_stage *stage;
	struct layer_sink *sink;
	uint64_t n;
	/* When it was told of. */
	struct timespec told;
};

enum { TELL_MSEC = 100 };

/* A layer that is written in no time is not worth a word. */
static void tell_progress(struct output *output)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	if ((now.tv_sec - output->told.tv_sec) * 1000 +
	    (now.tv_nsec - output->told.tv_nsec) / 1000000 < TELL_MSEC)
		return;
	output->told = now;
	build_stage_tell(output->stage, BUILD_LAYER, "%s", human_size(output->n).s);
}

static int add_to_sink(void *ctx, const void *data, size_t n, struct error *err)
{
	struct output *output = ctx;
	int r = interrupt_check(err);

	output->n += n;
	tell_progress(output);
	return r < 0 ? r : layer_sink_add(output->sink, data, n, err);
}

static int write_diff(struct build_stage *stage, int upper_fd, struct layer_digests *digests,
		      struct layer_stats *stats, struct error *err)
{
	const int64_t *timestamp = stage->request->timestamp;
	const struct list *chain_ids = &stage->state.chain_ids;
	cleanup_layer_stack struct layer_stack lower = { .n = 0 };
	cleanup_layer_sink struct layer_sink *sink = NULL;
	const struct timespec time = { .tv_sec = timestamp ? *timestamp : 0 };
	struct layer_diff diff = {
		.upper_fd = upper_fd, .mtime = timestamp ? &time : NULL, .owned = true,
	};
	struct output output = { .stage = stage };
	int r = layer_stack_open(&lower, stage->store, chain_ids->v, chain_ids->n_v, err);

	(void)clock_gettime(CLOCK_MONOTONIC, &output.told);
	diff.lower_fds = lower.fds;
	diff.n_lower = lower.n;
	if (r == 0)
		r = layer_sink_open(stage->store, COMPRESSION_GZIP, -1, &sink, err);
	output.sink = sink;
	if (r == 0)
		r = layer_diff_write(&diff, add_to_sink, &output, stats, err);
	if (r < 0 || stats->n_entries == 0)
		return r;
	return layer_sink_commit(sink, digests, err);
}

static void describe(const struct build_state *state, const struct layer_digests *digests,
		     const struct layer_record *layer, struct build_record *record)
{
	record->layer = document_alloc(state->arena, sizeof(*record->layer));
	*record->layer = (struct oci_descriptor){
		.media_type = compression_media_type(digests->compression),
		.digest = document_strdup(state->arena, digests->blob.s),
		.size = (int64_t)digests->blob_size,
	};
	record->diff_id = document_strdup(state->arena, layer->diff_id.s);
	record->chain_id = document_strdup(state->arena, layer->chain_id.s);
	record->size = (int64_t)layer->size;
}

int build_layer_write(struct build_stage *stage, int dir_fd, const char *name,
		      struct build_record *record, struct error *err)
{
	const struct build_state *state = &stage->state;
	cleanup_close int upper_fd =
		openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct layer_digests digests = { .size = 0 };
	struct layer_stats stats = { 0 };
	struct layer_record layer;
	int r;

	if (upper_fd < 0)
		return error_sys(err, "open", "%s", name);
	r = write_diff(stage, upper_fd, &digests, &stats, err);
	if (r < 0 || stats.n_entries == 0)
		return r < 0 ? error_context(err, "layer") : 0;
	layer = (struct layer_record){ .diff_id = digests.diff_id, .size = stats.n_bytes };
	if (state->chain_ids.n_v > 0)
		r = digest_parse(build_state_chain(state), &layer.parent, err);
	if (r < 0)
		return r;
	digest_chain(&layer.parent, &layer.diff_id, &layer.chain_id);
	r = layer_put(stage->store, &layer, dir_fd, name, err);
	if (r == 0)
		describe(state, &digests, &layer, record);
	return r;
}

int build_layer_finish(struct build_layer *layer, struct build_stage *stage,
		       struct build_record *record, struct error *err)
{
	/* The last fd of the mount: nothing changes the directory any more. */
	fd_close(&layer->root_fd);
	return build_layer_write(stage, stage->store->tmp_fd, layer->upper.temp.name, record, err);
}
