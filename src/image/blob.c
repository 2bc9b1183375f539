/* SPDX-License-Identifier: Apache-2.0 */
#include "image/blob.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"

/* "sha256/<hex>", below blobs/. */
struct blob_path {
	char s[sizeof(struct digest)];
};

static struct blob_path blob_path(const struct digest *digest)
{
	struct blob_path path;

	(void)snprintf(path.s, sizeof(path.s), "%s", digest->s);
	path.s[digest_algorithm_len(digest)] = '/';
	return path;
}

int blob_writer_open_plain(struct blob_writer *writer, struct store *store, struct error *err)
{
	*writer = (struct blob_writer)BLOB_WRITER_INIT;
	writer->store = store;
	writer->temp = store_temp_name();
	writer->fd = openat(store->tmp_fd, writer->temp.name,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (writer->fd < 0)
		return error_sys(err, "open", "%s/tmp/%s", store->path, writer->temp.name);
	return 0;
}

int blob_writer_open(struct blob_writer *writer, struct store *store, const struct digest *like,
		     struct error *err)
{
	int r = blob_writer_open_plain(writer, store, err);

	if (r == 0)
		hasher_open(&writer->hasher, like);
	return r;
}

/* Says it of the store: the temporary name would tell nobody anything. */
static int write_failed(const struct blob_writer *writer, struct error *err)
{
	int code = err->code;

	error_context(err, "writing to the store %s", writer->store->path);
	if (code == -ENOSPC || code == -EDQUOT)
		error_hint(err, "free some space, or choose another place with --root");
	return code;
}

int blob_writer_add(struct blob_writer *writer, const void *data, size_t n, struct error *err)
{
	if (writer->hasher.state)
		hasher_add(&writer->hasher, data, n);
	writer->size += n;
	return file_write_fd(writer->fd, "a blob", data, n, err) < 0 ? write_failed(writer, err)
								     : 0;
}

void blob_writer_finish(struct blob_writer *writer, struct digest *digest)
{
	hasher_finish(&writer->hasher, digest);
}

/* blobs/sha256/, if it is missing. */
static int make_directory(struct store *store, const struct digest *digest)
{
	struct digest directory = *digest;

	directory.s[digest_algorithm_len(digest)] = '\0';
	if (mkdirat(store->blobs_fd, directory.s, 0755) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

int blob_writer_commit(struct blob_writer *writer, const struct digest *digest, struct error *err)
{
	struct store *store = writer->store;
	struct blob_path path = blob_path(digest);

	if (make_directory(store, digest) < 0)
		return error_sys(err, "mkdir", "for %s/blobs/%s", store->path, path.s);
	if (renameat(store->tmp_fd, writer->temp.name, store->blobs_fd, path.s) < 0)
		return error_sys(err, "rename", "to %s/blobs/%s", store->path, path.s);
	fd_close(&writer->fd);
	return 0;
}

void blob_writer_abort(struct blob_writer *writer)
{
	hasher_release(&writer->hasher);
	if (writer->fd < 0)
		return;
	fd_close(&writer->fd);
	(void)unlinkat(writer->store->tmp_fd, writer->temp.name, 0);
}

int blob_put(struct store *store, const void *data, size_t n, struct digest *digest,
	     struct error *err)
{
	cleanup_blob_writer struct blob_writer writer = BLOB_WRITER_INIT;
	int r = blob_writer_open(&writer, store, NULL, err);

	if (r == 0)
		r = blob_writer_add(&writer, data, n, err);
	if (r < 0)
		return r;
	blob_writer_finish(&writer, digest);
	return blob_writer_commit(&writer, digest, err);
}

int blob_put_as(struct store *store, const struct strbuf *text, const struct digest *digest,
		struct error *err)
{
	cleanup_blob_writer struct blob_writer writer = BLOB_WRITER_INIT;
	int r = blob_writer_open(&writer, store, digest, err);

	if (r == 0)
		r = blob_writer_add(&writer, text->buf, text->len, err);
	return r < 0 ? r : blob_writer_commit(&writer, digest, err);
}

bool blob_move(struct store *from, struct store *to, const struct digest *digest)
{
	struct blob_path path = blob_path(digest);

	return make_directory(to, digest) == 0 &&
	       renameat(from->blobs_fd, path.s, to->blobs_fd, path.s) == 0;
}

bool blob_exists(struct store *store, const struct digest *digest)
{
	struct blob_path path = blob_path(digest);

	return faccessat(store->blobs_fd, path.s, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int blob_open(struct store *store, const struct digest *digest, int64_t size, struct error *err)
{
	struct blob_path path = blob_path(digest);
	cleanup_close int fd = openat(store->blobs_fd, path.s, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return error_set(err, ENOENT, "blob %s is missing from the store %s", digest->s,
				 store->path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_sys(err, "open", "%s/blobs/%s", store->path, path.s);
	if (!S_ISREG(st.st_mode))
		return error_set(err, EINVAL, "%s/blobs/%s is not a regular file", store->path,
				 path.s);
	if (size >= 0 && st.st_size != size)
		return error_set(err, EBADMSG,
				 "blob %s in the store %s has %" PRId64
				 " bytes instead of %" PRId64,
				 digest->s, store->path, (int64_t)st.st_size, size);
	return take_fd(fd);
}

int blob_read(struct store *store, const struct digest *digest, int64_t size, struct strbuf *sb,
	      struct error *err)
{
	cleanup_close int fd = blob_open(store, digest, size, err);
	struct hasher hasher = { .state = NULL };
	size_t start = sb->len;
	struct digest found;
	int r;

	if (fd < 0)
		return fd;
	r = file_read_fd(fd, digest->s, BLOB_DOCUMENT_MAX, sb, err);
	if (r < 0)
		return error_context(err, "store %s", store->path);
	hasher_open(&hasher, digest);
	hasher_add(&hasher, sb->buf + start, sb->len - start);
	hasher_finish(&hasher, &found);
	if (digest_equal(&found, digest))
		return 0;
	return error_set(err, EBADMSG, "blob %s in the store %s is damaged: its digest is %s",
			 digest->s, store->path, found.s);
}
