/* SPDX-License-Identifier: Apache-2.0 */
#include "image/build-archive.h"

#include <archive.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/confine.h"
#include "image/interrupt.h"
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

/* --- bzip2 ------------------------------------------------------------------------- */

/* No layer has it, so that layer-stream.h does not know it; libarchive does. */
struct bzip2 {
	struct archive *archive;
	const char *name;
};

static bool is_bzip2(int fd)
{
	static const char magic[] = { 'B', 'Z', 'h' };
	char start[sizeof(magic)];

	return pread(fd, start, sizeof(start), 0) == sizeof(start) &&
	       memcmp(start, magic, sizeof(magic)) == 0;
}

static void bzip2_close(struct bzip2 *bzip2)
{
	(void)archive_read_free(bzip2->archive);
}

static int bzip2_failed(const struct bzip2 *bzip2, struct error *err)
{
	const char *why = archive_error_string(bzip2->archive);

	return error_set(err, EBADMSG, "%s: bzip2: %s", bzip2->name, why ? why : "no memory");
}

static int bzip2_open(struct bzip2 *bzip2, int fd, const char *name, struct error *err)
{
	struct archive_entry *entry;

	*bzip2 = (struct bzip2){ .archive = archive_read_new(), .name = name };
	if (lseek(fd, 0, SEEK_SET) < 0)
		return error_sys(err, "lseek", "%s", name);
	/* ARCHIVE_WARN: it would start the program bzip2. */
	if (archive_read_support_filter_bzip2(bzip2->archive) != ARCHIVE_OK)
		return error_set(err, EOPNOTSUPP, "%s: this libarchive has no bzip2", name);
	if (archive_read_support_format_raw(bzip2->archive) != ARCHIVE_OK ||
	    archive_read_open_fd(bzip2->archive, fd, 1 << 16) != ARCHIVE_OK ||
	    archive_read_next_header(bzip2->archive, &entry) != ARCHIVE_OK)
		return bzip2_failed(bzip2, err);
	return 0;
}

static ssize_t bzip2_read(void *ctx, const void **data, struct error *err)
{
	const struct bzip2 *bzip2 = ctx;
	la_int64_t offset;
	size_t n = 0;
	int r = interrupt_check(err);

	if (r < 0)
		return r;
	r = archive_read_data_block(bzip2->archive, data, &n, &offset);
	if (r == ARCHIVE_EOF)
		return 0;
	if (r != ARCHIVE_OK)
		return bzip2_failed(bzip2, err);
	r = layer_stream_check_ratio((uint64_t)offset + n,
				     (uint64_t)archive_filter_bytes(bzip2->archive, -1), err);
	return r < 0 ? r : (ssize_t)n;
}

/* --- any of them ------------------------------------------------------------------- */

struct input {
	struct layer_source source;
	struct layer_stream *stream;
	struct bzip2 bzip2;
};

static int input_open(struct input *input, int fd, const char *name, struct error *err)
{
	struct stat st;
	int r;

	*input = (struct input){ .stream = NULL };
	if (is_bzip2(fd)) {
		input->source = (struct layer_source){
			.name = name, .read = bzip2_read, .ctx = &input->bzip2,
		};
		return bzip2_open(&input->bzip2, fd, name, err);
	}
	if (fstat(fd, &st) < 0)
		return error_sys(err, "fstat", "%s", name);
	r = layer_stream_open(&(struct file_region){ .fd = fd, .size = (uint64_t)st.st_size }, name,
			      NULL, NULL, &input->stream, err);
	if (r == 0)
		input->source = *layer_stream_source(input->stream);
	return r;
}

static void input_close(struct input *input)
{
	bzip2_close(&input->bzip2);
	layer_stream_free(&input->stream);
}
#define cleanup_input __attribute__((cleanup(input_close)))

/* --- in confined processes --------------------------------------------------------- */

struct job {
	int fd;
	const char *name;
	/* For unpacking alone. */
	struct layer_target target;
};

/* Its result is one bool. */
static int check_work(void *ctx, struct strbuf *result, struct error *err)
{
	const struct job *job = ctx;
	cleanup_input struct input input = { .stream = NULL };
	const void *data;
	bool is_tar;
	ssize_t n;
	int r = input_open(&input, job->fd, job->name, err);

	if (r == -EOPNOTSUPP)
		return error_hint(err, "compress it with gzip, zstd or xz, or use COPY");
	n = r < 0 ? r : input.source.read(input.source.ctx, &data, err);
	if (n == -EINTR)
		return (int)n;
	/* What cannot be inflated is a file as any other. */
	error_clear(err);
	is_tar = n >= TAR_BLOCK && has_checksum(data);
	strbuf_add(result, &is_tar, sizeof(is_tar));
	return 0;
}

static int unpack_work(void *ctx, struct strbuf *result, struct error *err)
{
	const struct job *job = ctx;
	cleanup_input struct input input = { .stream = NULL };
	struct layer_digests digests;
	int r;

	(void)result;
	layer_stream_limit_ratio(LAYER_STREAM_RATIO, "unpack it, and COPY what it holds");
	r = input_open(&input, job->fd, job->name, err);
	if (r == 0)
		r = layer_apply(&input.source, &job->target, NULL, NULL, err);
	return r < 0 || !input.stream ? r : layer_stream_finish(input.stream, &digests, err);
}

int build_archive_check(int fd, const char *name, struct error *err)
{
	const struct confinement confinement = {
		.name = name, .write_dir = -EBADF, .read_dir = -EBADF,
		.fds = { fd, -EBADF, -EBADF, -EBADF },
	};
	struct job job = { .fd = fd, .name = name };
	bool is_tar;
	int r = confine_run_sized(&confinement, check_work, &job,
				  &(struct confined_result){ &is_tar, sizeof(is_tar) }, err);

	return r < 0 ? r : is_tar;
}

int build_archive_unpack(int fd, const char *name, int dir_fd, const struct layer_owner *owner,
			 struct error *err)
{
	const struct confinement confinement = {
		.name = name, .write_dir = dir_fd, .read_dir = -EBADF,
		.fds = { fd, -EBADF, -EBADF, -EBADF },
	};
	struct job job = {
		.fd = fd,
		.name = name,
		.target = { .fd = dir_fd, .shape = LAYER_FLAT, .keep_dirlinks = true,
			    .is_archive = true, .owner = owner },
	};

	return confine_run(&confinement, unpack_work, &job, NULL, err);
}
