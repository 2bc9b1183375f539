/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layer-import.h"

#include "image/layer-store.h"
#include "image/layer-unpack.h"

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
	struct layer_unpack unpack = {
		.region = import->region,
		.name = import->name,
		.like = import->blob,
		.copy = import->keeps_blob ? &writer : NULL,
		.shape = LAYER_OVERLAY,
		.store = store,
		.chain = import->chain,
		.n_chain = import->n_chain,
	};
	struct layer_unpacked done;
	int r = layer_draft_open(&draft, store, err);

	if (r == 0 && import->keeps_blob)
		r = blob_writer_open(&writer, store, import->blob, err);
	unpack.target_fd = draft.fd;
	if (r == 0)
		r = layer_unpack(&unpack, &done, err);
	if (r == 0)
		r = layer_import_check(import, &done.digests, err);
	if (r < 0)
		return r;
	*digests = done.digests;
	r = commit(&draft, import, &digests->diff_id, done.stats.n_bytes, err);
	if (r == 0 && import->keeps_blob)
		r = blob_writer_commit(&writer, &digests->blob, err);
	return r;
}
