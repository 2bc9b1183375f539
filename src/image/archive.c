/* SPDX-License-Identifier: Apache-2.0 */
#include "image/archive.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/path.h"
#include "image/archive-index.h"
#include "image/blob.h"
#include "image/confine.h"
#include "image/interrupt.h"
#include "image/progress.h"

enum {
	COPY_SIZE = 1 << 20,
	/* A link to a link to a link: more is a loop. */
	MAX_LINKS = 16,
};

/* An unlinked file in the store's tmp/. */
static int open_spool(struct store *store, struct error *err)
{
	int fd = openat(store->tmp_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return fd < 0 ? error_sys(err, "open", "a temporary file in %s/tmp", store->path) : fd;
}

/* Everything that comes from a pipe. */
static int spool_stream(struct image_archive *archive, struct store *store, struct error *err)
{
	cleanup_free char *buf = xmalloc(COPY_SIZE);
	cleanup_close int spool = open_spool(store, err);
	int r = spool < 0 ? spool : 0;

	progress_expect(0);
	progress_begin("file", archive->path, 0);
	while (r == 0) {
		ssize_t n = read(archive->fd, buf, COPY_SIZE);

		r = interrupt_check(err);
		if (r < 0)
			return r;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, "read", "%s", archive->path);
		if (n == 0)
			break;
		progress_add((uint64_t)n);
		r = file_write_fd(spool, "a temporary file in the store", buf, (size_t)n, err);
	}
	progress_end();
	if (r < 0)
		return r;
	fd_close(&archive->fd);
	archive->fd = take_fd(spool);
	return 0;
}

struct inflation {
	const struct image_archive *archive;
	int spool_fd;
};

/* In a confined process. */
static int inflate_work(void *ctx, struct strbuf *result, struct error *err)
{
	const struct inflation *inflation = ctx;
	const struct image_archive *archive = inflation->archive;
	cleanup_layer_stream struct layer_stream *stream = NULL;
	struct file_region region = { .fd = archive->fd, .size = archive->size };
	const struct layer_source *source;
	const void *data;
	ssize_t n = 0;
	int r = layer_stream_open(&region, archive->path, NULL, NULL, &stream, err);

	(void)result;
	if (r < 0)
		return r;
	source = layer_stream_source(stream);
	while (r == 0 && (n = source->read(source->ctx, &data, err)) > 0)
		r = file_write_fd(inflation->spool_fd, "a temporary file in the store", data,
				  (size_t)n, err);
	return r == 0 && n < 0 ? error_context(err, "%s", archive->path) : r;
}

/* The inflated archive takes the place of the compressed one. */
static int spool_inflated(struct image_archive *archive, struct store *store, struct error *err)
{
	cleanup_close int spool = open_spool(store, err);
	struct inflation inflation = { .archive = archive, .spool_fd = spool };
	const struct confinement confinement = {
		.name = archive->path,
		.write_dir = -EBADF,
		.read_dir = -EBADF,
		.fds = { archive->fd, spool, -EBADF, -EBADF },
	};
	int r = spool < 0 ? spool : confine_run(&confinement, inflate_work, &inflation, NULL, err);

	if (r < 0)
		return r;
	fd_close(&archive->fd);
	archive->fd = take_fd(spool);
	return 0;
}

static int find_size(struct image_archive *archive, struct error *err)
{
	struct stat st;

	if (fstat(archive->fd, &st) < 0)
		return error_sys(err, "stat", "%s", archive->path);
	archive->size = (uint64_t)st.st_size;
	return 0;
}

static void release_members(struct image_archive *archive)
{
	for (size_t i = 0; i < archive->n_members; i++) {
		free(archive->members[i].name);
		free(archive->members[i].target);
	}
	free(archive->members);
	archive->members = NULL;
	archive->n_members = 0;
}

/* A file: what is in it decides what it is. */
static int open_tar(struct image_archive *archive, struct store *store, struct error *err)
{
	uint8_t magic[COMPRESSION_MAGIC_LEN];
	enum compression compression;
	ssize_t n;
	int r = find_size(archive, err);

	if (r < 0)
		return r;
	if (archive->size == 0)
		return error_set(err, EINVAL, "%s is empty", archive->path);
	n = pread(archive->fd, magic, sizeof(magic), 0);
	if (n < 0)
		return error_sys(err, "read", "%s", archive->path);
	compression = compression_sniff(magic, (size_t)n);
	r = image_archive_index_confined(archive, compression, err);
	if (r < 0 || archive->kind != IMAGE_ARCHIVE_SOME_IMAGE)
		return r;
	r = spool_inflated(archive, store, err);
	if (r == 0)
		r = find_size(archive, err);
	if (r < 0)
		return r;
	release_members(archive);
	return image_archive_index_confined(archive, COMPRESSION_NONE, err);
}

static int open_directory(struct image_archive *archive, struct error *err)
{
	archive->is_directory = true;
	archive->kind = IMAGE_ARCHIVE_OCI;
	if (faccessat(archive->fd, "oci-layout", F_OK, 0) < 0 ||
	    faccessat(archive->fd, "index.json", F_OK, 0) < 0) {
		(void)error_set(err, EINVAL,
				"%s is a directory, but no OCI image layout: it has no %s",
				archive->path,
				faccessat(archive->fd, "oci-layout", F_OK, 0) < 0 ? "oci-layout"
										  : "index.json");
		return error_hint(err,
				  "a root file system is imported as a tar archive: "
				  "tar -C %s -c . | dabba-image import - NAME",
				  archive->path);
	}
	return 0;
}

int image_archive_open(struct image_archive *archive, struct store *store, const char *path,
		       struct error *err)
{
	bool is_stdin = streq(path, "-");
	struct stat st;
	int r = 0;

	*archive = (struct image_archive)IMAGE_ARCHIVE_INIT;
	archive->path = is_stdin ? "stdin" : path;
	archive->fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
			       : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (archive->fd < 0 || fstat(archive->fd, &st) < 0)
		r = error_sys(err, "open", "%s", archive->path);
	else if (S_ISDIR(st.st_mode))
		r = open_directory(archive, err);
	else if (!S_ISREG(st.st_mode) || lseek(archive->fd, 0, SEEK_CUR) != 0)
		r = spool_stream(archive, store, err);
	if (r == 0 && !archive->is_directory)
		r = open_tar(archive, store, err);
	if (r < 0)
		image_archive_close(archive);
	return r;
}

void image_archive_close(struct image_archive *archive)
{
	release_members(archive);
	fd_close(&archive->fd);
}

/* The last one of that name, as tar has it. */
static const struct image_archive_member *find_member(const struct image_archive *archive,
						      const char *name)
{
	for (size_t i = archive->n_members; i > 0; i--)
		if (streq(archive->members[i - 1].name, name))
			return &archive->members[i - 1];
	return NULL;
}

static int find_in_directory(const struct image_archive *archive, const char *name,
			     struct image_archive_file *file, struct error *err)
{
	struct stat st;

	file->owned_fd = path_try_open(archive->fd, name, PATH_IN_ROOT, O_RDONLY | O_NOCTTY, 0);
	if (file->owned_fd == -ENOENT)
		return error_set(err, ENOENT, "%s has no file %s", archive->path, name);
	if (file->owned_fd < 0) {
		errno = -file->owned_fd;
		return error_sys(err, "open", "%s/%s", archive->path, name);
	}
	if (fstat(file->owned_fd, &st) < 0 || !S_ISREG(st.st_mode))
		return error_set(err, EINVAL, "%s/%s is not a regular file", archive->path, name);
	file->region = (struct file_region){ .fd = file->owned_fd, .size = (uint64_t)st.st_size };
	return 0;
}

int image_archive_find(const struct image_archive *archive, const char *name,
		       struct image_archive_file *file, struct error *err)
{
	const struct image_archive_member *member;

	*file = (struct image_archive_file)IMAGE_ARCHIVE_FILE_INIT;
	if (archive->is_directory)
		return find_in_directory(archive, name, file, err);
	member = find_member(archive, name);
	for (int i = 0; member && member->target && i < MAX_LINKS; i++)
		member = find_member(archive, member->target);
	if (!member)
		return error_set(err, ENOENT, "%s has no file %s", archive->path, name);
	if (member->target)
		return error_set(err, ELOOP, "%s: %s is a loop of links", archive->path, name);
	if (member->is_sparse)
		return error_set(err, ENOTSUP,
				 "%s: %s is a sparse file, which is not read in place",
				 archive->path, name);
	if (member->size > archive->size || member->offset > archive->size - member->size)
		return error_set(err, EBADMSG,
				 "%s is truncated: %s should have %" PRIu64
				 " bytes at offset %" PRIu64 ", but the file ends at %" PRIu64,
				 archive->path, name, member->size, member->offset,
				 archive->size);
	file->region = (struct file_region){ .fd = archive->fd,
					     .offset = member->offset,
					     .size = member->size };
	return 0;
}

void image_archive_file_release(struct image_archive_file *file)
{
	fd_close(&file->owned_fd);
}

static int read_region(const struct image_archive *archive, const char *name,
		       const struct file_region *region, struct strbuf *sb, struct error *err)
{
	uint64_t done = 0;

	if (region->size > BLOB_DOCUMENT_MAX)
		return error_set(err, EFBIG, "%s: %s is larger than %d bytes", archive->path,
				 name, BLOB_DOCUMENT_MAX);
	strbuf_grow(sb, region->size);
	while (done < region->size) {
		ssize_t n = pread(region->fd, sb->buf + sb->len, region->size - done,
				  (off_t)(region->offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, "read", "%s: %s", archive->path, name);
		if (n == 0)
			return error_set(err, EBADMSG, "%s: %s ends too early", archive->path,
					 name);
		done += (uint64_t)n;
		sb->len += (size_t)n;
	}
	sb->buf[sb->len] = '\0';
	return 0;
}

int image_archive_read_document(const struct image_archive *archive, const char *name,
				struct strbuf *sb, struct error *err)
{
	cleanup_image_archive_file struct image_archive_file file = IMAGE_ARCHIVE_FILE_INIT;
	int r = image_archive_find(archive, name, &file, err);

	return r < 0 ? r : read_region(archive, name, &file.region, sb, err);
}

char *image_archive_blob_name(const struct digest *digest)
{
	char *name = xasprintf("blobs/%s", digest->s);

	name[strlen("blobs/") + digest_algorithm_len(digest)] = '/';
	return name;
}

int image_archive_read_blob(const struct image_archive *archive, const struct digest *digest,
			    int64_t size, struct strbuf *sb, struct error *err)
{
	cleanup_image_archive_file struct image_archive_file file = IMAGE_ARCHIVE_FILE_INIT;
	cleanup_free char *name = image_archive_blob_name(digest);
	struct hasher hasher = { .state = NULL };
	size_t start = sb->len;
	struct digest found;
	int r = image_archive_find(archive, name, &file, err);

	if (r < 0)
		return r;
	if (size >= 0 && file.region.size != (uint64_t)size)
		return error_set(err, EBADMSG,
				 "%s: %s has %" PRIu64 " bytes, but %" PRId64 " were promised",
				 archive->path, name, file.region.size, size);
	r = read_region(archive, name, &file.region, sb, err);
	if (r < 0)
		return r;
	hasher_open(&hasher, digest);
	hasher_add(&hasher, sb->buf + start, sb->len - start);
	hasher_finish(&hasher, &found);
	if (digest_equal(&found, digest))
		return 0;
	return error_set(err, EBADMSG, "%s: the digest of %s is %s", archive->path, name,
			 found.s);
}
