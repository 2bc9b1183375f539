/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layer-import.h"

#include "base/fd.h"
#include "base/mem.h"
#include "image/layer-apply.h"
#include "image/layer-store.h"

/* The fds of the layers below a draft, topmost first. */
struct lower {
	int *fds;
	size_t n;
};

static void lower_release(struct lower *lower)
{
	for (size_t i = 0; i < lower->n; i++)
		fd_close(&lower->fds[i]);
	free(lower->fds);
}

static int lower_open(struct lower *lower, struct store *store, const struct layer_import *import,
		      struct error *err)
{
	lower->fds = xcalloc(import->n_chain + 1, sizeof(*lower->fds));
	for (size_t i = import->n_chain; i > 0; i--) {
		int fd = layer_open(store, &import->chain[i - 1], err);

		if (fd < 0)
			return fd;
		lower->fds[lower->n++] = fd;
	}
	return 0;
}

static int unpack(struct store *store, const struct layer_import *import,
		  struct layer_draft *draft, struct layer_stream *stream,
		  struct layer_stats *stats, struct error *err)
{
	__attribute__((cleanup(lower_release))) struct lower lower = { .n = 0 };
	struct layer_target target = { .fd = draft->fd, .shape = LAYER_OVERLAY };
	int r = lower_open(&lower, store, import, err);

	if (r < 0)
		return r;
	target.lower_fds = lower.fds;
	target.n_lower = lower.n;
	return layer_apply(layer_stream_source(stream), &target, NULL, stats, err);
}

static int compare(const struct layer_import *import, const struct layer_digests *digests,
		   struct error *err)
{
	if (import->blob && !digest_equal(import->blob, &digests->blob))
		return error_set(err, EBADMSG, "layer %s: its digest is %s, but %s was promised",
				 import->name, digests->blob.s, import->blob->s);
	if (import->diff_id && !digest_equal(import->diff_id, &digests->diff_id))
		return error_set(err, EBADMSG,
				 "layer %s: its diffID is %s, but the image config says %s",
				 import->name, digests->diff_id.s, import->diff_id->s);
	return 0;
}

/* From xz the tar was kept: the stored blob is that one. */
static void describe_kept(struct layer_digests *digests)
{
	if (digests->compression != COMPRESSION_XZ)
		return;
	digests->compression = COMPRESSION_NONE;
	digests->blob = digests->diff_id;
	digests->blob_size = digests->size;
}

int layer_import_check(const struct layer_import *import, struct layer_digests *digests,
		       struct error *err)
{
	int r = compare(import, digests, err);

	if (r == 0)
		describe_kept(digests);
	return r;
}

static int commit(struct layer_draft *draft, const struct layer_import *import,
		  const struct digest *diff_id, uint64_t size, struct error *err)
{
	struct layer_record record = { .diff_id = *diff_id, .size = size };

	if (import->n_chain)
		record.parent = import->chain[import->n_chain - 1];
	digest_chain(&record.parent, diff_id, &record.chain_id);
	return layer_draft_commit(draft, &record, err);
}

int layer_import(struct store *store, const struct layer_import *import,
		 struct layer_digests *digests, struct error *err)
{
	cleanup_blob_writer struct blob_writer writer = BLOB_WRITER_INIT;
	cleanup_layer_draft struct layer_draft draft = LAYER_DRAFT_INIT;
	/* Last, so that its thread ends before the writer goes. */
	cleanup_layer_stream struct layer_stream *stream = NULL;
	struct layer_stats stats;
	int r = layer_draft_open(&draft, store, err);

	if (r == 0 && import->keeps_blob)
		r = blob_writer_open(&writer, store, import->blob, err);
	if (r == 0)
		r = layer_stream_open(&import->region, import->name, import->blob,
				      import->keeps_blob ? &writer : NULL, &stream, err);
	if (r == 0)
		r = unpack(store, import, &draft, stream, &stats, err);
	if (r == 0)
		r = layer_stream_finish(stream, digests, err);
	if (r == 0)
		r = layer_import_check(import, digests, err);
	if (r < 0)
		return r;
	r = commit(&draft, import, &digests->diff_id, stats.n_bytes, err);
	if (r == 0 && import->keeps_blob)
		r = blob_writer_commit(&writer, &digests->blob, err);
	return r;
}
