/* SPDX-License-Identifier: Apache-2.0 */
/* What the compressions are called, and "none". */
#include "image/compress.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "image/compress-codec.h"

static const struct {
	const char *name;
	const char *media_type;
	const char *magic;
	size_t magic_len;
} compressions[] = {
	[COMPRESSION_NONE] = { "none", "application/vnd.oci.image.layer.v1.tar", "", 0 },
	[COMPRESSION_GZIP] = { "gzip", "application/vnd.oci.image.layer.v1.tar+gzip",
			       "\x1f\x8b\x08", 3 },
	[COMPRESSION_ZSTD] = { "zstd", "application/vnd.oci.image.layer.v1.tar+zstd",
			       "\x28\xb5\x2f\xfd", 4 },
	[COMPRESSION_XZ] = { "xz", "application/vnd.oci.image.layer.v1.tar+xz",
			     "\xfd"
			     "7zXZ\0",
			     6 },
};

enum compression compression_sniff(const void *data, size_t n)
{
	for (size_t i = 1; i < ARRAY_SIZE(compressions); i++)
		if (n >= compressions[i].magic_len &&
		    memcmp(data, compressions[i].magic, compressions[i].magic_len) == 0)
			return (enum compression)i;
	return COMPRESSION_NONE;
}

const char *compression_name(enum compression compression)
{
	return compressions[compression].name;
}

bool compression_from_name(const char *name, enum compression *compression)
{
	for (size_t i = 0; i < ARRAY_SIZE(compressions); i++) {
		if (!streq(compressions[i].name, name))
			continue;
		*compression = (enum compression)i;
		return true;
	}
	return false;
}

const char *compression_media_type(enum compression compression)
{
	return compressions[compression].media_type;
}

static int none_run(struct codec *codec, struct codec_io *io, bool last, struct error *err)
{
	size_t n = io->in_len < io->out_len ? io->in_len : io->out_len;

	(void)codec;
	(void)err;
	if (n)
		memcpy(io->out, io->in, n);
	io->in += n;
	io->in_len -= n;
	io->out += n;
	io->out_len -= n;
	return last && io->in_len == 0 ? CODEC_END : CODEC_MORE;
}

static void none_free(struct codec *codec)
{
	free(codec);
}

int none_codec_new(struct codec **codec)
{
	static const struct codec_ops ops = { .run = none_run, .free = none_free };

	*codec = xcalloc(1, sizeof(**codec));
	(*codec)->ops = &ops;
	return 0;
}

int decompressor_new(enum compression compression, struct codec **codec, struct error *err)
{
	switch (compression) {
	case COMPRESSION_GZIP:
		return gzip_decompressor_new(codec);
	case COMPRESSION_ZSTD:
		return zstd_decompressor_new(codec);
	case COMPRESSION_XZ:
		return xz_decompressor_new(codec, err);
	case COMPRESSION_NONE:
		break;
	}
	return none_codec_new(codec);
}

int compressor_new(enum compression compression, int level, struct codec **codec,
		   struct error *err)
{
	switch (compression) {
	case COMPRESSION_GZIP:
		return gzip_compressor_new(level, codec, err);
	case COMPRESSION_ZSTD:
		return zstd_compressor_new(level, codec, err);
	case COMPRESSION_XZ:
		return error_set(err, ENOTSUP, "xz is read but not written: choose gzip or zstd");
	case COMPRESSION_NONE:
		break;
	}
	return none_codec_new(codec);
}
