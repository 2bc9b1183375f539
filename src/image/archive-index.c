/* SPDX-License-Identifier: Apache-2.0 */
#include "image/archive-index.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "image/interrupt.h"

enum { READ_SIZE = 1 << 16 };

/* What libarchive reads from: the file itself, or what comes out of it inflated. */
struct feed {
	struct image_archive *owner;
	struct layer_stream *stream;
	uint64_t offset;
	struct error err;
	uint8_t buf[READ_SIZE];
};

static la_ssize_t feed_read(struct archive *reader, void *ctx, const void **data)
{
	struct feed *feed = ctx;
	ssize_t n;

	if (feed->stream) {
		const struct layer_source *source = layer_stream_source(feed->stream);

		n = source->read(source->ctx, data, &feed->err);
	} else {
		n = TEMP_FAILURE_RETRY(
			pread(feed->owner->fd, feed->buf, READ_SIZE, (off_t)feed->offset));
		*data = feed->buf;
		if (n > 0)
			feed->offset += (uint64_t)n;
		else if (n < 0)
			(void)error_sys(&feed->err, "read", "%s", feed->owner->path);
	}
	if (n < 0)
		archive_set_error(reader, EIO, "%s", feed->err.msg);
	return n;
}

/* Only the headers are wanted: the files between them are not read. */
static la_int64_t feed_skip(struct archive *reader, void *ctx, la_int64_t request)
{
	struct feed *feed = ctx;
	uint64_t left = feed->owner->size - feed->offset;

	(void)reader;
	if (feed->stream || request <= 0)
		return 0;
	if ((uint64_t)request > left)
		request = (la_int64_t)left;
	feed->offset += (uint64_t)request;
	return request;
}

/* The members are kept in memory. */
enum { MAX_MEMBERS = 1 << 16 };

static const char *strip(const char *name)
{
	for (;;) {
		if (name[0] == '/')
			name++;
		else if (name[0] == '.' && name[1] == '/')
			name += 2;
		else
			return name;
	}
}

char *image_archive_resolve_link(const char *link_name, const char *target)
{
	struct strbuf out = STRBUF_INIT;
	const char *slash = strrchr(link_name, '/');
	cleanup_free char *whole = target[0] == '/' || !slash
					   ? xstrdup(target)
					   : xasprintf("%.*s/%s", (int)(slash - link_name),
						       link_name, target);

	for (char *save = NULL, *part = strtok_r(whole, "/", &save); part;
	     part = strtok_r(NULL, "/", &save)) {
		if (streq(part, "."))
			continue;
		if (streq(part, "..")) {
			const char *parent = out.len ? strrchr(out.buf, '/') : NULL;

			out.len = parent ? (size_t)(parent - out.buf) : 0;
			if (out.alloc)
				out.buf[out.len] = '\0';
			continue;
		}
		strbuf_addf(&out, "%s%s", out.len ? "/" : "", part);
	}
	return strbuf_detach(&out);
}

static bool is_top_name(const char *name, const char *const *tops, size_t n)
{
	size_t len = strcspn(name, "/");

	for (size_t i = 0; i < n; i++)
		if (strlen(tops[i]) == len && memcmp(tops[i], name, len) == 0)
			return true;
	return false;
}

/* Top directories of every root file system, and of no archive of images. */
static bool is_rootfs_name(const char *name)
{
	static const char *const tops[] = { "bin",  "boot",  "dev",   "etc",  "home",
					    "lib",  "lib64", "media", "mnt",  "opt",
					    "proc", "root",  "run",   "sbin", "srv",
					    "sys",  "tmp",   "usr",   "var" };

	return is_top_name(name, tops, ARRAY_SIZE(tops));
}

/* And the reverse: a layer's directory or file is called by 64 hex digits. */
static bool is_image_name(const char *name)
{
	static const char *const tops[] = { "blobs", "index.json", "manifest.json", "oci-layout",
					    "repositories" };

	return is_top_name(name, tops, ARRAY_SIZE(tops)) ||
	       strspn(name, "0123456789abcdef") == 64;
}

/* The file begins where libarchive stands once it has read the header. */
static void add_member(struct image_archive *owner, struct archive *reader,
		       struct archive_entry *entry, const char *name)
{
	const char *hard = archive_entry_hardlink(entry), *soft = archive_entry_symlink(entry);
	struct image_archive_member *member;

	if (!hard && !soft && !S_ISREG(archive_entry_mode(entry)))
		return;
	if ((owner->n_members & (owner->n_members + 1)) == 0)
		owner->members = xrealloc(owner->members, 2 * (owner->n_members + 1),
					  sizeof(*owner->members));
	member = &owner->members[owner->n_members++];
	*member = (struct image_archive_member){
		.name = xstrdup(name),
		.target = hard	 ? image_archive_resolve_link("", hard)
			  : soft ? image_archive_resolve_link(name, soft)
				 : NULL,
		.offset = (uint64_t)archive_filter_bytes(reader, 0),
		.size = (uint64_t)archive_entry_size(entry),
		.is_sparse = archive_entry_sparse_count(entry) > 0,
	};
}

/* The files at the top that tell the kinds apart. */
struct marks {
	bool manifest;
	bool layout;
	bool index;
	bool repositories;
	bool rootfs;
	bool image;
	size_t n_entries;
};

static void note_name(struct marks *marks, const char *name)
{
	marks->n_entries++;
	marks->manifest |= streq(name, "manifest.json");
	marks->layout |= streq(name, "oci-layout");
	marks->index |= streq(name, "index.json");
	marks->repositories |= streq(name, "repositories");
	marks->rootfs |= is_rootfs_name(name);
	marks->image |= is_image_name(name);
}

static int read_failed(const struct feed *feed, struct archive *reader, struct error *err)
{
	const char *why = archive_error_string(reader);
	const struct image_archive *owner = feed->owner;
	const char *last = owner->n_members ? owner->members[owner->n_members - 1].name : NULL;

	if (feed->err.code) {
		*err = feed->err;
		return error_context(err, "%s", owner->path);
	}
	/* libarchive has no code for it. */
	if (last && why && str_skip_prefix(why, "Truncated"))
		return error_set(err, EBADMSG, "%s is truncated: it ends in or after %s",
				 owner->path, last);
	if (last)
		return error_set(err, EBADMSG, "%s: the tar archive is damaged after %s: %s",
				 owner->path, last, why ? why : "unknown error");
	(void)error_set(err, EINVAL, "%s is not a tar archive", feed->owner->path);
	return error_hint(err,
			  "import takes what \"docker save\" or \"podman save\" writes, an OCI "
			  "layout, or a tar archive of a root file system");
}

/* What nothing tells to be images by then is none; and no images need so many. */
static int too_many(const struct feed *feed, struct marks *marks, struct error *err)
{
	if (marks->image)
		return error_set(err, EFBIG, "%s: an archive of images with more than %d files",
				 feed->owner->path, MAX_MEMBERS);
	marks->rootfs = true;
	return 0;
}

static int walk(struct feed *feed, struct archive *reader, struct marks *marks, struct error *err)
{
	for (;;) {
		struct archive_entry *entry;
		int code = archive_read_next_header(reader, &entry);
		const char *name;
		int r = interrupt_check(err);

		if (r < 0)
			return r;
		if (code == ARCHIVE_EOF)
			return 0;
		/* A warning is about a name that is not of the locale's character set. */
		if (code < ARCHIVE_WARN)
			return read_failed(feed, reader, err);
		name = archive_entry_pathname(entry);
		if (!name)
			continue;
		name = strip(name);
		note_name(marks, name);
		add_member(feed->owner, reader, entry, name);
		/* What is compressed will be indexed again, inflated. */
		if (marks->rootfs || (feed->stream && marks->image))
			return 0;
		if (feed->owner->n_members > MAX_MEMBERS)
			return too_many(feed, marks, err);
	}
}

static int decide(struct image_archive *archive, const struct marks *marks, bool is_peek,
		  struct error *err)
{
	archive->has_docker_manifest = marks->manifest;
	if (is_peek && marks->image && !marks->rootfs) {
		archive->kind = IMAGE_ARCHIVE_SOME_IMAGE;
		return 0;
	}
	if (marks->n_entries == 0)
		return error_set(err, EINVAL, "%s is an archive with nothing in it",
				 archive->path);
	if (marks->rootfs)
		archive->kind = IMAGE_ARCHIVE_ROOTFS;
	else if (marks->layout && marks->index)
		archive->kind = IMAGE_ARCHIVE_OCI;
	else if (marks->manifest)
		archive->kind = IMAGE_ARCHIVE_DOCKER;
	else if (marks->repositories)
		return error_set(err, ENOTSUP,
				 "%s was written by docker before 1.10: it has no manifest.json",
				 archive->path);
	else
		archive->kind = IMAGE_ARCHIVE_ROOTFS;
	return 0;
}

/* The tar format alone. */
static int open_reader(struct feed *feed, struct archive *reader, struct error *err)
{
	if (archive_read_support_format_tar(reader) == ARCHIVE_OK &&
	    archive_read_set_callback_data(reader, feed) == ARCHIVE_OK &&
	    archive_read_set_read_callback(reader, feed_read) == ARCHIVE_OK &&
	    archive_read_set_skip_callback(reader, feed_skip) == ARCHIVE_OK &&
	    archive_read_open1(reader) == ARCHIVE_OK)
		return 0;
	return read_failed(feed, reader, err);
}

int image_archive_index(struct image_archive *archive, enum compression compression,
			struct error *err)
{
	cleanup_layer_stream struct layer_stream *stream = NULL;
	cleanup_free struct feed *feed = xmalloc(sizeof(*feed));
	struct file_region region = { .fd = archive->fd, .size = archive->size };
	struct marks marks = { .manifest = false };
	struct archive *reader;
	int r;

	if (compression != COMPRESSION_NONE) {
		r = layer_stream_open(&region, archive->path, NULL, NULL, &stream, err);
		if (r < 0)
			return r;
	}
	memset(feed, 0, offsetof(struct feed, buf));
	feed->owner = archive;
	feed->stream = stream;
	reader = archive_read_new();
	r = open_reader(feed, reader, err);
	if (r == 0)
		r = walk(feed, reader, &marks, err);
	(void)archive_read_free(reader);
	return r < 0 ? r : decide(archive, &marks, stream, err);
}
