/* SPDX-License-Identifier: Apache-2.0 */
/* The way out of layer-stream.h: tar bytes become a blob. */
#include "image/layer-stream.h"

#include "base/mem.h"

enum { OUTPUT_SIZE = 1 << 18 };

struct layer_sink {
	enum compression compression;
	bool leaves_diff_id;
	struct blob_writer writer;
	struct hasher diff_hasher;
	struct codec *codec;
	uint64_t size;
	uint8_t output[OUTPUT_SIZE];
};

int layer_sink_open(struct store *store, enum compression compression, int level,
		    struct layer_sink **ret, struct error *err)
{
	struct layer_sink *sink = xmalloc(sizeof(*sink));
	int r;

	memset(sink, 0, offsetof(struct layer_sink, output));
	sink->compression = compression;
	r = blob_writer_open(&sink->writer, store, NULL, err);
	if (r == 0 && compression != COMPRESSION_NONE) {
		hasher_open(&sink->diff_hasher, NULL);
		r = compressor_new(compression, level, &sink->codec, err);
	}
	if (r < 0)
		layer_sink_free(&sink);
	*ret = sink;
	return r;
}

void layer_sink_leave_diff_id(struct layer_sink *sink)
{
	hasher_release(&sink->diff_hasher);
	sink->leaves_diff_id = true;
}

/* Compresses until IO's input is used up or, when LAST, everything is out. */
static int pump(struct layer_sink *sink, struct codec_io *io, bool last, struct error *err)
{
	int state;

	do {
		int r;

		io->out = sink->output;
		io->out_len = OUTPUT_SIZE;
		state = codec_run(sink->codec, io, last, err);
		if (state < 0)
			return state;
		r = blob_writer_add(&sink->writer, sink->output, OUTPUT_SIZE - io->out_len, err);
		if (r < 0)
			return r;
	} while (last ? state != CODEC_END : io->in_len > 0);
	return 0;
}

int layer_sink_add(struct layer_sink *sink, const void *data, size_t n, struct error *err)
{
	struct codec_io io = { .in = data, .in_len = n };

	sink->size += n;
	if (!sink->codec)
		return blob_writer_add(&sink->writer, data, n, err);
	if (!sink->leaves_diff_id)
		hasher_add(&sink->diff_hasher, data, n);
	return pump(sink, &io, false, err);
}

int layer_sink_commit(struct layer_sink *sink, struct layer_digests *digests, struct error *err)
{
	struct codec_io io = { .in = NULL };
	int r = sink->codec ? pump(sink, &io, true, err) : 0;

	if (r < 0)
		return r;
	blob_writer_finish(&sink->writer, &digests->blob);
	if (sink->codec && !sink->leaves_diff_id)
		hasher_finish(&sink->diff_hasher, &digests->diff_id);
	else if (!sink->leaves_diff_id)
		digests->diff_id = digests->blob;
	digests->blob_size = sink->writer.size;
	digests->size = sink->size;
	digests->compression = sink->compression;
	return blob_writer_commit(&sink->writer, &digests->blob, err);
}

void layer_sink_free(struct layer_sink **ret)
{
	struct layer_sink *sink = *ret;

	if (!sink)
		return;
	blob_writer_abort(&sink->writer);
	hasher_release(&sink->diff_hasher);
	codec_free(&sink->codec);
	free(sink);
	*ret = NULL;
}
