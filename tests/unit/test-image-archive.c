/* SPDX-License-Identifier: Apache-2.0 */
/* The index of an outer tar archive: kinds, links, places; and the store's blobs. */
#include "tests/unit/tap.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "image/archive-index.h"
#include "image/archive.h"
#include "image/blob.h"
#include "image/store.h"

static char dir[] = "/tmp/test-image-archive.XXXXXX";

struct file {
	const char *name;
	/* A link's target with "->" (symlink) or "=>" (hard link) before it, else content. */
	const char *content;
};

static void write_entry(struct archive *writer, const struct file *file)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, file->name);
	archive_entry_set_mode(entry, S_IFREG | 0644);
	if (strncmp(file->content, "->", 2) == 0) {
		archive_entry_set_mode(entry, S_IFLNK | 0777);
		archive_entry_set_symlink(entry, file->content + 2);
	} else if (strncmp(file->content, "=>", 2) == 0) {
		archive_entry_set_hardlink(entry, file->content + 2);
	} else {
		archive_entry_set_size(entry, (la_int64_t)strlen(file->content));
	}
	if (archive_write_header(writer, entry) != ARCHIVE_OK)
		exit(1);
	if (archive_entry_size(entry) > 0)
		(void)archive_write_data(writer, file->content, strlen(file->content));
	archive_entry_free(entry);
}

/* Puts a tar archive of FILES (to NULL) below dir; PACKED: gzip. */
static char *make_tar(const struct file *files, bool packed)
{
	char *path = xasprintf("%s/a.tar", dir);
	struct archive *writer = archive_write_new();

	(void)archive_write_set_format_pax_restricted(writer);
	if (packed)
		(void)archive_write_add_filter_gzip(writer);
	if (archive_write_open_filename(writer, path) != ARCHIVE_OK)
		exit(1);
	for (; files->name; files++)
		write_entry(writer, files);
	(void)archive_write_close(writer);
	(void)archive_write_free(writer);
	return path;
}

static const struct file docker[] = {
	{ "./layer-a.tar", "AAAA" },
	{ "x/layer.tar", "->../layer-a.tar" },
	{ "y/layer.tar", "=>x/layer.tar" },
	{ "z/deep/layer.tar", "->/layer-a.tar" },
	{ "loop", "->pool" },
	{ "pool", "->loop" },
	{ "nowhere", "->gone" },
	/* Longer than ustar allows: a PAX header stands before it. */
	{ "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789long",
	  "pax" },
	{ "twice", "first" },
	{ "twice", "second" },
	{ "manifest.json", "[]" },
	{ NULL, NULL },
};

static void expect(const struct image_archive *archive, const char *name, const char *content)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	struct error err = ERROR_INIT;

	if (image_archive_read_document(archive, name, &sb, &err) < 0)
		ok_str(err.msg, "");
	ok_str(sb.buf, content);
}

static void test_docker(struct store *store, bool packed)
{
	cleanup_free char *path = make_tar(docker, packed);
	cleanup_image_archive struct image_archive archive = IMAGE_ARCHIVE_INIT;
	cleanup_image_archive_file struct image_archive_file file = IMAGE_ARCHIVE_FILE_INIT;
	struct error err = ERROR_INIT;

	ok(image_archive_open(&archive, store, path, &err) == 0);
	ok_int(archive.kind, IMAGE_ARCHIVE_DOCKER);
	expect(&archive, "layer-a.tar", "AAAA");
	expect(&archive, "x/layer.tar", "AAAA");
	expect(&archive, "y/layer.tar", "AAAA");
	expect(&archive, "z/deep/layer.tar", "AAAA");
	expect(&archive, docker[7].name, "pax");
	expect(&archive, "twice", "second");
	expect(&archive, "manifest.json", "[]");
	ok_int(image_archive_find(&archive, "nowhere", &file, &err), -ENOENT);
	ok_int(image_archive_find(&archive, "missing", &file, &err), -ENOENT);
	ok_int(image_archive_find(&archive, "loop", &file, &err), -ELOOP);
}

static void test_kind(struct store *store, const struct file *files, enum image_archive_kind kind)
{
	cleanup_free char *path = make_tar(files, false);
	cleanup_image_archive struct image_archive archive = IMAGE_ARCHIVE_INIT;
	struct error err = ERROR_INIT;

	ok(image_archive_open(&archive, store, path, &err) == 0);
	ok_int(archive.kind, kind);
}

static void test_kinds(struct store *store)
{
	test_kind(store,
		  (const struct file[]){ { "blobs/sha256/x", "x" },
					 { "index.json", "{}" },
					 { "oci-layout", "{}" },
					 { "manifest.json", "[]" },
					 { NULL, NULL } },
		  IMAGE_ARCHIVE_OCI);
	/* A file of that name inside of a root file system says nothing. */
	test_kind(store,
		  (const struct file[]){
			  { "./etc/passwd", "x" }, { "manifest.json", "[]" }, { NULL, NULL } },
		  IMAGE_ARCHIVE_ROOTFS);
	test_kind(store, (const struct file[]){ { "app/manifest.json", "[]" }, { NULL, NULL } },
		  IMAGE_ARCHIVE_ROOTFS);
}

static void test_not_an_archive(struct store *store)
{
	cleanup_free char *path = xasprintf("%s/a.tar", dir);
	struct image_archive archive;
	struct error err = ERROR_INIT;
	int before = tap_count_fds();

	ok(file_replace_at(AT_FDCWD, path, "hello", 5, 0644, &err) == 0);
	ok_int(image_archive_open(&archive, store, path, &err), -EINVAL);
	ok(err.hint[0]);
	ok(file_replace_at(AT_FDCWD, path, "", 0, 0644, &err) == 0);
	ok_int(image_archive_open(&archive, store, path, &err), -EINVAL);
	ok(file_replace_at(AT_FDCWD, path, "\x1f\x8b\x08", 3, 0644, &err) == 0);
	ok_int(image_archive_open(&archive, store, path, &err), -EBADMSG);
	ok_int(image_archive_open(&archive, store, dir, &err), -EINVAL);
	ok_int(tap_count_fds(), before);
}

static void test_truncated(struct store *store)
{
	cleanup_free char *path = make_tar(docker, false);
	struct error err = ERROR_INIT;

	for (off_t size = 512 + 100; size > 100; size -= 100) {
		struct image_archive archive;

		if (truncate(path, size) < 0)
			exit(1);
		ok_named(image_archive_open(&archive, store, path, &err) < 0 && err.msg[0],
			 "cut at %lld: %s", (long long)size, err.msg);
	}
}

static void test_links(void)
{
	static const struct {
		const char *name, *target, *where;
	} links[] = {
		{ "a/b", "../c", "c" },
		{ "a/b", "c", "a/c" },
		{ "a", "b", "b" },
		{ "a/b", "/c/d", "c/d" },
		{ "a/b", "../../../../etc/passwd", "etc/passwd" },
		{ "a/b/c", "./../x/./y", "a/x/y" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		cleanup_free char *where = image_archive_resolve_link(links[i].name,
								      links[i].target);

		ok_str(where, links[i].where);
	}
}

static void test_blobs(struct store *store)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	cleanup_free char *path = NULL;
	struct blob_writer writer;
	struct error err = ERROR_INIT;
	struct digest digest, other;
	int before = tap_count_fds();

	ok(blob_put(store, "data", 4, &digest, &err) == 0);
	ok(blob_exists(store, &digest));
	ok(blob_read(store, &digest, 4, &sb, &err) == 0);
	ok_str(sb.buf, "data");
	ok_int(blob_read(store, &digest, 5, &sb, &err), -EBADMSG);
	digest_of("other", 5, &other);
	ok_int(blob_read(store, &other, -1, &sb, &err), -ENOENT);

	ok(blob_writer_open(&writer, store, NULL, &err) == 0 &&
	   blob_writer_add(&writer, "other", 5, &err) == 0);
	blob_writer_abort(&writer);
	blob_writer_abort(&writer);
	ok(!blob_exists(store, &other));
	/* Nothing of it in tmp/ either: the directory can be removed. */
	ok(unlinkat(store->fd, "tmp", AT_REMOVEDIR) == 0 && mkdirat(store->fd, "tmp", 0700) == 0);

	path = xasprintf("%s/blobs/sha256/%s", store->path, digest_hex(&digest));
	ok(file_replace_at(AT_FDCWD, path, "dat4", 4, 0644, &err) == 0);
	ok_int(blob_read(store, &digest, 4, &sb, &err), -EBADMSG);
	ok_int(tap_count_fds(), before);
}

int main(void)
{
	cleanup_free char *root = NULL;
	struct error err = ERROR_INIT;
	struct store store;

	if (!mkdtemp(dir))
		exit(1);
	root = xasprintf("%s/deep/store", dir);
	if (!ok(store_open(&store, root, &err) == 0))
		return tap_done();
	test_docker(&store, false);
	test_docker(&store, true);
	test_kinds(&store);
	test_not_an_archive(&store);
	test_truncated(&store);
	test_links();
	test_blobs(&store);
	store_close(&store);
	ok(file_remove_tree_at(AT_FDCWD, dir, &err) == 0);
	return tap_done();
}
