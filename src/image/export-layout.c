/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An OCI layout, new or with images in it already.  Blobs come first, each
 * renamed into place when it is complete and right, and index.json last.
 */
#include "image/export-parts.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "image/blob.h"
#include "image/index.h"

#define LAYOUT_TEXT "{\"imageLayoutVersion\":\"1.0.0\"}"

struct layout {
	struct export *export;
	/* Made by us: taken away again by a failure. */
	bool is_new_directory;
	/* Was no layout before. */
	bool is_new;
	/* What was there before: "sha256/<hex>". */
	struct strvec before;
};

/* --- the directory ----------------------------------------------------------------- */

static bool is_empty(int dir_fd)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool empty = true;

	if (!dir) {
		fd_close(&fd);
		return false;
	}
	while (empty && (entry = readdir(dir)))
		empty = streq(entry->d_name, ".") || streq(entry->d_name, "..");
	(void)closedir(dir);
	return empty;
}

static bool has(int dir_fd, const char *name)
{
	return faccessat(dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int check_directory(struct layout *layout, const char *path, int fd, struct error *err)
{
	if (has(fd, "use.lock")) {
		(void)error_set(err, EEXIST, "%s is a store of dabba-image", path);
		return error_hint(err, "export to a file, and import that with --root %s", path);
	}
	layout->is_new = !has(fd, "oci-layout") || !has(fd, "index.json");
	if (layout->is_new && !is_empty(fd))
		return error_set(err, EEXIST, "%s is neither empty nor an OCI image layout", path);
	return 0;
}

static int open_target(struct layout *layout, struct error *err)
{
	struct store *target = &layout->export->target;
	const char *path = layout->export->request->path;
	int r;

	if (mkdir(path, 0777) == 0)
		layout->is_new_directory = true;
	else if (errno != EEXIST)
		return error_sys(err, "mkdir", "%s", path);
	target->path = xstrdup(path);
	target->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Two exports at once would lose a name. */
	if (target->fd < 0 || flock(target->fd, LOCK_EX) < 0)
		return error_sys(err, "open", "%s", path);
	r = check_directory(layout, path, target->fd, err);
	if (r < 0)
		return r;
	if (mkdirat(target->fd, "blobs", 0777) < 0 && errno != EEXIST)
		return error_sys(err, "mkdir", "%s/blobs", path);
	target->blobs_fd = openat(target->fd, "blobs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	target->tmp_fd = fcntl(target->fd, F_DUPFD_CLOEXEC, 3);
	if (target->blobs_fd < 0 || target->tmp_fd < 0)
		return error_sys(err, "open", "%s/blobs", path);
	return 0;
}

/* --- blobs ------------------------------------------------------------------------- */

typedef void (*blob_fn)(struct layout *layout, const char *path);

static void for_each_blob(struct layout *layout, blob_fn fn)
{
	int fd = openat(layout->export->target.blobs_fd, "sha256",
			O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		fd_close(&fd);
		return;
	}
	while ((entry = readdir(dir))) {
		cleanup_free char *path = xasprintf("sha256/%s", entry->d_name);

		if (entry->d_name[0] != '.')
			fn(layout, path);
	}
	(void)closedir(dir);
}

static void note_blob(struct layout *layout, const char *path)
{
	strvec_push(&layout->before, path);
}

static void remove_new_blob(struct layout *layout, const char *path)
{
	for (size_t i = 0; i < layout->before.n; i++)
		if (streq(layout->before.v[i], path))
			return;
	(void)unlinkat(layout->export->target.blobs_fd, path, 0);
}

static int add_to_blob(void *ctx, const void *data, size_t n, struct error *err)
{
	return blob_writer_add(ctx, data, n, err);
}

static int copy_blob(struct export *export, const char *text, int64_t size, struct error *err)
{
	cleanup_blob_writer struct blob_writer writer = BLOB_WRITER_INIT;
	struct digest digest, written;
	int r = digest_parse(text, &digest, err);

	if (r < 0 || blob_exists(&export->target, &digest))
		return r;
	if (export->request->takes_blobs && blob_move(export->store, &export->target, &digest))
		return 0;
	r = blob_writer_open(&writer, &export->target, &digest, err);
	if (r == 0)
		r = export_read_blob(export->store, &digest, size, add_to_blob, &writer, err);
	if (r < 0)
		return r;
	blob_writer_finish(&writer, &written);
	return blob_writer_commit(&writer, &digest, err);
}

static int copy_image(struct export *export, const struct export_image *image, struct error *err)
{
	const struct oci_descriptor *config = image->image.manifest->config;
	int r = 0;

	for (size_t i = 0; r == 0 && i < image->image.n_layers; i++)
		r = copy_blob(export, image->layers[i].digest, image->layers[i].size, err);
	if (r == 0)
		r = copy_blob(export, config->digest, config->size, err);
	if (r == 0)
		r = copy_blob(export, image->descriptor.digest, image->descriptor.size, err);
	return r;
}

/* --- the index --------------------------------------------------------------------- */

static int write_index(struct layout *layout, struct error *err)
{
	struct export *export = layout->export;
	cleanup_index struct index index = INDEX_INIT;
	int r = 0;

	if (layout->is_new)
		index.document = (struct oci_index){ .schema_version = 2,
						     .media_type = OCI_MEDIA_TYPE_INDEX };
	else
		r = index_read(&export->target, &index, err);
	for (size_t i = 0; r == 0 && i < export->n_images; i++)
		index_add(&index, &export->images[i].descriptor, export->images[i].name);
	if (r == 0 && layout->is_new)
		r = file_replace_at(export->target.fd, "oci-layout", LAYOUT_TEXT,
				    sizeof(LAYOUT_TEXT) - 1, 0644, err);
	return r < 0 ? r : index_write(&export->target, &index, err);
}

static void undo(struct layout *layout)
{
	struct error ignored = ERROR_INIT;

	for_each_blob(layout, remove_new_blob);
	if (layout->is_new && layout->export->target.fd >= 0) {
		(void)file_remove_tree_at(layout->export->target.fd, "blobs", &ignored);
		(void)unlinkat(layout->export->target.fd, "oci-layout", 0);
	}
}

static int fill(struct layout *layout, struct error *err)
{
	struct export *export = layout->export;
	int r = export_prepare(export, err);

	for (size_t i = 0; r == 0 && i < export->n_images; i++)
		r = copy_image(export, &export->images[i], err);
	return r < 0 ? r : write_index(layout, err);
}

int export_layout(struct export *export, struct error *err)
{
	struct layout layout = { .export = export, .before = STRVEC_INIT };
	int r = open_target(&layout, err);

	if (r == 0) {
		for_each_blob(&layout, note_blob);
		r = fill(&layout, err);
		if (r < 0)
			undo(&layout);
	}
	if (r < 0 && layout.is_new_directory)
		(void)rmdir(export->request->path);
	strvec_release(&layout.before);
	return r < 0 ? error_context(err, "%s", export->request->path) : 0;
}
