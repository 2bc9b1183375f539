/* SPDX-License-Identifier: Apache-2.0 */
/* gzip by zlib, for the architectures that isa-l does not know. */
#include "image/compress-codec.h"

#include <zlib.h>

#include "base/mem.h"

enum {
	CHUNK_MAX = 1 << 30,
	/* zlib's way of asking for the gzip wrapper. */
	GZIP_WINDOW = MAX_WBITS + 16,
};

struct zlib_codec {
	struct codec codec;
	z_stream z;
	/* Inflating: before the first member, or between two. */
	bool outside;
	bool started;
};

/* Runs FN once between IO's buffers. */
static int step(struct zlib_codec *zc, int (*fn)(z_stream *, int), int flush, struct codec_io *io,
		bool *moved)
{
	uInt in_len = io->in_len < CHUNK_MAX ? (uInt)io->in_len : CHUNK_MAX;
	uInt out_len = io->out_len < CHUNK_MAX ? (uInt)io->out_len : CHUNK_MAX;
	int code;

	zc->z.next_in = (Bytef *)io->in;
	zc->z.avail_in = in_len;
	zc->z.next_out = io->out;
	zc->z.avail_out = out_len;
	code = fn(&zc->z, flush);
	*moved = zc->z.avail_in != in_len || zc->z.avail_out != out_len;
	io->in += in_len - zc->z.avail_in;
	io->in_len -= in_len - zc->z.avail_in;
	io->out += out_len - zc->z.avail_out;
	io->out_len -= out_len - zc->z.avail_out;
	return code;
}

static int inflate_run(struct codec *codec, struct codec_io *io, bool last, struct error *err)
{
	struct zlib_codec *zc = (struct zlib_codec *)codec;
	bool moved = true;

	while (moved) {
		int code;

		if (zc->outside) {
			if (io->in_len == 0)
				break;
			if (zc->started && io->in[0] != 0x1f)
				return codec_corrupt("gzip", "garbage after its end", err);
			(void)inflateReset(&zc->z);
			zc->outside = false;
			zc->started = true;
		}
		code = step(zc, inflate, Z_NO_FLUSH, io, &moved);
		if (code == Z_STREAM_END)
			zc->outside = true;
		else if (code != Z_OK && code != Z_BUF_ERROR)
			return codec_corrupt("gzip", zc->z.msg ? zc->z.msg : "invalid", err);
		if (io->out_len == 0 && !zc->outside)
			return CODEC_MORE;
	}
	if (!last || io->in_len)
		return CODEC_MORE;
	if (!zc->outside || !zc->started)
		return codec_truncated("gzip", err);
	return CODEC_END;
}

static void inflate_free(struct codec *codec)
{
	struct zlib_codec *zc = (struct zlib_codec *)codec;

	(void)inflateEnd(&zc->z);
	free(zc);
}

int gzip_decompressor_new(struct codec **codec)
{
	static const struct codec_ops ops = { .run = inflate_run, .free = inflate_free };
	struct zlib_codec *zc = xcalloc(1, sizeof(*zc));

	zc->codec.ops = &ops;
	zc->outside = true;
	(void)inflateInit2(&zc->z, GZIP_WINDOW);
	*codec = &zc->codec;
	return 0;
}

static int deflate_run(struct codec *codec, struct codec_io *io, bool last, struct error *err)
{
	struct zlib_codec *zc = (struct zlib_codec *)codec;
	bool is_last = last && io->in_len <= CHUNK_MAX, moved;
	int code = step(zc, deflate, is_last ? Z_FINISH : Z_NO_FLUSH, io, &moved);

	if (code == Z_STREAM_END)
		return CODEC_END;
	if (code != Z_OK && code != Z_BUF_ERROR)
		return error_set(err, EIO, "zlib refuses to compress");
	return CODEC_MORE;
}

static void deflate_free(struct codec *codec)
{
	struct zlib_codec *zc = (struct zlib_codec *)codec;

	(void)deflateEnd(&zc->z);
	free(zc);
}

int gzip_compressor_new(int level, struct codec **codec, struct error *err)
{
	static const struct codec_ops ops = { .run = deflate_run, .free = deflate_free };
	struct zlib_codec *zc;

	if (level > 9)
		return error_set(err, EINVAL, "gzip level %d: this build knows 0 to 9", level);
	zc = xcalloc(1, sizeof(*zc));
	zc->codec.ops = &ops;
	(void)deflateInit2(&zc->z, level < 0 ? 1 : level, Z_DEFLATED, GZIP_WINDOW, 8,
			   Z_DEFAULT_STRATEGY);
	*codec = &zc->codec;
	return 0;
}
