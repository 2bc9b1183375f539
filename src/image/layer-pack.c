/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layer-pack.h"

#include <unistd.h>

#include "base/str.h"
#include "image/blob.h"
#include "image/confine.h"
#include "image/layer-unpack.h"

/* From STREAM to WRITER, or to SINK. */
static int drain(struct layer_stream *stream, struct blob_writer *writer, struct layer_sink *sink,
		 struct error *err)
{
	const struct layer_source *source = layer_stream_source(stream);
	const void *data;
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = source->read(source->ctx, &data, err)) != 0) {
		if (n < 0)
			return (int)n;
		r = sink ? layer_sink_add(sink, data, (size_t)n, err)
			 : blob_writer_add(writer, data, (size_t)n, err);
	}
	return r;
}

/* One hash tells everything.  The reading thread makes it, this one writes. */
static int pack_raw(struct store *store, const struct layer_import *import,
		    struct layer_digests *digests, struct error *err)
{
	cleanup_blob_writer struct blob_writer writer = BLOB_WRITER_INIT;
	cleanup_layer_stream struct layer_stream *stream = NULL;
	struct layer_import known = *import;
	int r = blob_writer_open_plain(&writer, store, err);

	if (r == 0)
		r = layer_stream_open_raw(&import->region, import->name, import->blob, &stream,
					  err);
	if (r == 0)
		r = drain(stream, &writer, NULL, err);
	if (r == 0)
		r = layer_stream_finish(stream, digests, err);
	if (r < 0)
		return r;
	if (digests->compression != COMPRESSION_NONE)
		known.diff_id = NULL;
	r = layer_import_check(&known, digests, err);
	return r < 0 ? r : blob_writer_commit(&writer, &digests->blob, err);
}

/* Inflated for the diffID alone. */
static int pack_checked(struct store *store, const struct layer_import *import,
			struct layer_digests *digests, struct error *err)
{
	cleanup_blob_writer struct blob_writer writer = BLOB_WRITER_INIT;
	struct layer_unpack unpack = {
		.region = import->region,
		.name = import->name,
		.like = import->blob,
		.copy = &writer,
		.target_fd = -EBADF,
	};
	struct layer_unpacked done;
	int r = blob_writer_open(&writer, store, import->blob, err);

	if (r == 0)
		r = layer_unpack(&unpack, &done, err);
	if (r == 0)
		r = layer_import_check(import, &done.digests, err);
	if (r < 0)
		return r;
	*digests = done.digests;
	return blob_writer_commit(&writer, &digests->blob, err);
}

/* A layer on its way through both codecs, in a confined process. */
struct repack {
	const struct layer_import *import;
	struct layer_sink *sink;
};

struct repacked {
	struct layer_digests found;
	struct layer_digests written;
};

static int repack_work(void *ctx, struct strbuf *result, struct error *err)
{
	const struct repack *repack = ctx;
	const struct layer_import *import = repack->import;
	cleanup_layer_stream struct layer_stream *stream = NULL;
	struct repacked done = { .found = { .size = 0 } };
	int r = layer_stream_open(&import->region, import->name, import->blob, NULL, &stream, err);

	if (r == 0)
		r = drain(stream, NULL, repack->sink, err);
	if (r == 0)
		r = layer_stream_finish(stream, &done.found, err);
	if (r == 0)
		r = layer_sink_finish(repack->sink, &done.written, err);
	strbuf_add(result, &done, sizeof(done));
	return r;
}

int layer_repack(struct store *store, const struct layer_import *import,
		 const struct packing *packing, struct layer_digests *digests, struct error *err)
{
	cleanup_layer_sink struct layer_sink *sink = NULL;
	struct repack repack = { .import = import };
	struct confinement confinement = {
		.name = import->name, .write_dir = -EBADF, .read_dir = -EBADF,
		.fds = { import->region.fd, -EBADF, -EBADF, -EBADF },
	};
	struct repacked done;
	int r = layer_sink_open(store, packing->compression, packing->level, &sink, err);

	if (r < 0)
		return r;
	layer_sink_leave_diff_id(sink);
	repack.sink = sink;
	confinement.fds[1] = layer_sink_fd(sink);
	r = confine_run_sized(&confinement, repack_work, &repack,
			      &(struct confined_result){ &done, sizeof(done) }, err);
	if (r == 0)
		r = layer_import_check(import, &done.found, err);
	if (r < 0)
		return r;
	*digests = done.written;
	digests->diff_id = done.found.diff_id;
	return layer_sink_publish(sink, &digests->blob, err);
}

/* When the digest of the bytes as they are does not say it all: a diffID is a sha256. */
static bool needs_inflating(const struct layer_import *import, enum compression found)
{
	if (!import->blob)
		return found != COMPRESSION_NONE;
	return found == COMPRESSION_NONE && str_skip_prefix(import->blob->s, "sha512:");
}

int layer_pack(struct store *store, const struct layer_import *import,
	       const struct packing *packing, struct layer_digests *digests, struct error *err)
{
	uint8_t magic[COMPRESSION_MAGIC_LEN];
	ssize_t n = pread(import->region.fd, magic, sizeof(magic), (off_t)import->region.offset);
	enum compression found;

	if (n < 0)
		return error_sys(err, "read", "%s", import->name);
	if ((uint64_t)n > import->region.size)
		n = (ssize_t)import->region.size;
	found = compression_sniff(magic, (size_t)n);
	if (packing_changes(packing, found))
		return layer_repack(store, import, packing, digests, err);
	return needs_inflating(import, found) ? pack_checked(store, import, digests, err)
					      : pack_raw(store, import, digests, err);
}
