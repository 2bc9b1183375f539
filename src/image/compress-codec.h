/* SPDX-License-Identifier: Apache-2.0 */
/* The codecs behind compress.h; configure chooses one of the two gzip files. */
#pragma once

#include "image/compress.h"

int none_codec_new(struct codec **codec);
int gzip_decompressor_new(struct codec **codec);
int gzip_compressor_new(int level, struct codec **codec, struct error *err);
int zstd_decompressor_new(struct codec **codec);
int zstd_compressor_new(int level, struct codec **codec, struct error *err);
int xz_decompressor_new(struct codec **codec, struct error *err);

/* The two ways for a compressed stream to be broken, worded once. */
static inline int codec_truncated(const char *what, struct error *err)
{
	return error_set(err, EBADMSG, "the %s data ends too early", what);
}

static inline int codec_corrupt(const char *what, const char *why, struct error *err)
{
	return error_set(err, EBADMSG, "the %s data is damaged: %s", what, why);
}
