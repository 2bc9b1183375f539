/* SPDX-License-Identifier: Apache-2.0 */
#include "image/compress-codec.h"

#include <zstd.h>

#include "base/mem.h"

struct zstd_reader {
	struct codec codec;
	ZSTD_DCtx *ctx;
	/* What ZSTD_decompressStream() said last: 0 between frames. */
	size_t wants;
	bool started;
};

static int read_run(struct codec *codec, struct codec_io *io, bool last, struct error *err)
{
	struct zstd_reader *reader = (struct zstd_reader *)codec;
	ZSTD_inBuffer in = { .src = io->in, .size = io->in_len };
	ZSTD_outBuffer out = { .dst = io->out, .size = io->out_len };
	bool moved = true;

	while (moved && (in.pos < in.size || reader->wants)) {
		size_t in_pos = in.pos, out_pos = out.pos;

		reader->wants = ZSTD_decompressStream(reader->ctx, &out, &in);
		if (ZSTD_isError(reader->wants))
			return codec_corrupt("zstd", ZSTD_getErrorName(reader->wants), err);
		reader->started = true;
		moved = in.pos != in_pos || out.pos != out_pos;
	}
	io->in += in.pos;
	io->in_len -= in.pos;
	io->out += out.pos;
	io->out_len -= out.pos;
	if (!last || io->in_len || (reader->wants && io->out_len == 0))
		return CODEC_MORE;
	if (reader->wants || !reader->started)
		return codec_truncated("zstd", err);
	return CODEC_END;
}

static void read_free(struct codec *codec)
{
	struct zstd_reader *reader = (struct zstd_reader *)codec;

	(void)ZSTD_freeDCtx(reader->ctx);
	free(reader);
}

int zstd_decompressor_new(struct codec **codec)
{
	static const struct codec_ops ops = { .run = read_run, .free = read_free };
	struct zstd_reader *reader = xcalloc(1, sizeof(*reader));

	reader->codec.ops = &ops;
	reader->ctx = ZSTD_createDCtx();
	*codec = &reader->codec;
	return 0;
}

struct zstd_writer {
	struct codec codec;
	ZSTD_CCtx *ctx;
};

static int write_run(struct codec *codec, struct codec_io *io, bool last, struct error *err)
{
	struct zstd_writer *writer = (struct zstd_writer *)codec;
	ZSTD_inBuffer in = { .src = io->in, .size = io->in_len };
	ZSTD_outBuffer out = { .dst = io->out, .size = io->out_len };
	size_t left = ZSTD_compressStream2(writer->ctx, &out, &in,
					   last ? ZSTD_e_end : ZSTD_e_continue);

	if (ZSTD_isError(left))
		return error_set(err, EIO, "zstd: %s", ZSTD_getErrorName(left));
	io->in += in.pos;
	io->in_len -= in.pos;
	io->out += out.pos;
	io->out_len -= out.pos;
	return last && left == 0 ? CODEC_END : CODEC_MORE;
}

static void write_free(struct codec *codec)
{
	struct zstd_writer *writer = (struct zstd_writer *)codec;

	(void)ZSTD_freeCCtx(writer->ctx);
	free(writer);
}

int zstd_compressor_new(int level, struct codec **codec, struct error *err)
{
	static const struct codec_ops ops = { .run = write_run, .free = write_free };
	struct zstd_writer *writer;

	if (level > ZSTD_maxCLevel())
		return error_set(err, EINVAL, "zstd level %d: the highest is %d", level,
				 ZSTD_maxCLevel());
	writer = xcalloc(1, sizeof(*writer));
	writer->codec.ops = &ops;
	writer->ctx = ZSTD_createCCtx();
	(void)ZSTD_CCtx_setParameter(writer->ctx, ZSTD_c_compressionLevel,
				     level < 0 ? ZSTD_CLEVEL_DEFAULT : level);
	(void)ZSTD_CCtx_setParameter(writer->ctx, ZSTD_c_checksumFlag, 1);
	*codec = &writer->codec;
	return 0;
}
