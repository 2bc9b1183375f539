/* SPDX-License-Identifier: Apache-2.0 */
/* xz, reading only: no registry takes it as a layer, but root file systems come in it. */
#include "image/compress-codec.h"

#include <lzma.h>

#include "base/mem.h"

/* What a stream of "xz -9" needs, and twice that. */
enum { XZ_MEMORY_MAX = 128 << 20 };

struct xz_reader {
	struct codec codec;
	lzma_stream stream;
};

static const char *xz_error(lzma_ret code)
{
	switch (code) {
	case LZMA_FORMAT_ERROR:
		return "not an xz header";
	case LZMA_OPTIONS_ERROR:
		return "unknown options";
	case LZMA_MEMLIMIT_ERROR:
		return "its dictionary needs more than 128 MiB of memory";
	default:
		return "corrupt";
	}
}

static int read_run(struct codec *codec, struct codec_io *io, bool last, struct error *err)
{
	struct xz_reader *reader = (struct xz_reader *)codec;
	lzma_stream *stream = &reader->stream;
	lzma_ret code;

	stream->next_in = io->in;
	stream->avail_in = io->in_len;
	stream->next_out = io->out;
	stream->avail_out = io->out_len;
	do
		code = lzma_code(stream, last ? LZMA_FINISH : LZMA_RUN);
	while (code == LZMA_OK && stream->avail_in && stream->avail_out);
	io->in = stream->next_in;
	io->in_len = stream->avail_in;
	io->out = stream->next_out;
	io->out_len = stream->avail_out;
	if (code == LZMA_STREAM_END)
		return CODEC_END;
	if (code == LZMA_OK || (code == LZMA_BUF_ERROR && (!last || io->out_len == 0)))
		return CODEC_MORE;
	if (code == LZMA_BUF_ERROR)
		return codec_truncated("xz", err);
	return codec_corrupt("xz", xz_error(code), err);
}

static void read_free(struct codec *codec)
{
	struct xz_reader *reader = (struct xz_reader *)codec;

	lzma_end(&reader->stream);
	free(reader);
}

int xz_decompressor_new(struct codec **codec, struct error *err)
{
	static const struct codec_ops ops = { .run = read_run, .free = read_free };
	struct xz_reader *reader = xcalloc(1, sizeof(*reader));

	reader->codec.ops = &ops;
	reader->stream = (lzma_stream)LZMA_STREAM_INIT;
	*codec = &reader->codec;
	if (lzma_stream_decoder(&reader->stream, XZ_MEMORY_MAX, LZMA_CONCATENATED) == LZMA_OK)
		return 0;
	codec_free(codec);
	return error_set(err, ENOMEM, "no memory for reading xz");
}
