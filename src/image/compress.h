/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streaming compression behind one interface: gzip (isa-l, or zlib where
 * isa-l does not exist), zstd, xz (reading only) and none.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum compression {
	COMPRESSION_NONE,
	COMPRESSION_GZIP,
	COMPRESSION_ZSTD,
	COMPRESSION_XZ,
};

/* Enough of a stream's beginning for compression_sniff(). */
enum { COMPRESSION_MAGIC_LEN = 6 };

/* By magic number; anything unknown is COMPRESSION_NONE. */
enum compression compression_sniff(const void *data, size_t n);

/* "none", "gzip", "zstd", "xz". */
const char *compression_name(enum compression compression);

/* The reverse; false if there is no such name. */
bool compression_from_name(const char *name, enum compression *compression);

/* The OCI media type of a layer: "application/vnd.oci.image.layer.v1.tar+gzip". */
const char *compression_media_type(enum compression compression);

/* Where a codec reads and writes; it moves the pointers on and counts down. */
struct codec_io {
	const uint8_t *in;
	size_t in_len;
	uint8_t *out;
	size_t out_len;
};

enum codec_state {
	/* Wants more input, or more room: whichever is at 0. */
	CODEC_MORE,
	/* All input was given (LAST) and everything has come out. */
	CODEC_END,
};

struct codec {
	const struct codec_ops *ops;
};

struct codec_ops {
	/*
	 * Works until the input or the room is used up: an enum codec_state or
	 * a negative errno.  LAST: no input follows after what IO holds.
	 */
	int (*run)(struct codec *codec, struct codec_io *io, bool last, struct error *err);
	void (*free)(struct codec *codec);
};

/*
 * Concatenated gzip members, zstd frames and xz streams are one stream;
 * anything else after the end, and an end that comes too early, is an error.
 */
int decompressor_new(enum compression compression, struct codec **codec,
		     struct error *err);

/* LEVEL -1 is the default: gzip 1 (isa-l knows 0 to 3), zstd 3. xz is -ENOTSUP. */
int compressor_new(enum compression compression, int level, struct codec **codec,
		   struct error *err);

static inline int codec_run(struct codec *codec, struct codec_io *io, bool last,
			    struct error *err)
{
	return codec->ops->run(codec, io, last, err);
}

static inline void codec_free(struct codec **codec)
{
	if (*codec)
		(*codec)->ops->free(*codec);
	*codec = NULL;
}
#define cleanup_codec __attribute__((cleanup(codec_free)))
