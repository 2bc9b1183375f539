/* SPDX-License-Identifier: Apache-2.0 */
/* Round trips, and every way for a compressed stream to be broken, in pieces of any size. */
#include "tests/unit/tap.h"

#include <lzma.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/str.h"
#include "image/compress.h"

enum { PLAIN_SIZE = 700 * 1000 };

static const enum compression written[] = { COMPRESSION_NONE, COMPRESSION_GZIP,
					    COMPRESSION_ZSTD };

/* Half text, half noise. */
static void fill(struct strbuf *sb)
{
	uint32_t state = 1;

	while (sb->len < PLAIN_SIZE / 2)
		strbuf_addf(sb, "line %zu of something\n", sb->len);
	while (sb->len < PLAIN_SIZE) {
		state = state * 1664525 + 1013904223;
		strbuf_addch(sb, (char)(state >> 24));
	}
}

/* Feeds IN in pieces of IN_STEP and takes OUT_STEP at a time: 0 or the codec's error. */
static int run_codec(struct codec *codec, const struct strbuf *in, size_t in_step,
		     size_t out_step, struct strbuf *out, struct error *err)
{
	cleanup_free uint8_t *room = xmalloc(out_step);
	struct codec_io io = { .in = (const uint8_t *)in->buf };
	size_t given = 0;
	int state;

	do {
		if (io.in_len == 0 && given < in->len) {
			io.in_len = in->len - given < in_step ? in->len - given : in_step;
			given += io.in_len;
		}
		io.out = room;
		io.out_len = out_step;
		state = codec_run(codec, &io, given == in->len, err);
		strbuf_add(out, room, out_step - io.out_len);
		/* A broken codec must not hang the test. */
		if (out->len > 10 * PLAIN_SIZE)
			return -ELOOP;
	} while (state == CODEC_MORE);
	return state < 0 ? state : 0;
}

static int decompress(enum compression compression, const struct strbuf *in, size_t in_step,
		      size_t out_step, struct strbuf *out, struct error *err)
{
	cleanup_codec struct codec *codec = NULL;
	int r = decompressor_new(compression, &codec, err);

	return r < 0 ? r : run_codec(codec, in, in_step, out_step, out, err);
}

static void compress(enum compression compression, int level, const struct strbuf *in,
		     struct strbuf *out)
{
	cleanup_codec struct codec *codec = NULL;
	struct error err = ERROR_INIT;

	ok_named(compressor_new(compression, level, &codec, &err) == 0 &&
			 run_codec(codec, in, 100000, 70000, out, &err) == 0,
		 "compresses by %s, level %d", compression_name(compression), level);
}

static bool same(const struct strbuf *a, const struct strbuf *b)
{
	return a->len == b->len && memcmp(a->buf, b->buf, a->len) == 0;
}

static void test_round_trip(const struct strbuf *plain)
{
	static const size_t steps[] = { 1, 7, 4096, 1 << 20 };

	for (size_t i = 0; i < ARRAY_SIZE(written); i++) {
		cleanup_strbuf struct strbuf packed = STRBUF_INIT;
		const char *name = compression_name(written[i]);

		compress(written[i], -1, plain, &packed);
		ok_named(compression_sniff(packed.buf, packed.len) == written[i], "%s is sniffed",
			 name);
		for (size_t s = 0; s < ARRAY_SIZE(steps) * ARRAY_SIZE(steps); s++) {
			cleanup_strbuf struct strbuf out = STRBUF_INIT;
			struct error err = ERROR_INIT;
			size_t in_step = steps[s / ARRAY_SIZE(steps)];
			size_t out_step = steps[s % ARRAY_SIZE(steps)];

			ok_named(decompress(written[i], &packed, in_step, out_step, &out, &err) ==
						 0 &&
					 same(&out, plain),
				 "%s, %zu bytes in, %zu out%s%s", name, in_step, out_step,
				 err.msg[0] ? ": " : "", err.msg);
		}
	}
}

static void test_levels(const struct strbuf *plain)
{
	struct codec *codec = NULL;
	struct error err = ERROR_INIT;

	for (int level = 0; level <= 3; level++) {
		cleanup_strbuf struct strbuf packed = STRBUF_INIT, out = STRBUF_INIT;

		compress(COMPRESSION_GZIP, level, plain, &packed);
		ok(decompress(COMPRESSION_GZIP, &packed, 5000, 9000, &out, &err) == 0 &&
		   same(&out, plain));
	}
	ok_int(compressor_new(COMPRESSION_GZIP, 99, &codec, &err), -EINVAL);
	ok_int(compressor_new(COMPRESSION_ZSTD, 99, &codec, &err), -EINVAL);
	ok_int(compressor_new(COMPRESSION_XZ, -1, &codec, &err), -ENOTSUP);
	ok(codec == NULL);
}

/* What compresses is two members, frames or streams one after the other. */
static void test_concatenated(const struct strbuf *plain)
{
	cleanup_strbuf struct strbuf twice = STRBUF_INIT;

	strbuf_add(&twice, plain->buf, plain->len);
	strbuf_add(&twice, plain->buf, plain->len);
	for (size_t i = 1; i < ARRAY_SIZE(written); i++) {
		cleanup_strbuf struct strbuf packed = STRBUF_INIT, out = STRBUF_INIT;
		struct error err = ERROR_INIT;
		size_t n;

		compress(written[i], -1, plain, &packed);
		n = packed.len;
		strbuf_grow(&packed, n);
		strbuf_add(&packed, packed.buf, n);
		ok(decompress(written[i], &packed, 1000, 4096, &out, &err) == 0);
		ok(same(&out, &twice));
		strbuf_reset(&out);
		ok(decompress(written[i], &packed, packed.len, 1, &out, &err) == 0 &&
		   same(&out, &twice));
	}
}

static void test_broken(const struct strbuf *plain)
{
	static const size_t cuts[] = { 0, 1, 5, 10, 17, 1000, 300000 };

	for (size_t i = 1; i < ARRAY_SIZE(written); i++) {
		cleanup_strbuf struct strbuf packed = STRBUF_INIT, out = STRBUF_INIT;
		struct error err = ERROR_INIT;
		const char *name = compression_name(written[i]);
		size_t whole;

		compress(written[i], -1, plain, &packed);
		whole = packed.len;
		for (size_t n = 0; n < ARRAY_SIZE(cuts) + 1; n++) {
			packed.len = n < ARRAY_SIZE(cuts) ? cuts[n] : whole - 1;
			ok_named(decompress(written[i], &packed, 4096, 4096, &out, &err) ==
					 -EBADMSG,
				 "%s, cut at %zu: %s", name, packed.len, err.msg);
		}
		packed.len = whole;
		packed.buf[whole / 2] ^= 0x55;
		ok_named(decompress(written[i], &packed, 4096, 4096, &out, &err) == -EBADMSG,
			 "%s, a changed byte: %s", name, err.msg);
		packed.buf[whole / 2] ^= 0x55;
		strbuf_adds(&packed, "garbage");
		ok_named(decompress(written[i], &packed, 4096, 4096, &out, &err) == -EBADMSG,
			 "%s, garbage behind: %s", name, err.msg);
	}
}

static void test_xz(const struct strbuf *plain)
{
	cleanup_strbuf struct strbuf packed = STRBUF_INIT, out = STRBUF_INIT;
	struct error err = ERROR_INIT;
	size_t len = 0, max = lzma_stream_buffer_bound(plain->len);

	strbuf_grow(&packed, max);
	ok(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL, (const uint8_t *)plain->buf,
				   plain->len, (uint8_t *)packed.buf, &len, max) == LZMA_OK);
	packed.len = len;
	ok_int(compression_sniff(packed.buf, packed.len), COMPRESSION_XZ);
	ok(decompress(COMPRESSION_XZ, &packed, 1000, 777, &out, &err) == 0 && same(&out, plain));
	packed.len = len - 5;
	ok_int(decompress(COMPRESSION_XZ, &packed, 4096, 4096, &out, &err), -EBADMSG);
	packed.len = len;
	packed.buf[len / 2] ^= 1;
	ok_int(decompress(COMPRESSION_XZ, &packed, 4096, 4096, &out, &err), -EBADMSG);
}

static void test_names(void)
{
	enum compression compression;

	ok(compression_from_name("zstd", &compression) && compression == COMPRESSION_ZSTD);
	ok(!compression_from_name("bzip2", &compression));
	ok_int(compression_sniff("", 0), COMPRESSION_NONE);
	ok_int(compression_sniff("\x1f\x8b", 2), COMPRESSION_NONE);
	ok_str(compression_media_type(COMPRESSION_GZIP),
	       "application/vnd.oci.image.layer.v1.tar+gzip");
}

int main(void)
{
	cleanup_strbuf struct strbuf plain = STRBUF_INIT;

	fill(&plain);
	test_round_trip(&plain);
	test_levels(&plain);
	test_concatenated(&plain);
	test_broken(&plain);
	test_xz(&plain);
	test_names();
	return tap_done();
}
