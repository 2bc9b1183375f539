/* SPDX-License-Identifier: Apache-2.0 */
#include "image/build-archive.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "image/layer-apply.h"
#include "image/layer-stream.h"

enum { TAR_BLOCK = 512, CHECKSUM_OFFSET = 148, CHECKSUM_LEN = 8 };

/* The sum of the header's bytes, its own place counted as blanks. Reference: tar(5). */
static bool has_checksum(const unsigned char *block)
{
	char digits[CHECKSUM_LEN + 1] = { 0 };
	unsigned long sum = 0;

	memcpy(digits, block + CHECKSUM_OFFSET, CHECKSUM_LEN);
	for (size_t i = 0; i < TAR_BLOCK; i++) {
		bool own = i >= CHECKSUM_OFFSET && i < CHECKSUM_OFFSET + CHECKSUM_LEN;

		sum += own ? ' ' : block[i];
	}
	return strtoul(digits, NULL, 8) == sum;
}

int build_archive_check(int fd, const char *name, struct error *err)
{
	static const char bzip2[] = "BZh";
	cleanup_layer_stream struct layer_stream *stream = NULL;
	const struct layer_source *source;
	struct error ignored = ERROR_INIT;
	char start[sizeof(bzip2) - 1];
	const void *data;
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return error_sys(err, "fstat", "%s", name);
	if (pread(fd, start, sizeof(start), 0) == sizeof(start) &&
	    memcmp(start, bzip2, sizeof(start)) == 0) {
		(void)error_set(err, EOPNOTSUPP, "%s is compressed with bzip2, which ADD does not "
				"unpack", name);
		return error_hint(err, "compress it with gzip, zstd or xz, or use COPY");
	}
	/* What cannot be inflated is a file as any other. */
	if (layer_stream_open(&(struct file_region){ .fd = fd, .size = (uint64_t)st.st_size }, name,
			      NULL, NULL, &stream, &ignored) < 0)
		return 0;
	source = layer_stream_source(stream);
	n = source->read(source->ctx, &data, &ignored);
	return n >= TAR_BLOCK && has_checksum(data);
}

int build_archive_unpack(int fd, uint64_t size, const char *name, int dir_fd,
			 struct error *err)
{
	const struct file_region region = { .fd = fd, .size = size };
	const struct layer_target target = {
		.fd = dir_fd, .shape = LAYER_FLAT, .keep_dirlinks = true,
	};
	cleanup_layer_stream struct layer_stream *stream = NULL;
	struct layer_digests digests;
	int r = layer_stream_open(&region, name, NULL, NULL, &stream, err);

	if (r == 0)
		r = layer_apply(layer_stream_source(stream), &target, NULL, NULL, err);
	return r < 0 ? r : layer_stream_finish(stream, &digests, err);
}
