/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tar archive of images.  What is compressed anew has to be complete before
 * the first header that tells its size: it is made in a directory in the
 * store's tmp/.
 */
#include "image/export-parts.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "image/document.h"
#include "image/progress.h"
#include "image/tar-write.h"
#include "image/timestamp.h"

/* --- parts ------------------------------------------------------------------------- */

/* The first of a name stays: two images may share files. */
static struct export_part *add_part(struct export *export, char *owned_name)
{
	for (size_t i = 0; i < export->n_parts; i++)
		if (streq(export->parts[i].name, owned_name)) {
			free(owned_name);
			return NULL;
		}
	export->parts = xrealloc(export->parts, export->n_parts + 1, sizeof(*export->parts));
	export->parts[export->n_parts] = (struct export_part){ .name = owned_name };
	return &export->parts[export->n_parts++];
}

static void add_text(struct export *export, const char *name, char *owned_text, size_t size)
{
	struct export_part *part = add_part(export, xstrdup(name));

	part->text = owned_text;
	part->size = size;
}

static int add_blob(struct export *export, char *owned_name, const char *digest, int64_t size,
		    struct error *err)
{
	struct export_part *part = add_part(export, owned_name);
	int r;

	if (!part)
		return 0;
	r = digest_parse(digest, &part->digest, err);
	part->from = export_blob_home(export, &part->digest);
	part->size = (uint64_t)size;
	return r;
}

static char *blob_name(const char *digest)
{
	char *name = xasprintf("blobs/%s", digest);
	char *colon = strchr(name, ':');

	if (colon)
		*colon = '/';
	return name;
}

static int add_layout_blob(struct export *export, const char *digest, int64_t size,
			   struct error *err)
{
	char *name = blob_name(digest);
	cleanup_free char *directory = xstrndup(name, (size_t)(strrchr(name, '/') - name) + 1);

	(void)add_part(export, take_ptr(directory));
	return add_blob(export, name, digest, size, err);
}

/* --- as an oci-archive ------------------------------------------------------------- */

static int add_index(struct export *export, struct error *err)
{
	struct oci_index index = { .schema_version = 2, .media_type = OCI_MEDIA_TYPE_INDEX };
	char *text;
	size_t len;
	int r;

	index.manifests = document_alloc(&export->arena,
					 export->n_images * sizeof(*index.manifests));
	for (size_t i = 0; i < export->n_images; i++) {
		struct export_image *image = &export->images[i];
		struct oci_descriptor *entry = &index.manifests[index.n_manifests++];
		struct oci_string_pair *name = document_alloc(&export->arena, sizeof(*name));

		*entry = image->descriptor;
		/* With its tag: what has no colon containerd takes for a tag alone. */
		*name = (struct oci_string_pair){ OCI_ANNOTATION_REF_NAME, (char *)image->name };
		entry->annotations = (struct oci_string_map){ .items = name,
							      .n = image->name ? 1 : 0 };
	}
	r = document_write(&oci_index_object, &index, 0, &text, &len, err);
	if (r == 0)
		add_text(export, "index.json", text, len);
	return r;
}

static int add_oci_parts(struct export *export, struct error *err)
{
	static const char layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
	int r = 0;

	(void)add_part(export, xstrdup("blobs/"));
	for (size_t i = 0; r == 0 && i < export->n_images; i++) {
		const struct export_image *image = &export->images[i];
		const struct oci_descriptor *config = image->image.manifest->config;

		r = add_layout_blob(export, image->descriptor.digest, image->descriptor.size, err);
		if (r == 0)
			r = add_layout_blob(export, config->digest, config->size, err);
		for (size_t l = 0; r == 0 && l < image->image.n_layers; l++)
			r = add_layout_blob(export, image->layers[l].digest,
					    image->layers[l].size, err);
	}
	if (r == 0)
		add_text(export, "oci-layout", xstrdup(layout), sizeof(layout) - 1);
	return r < 0 ? r : add_index(export, err);
}

/* --- as a docker-archive ----------------------------------------------------------- */

static int add_docker_image(struct export *export, const struct export_image *image,
			    struct oci_docker_image *entry, struct error *err)
{
	const struct oci_descriptor *config = image->image.manifest->config;
	char *file = xasprintf("%s.json", digest_hex(&image->image.id));
	size_t n = image->image.n_layers;
	int r;

	entry->config = document_strdup(&export->arena, file);
	entry->layers = document_alloc(&export->arena, (n + 1) * sizeof(*entry->layers));
	entry->repo_tags = document_alloc(&export->arena, 2 * sizeof(*entry->repo_tags));
	if (image->name)
		entry->repo_tags[entry->n_repo_tags++] = (char *)image->name;
	r = add_blob(export, file, config->digest, config->size, err);
	for (size_t l = 0; r == 0 && l < n; l++) {
		file = xasprintf("%s.tar", digest_hex(&image->image.diff_ids[l]));
		entry->layers[entry->n_layers++] = document_strdup(&export->arena, file);
		r = add_blob(export, file, image->layers[l].digest, image->layers[l].size, err);
	}
	return r;
}

/* Names of one image share its entry, as docker writes it. */
static struct oci_docker_image *find_docker_image(struct oci_list *list,
						  const struct export_image *image)
{
	struct oci_docker_image *entries = list->items;

	for (size_t i = 0; i < list->n; i++)
		if (str_skip_prefix(entries[i].config, digest_hex(&image->image.id)))
			return &entries[i];
	return NULL;
}

static void add_name(struct export *export, struct oci_docker_image *entry, const char *name)
{
	char **longer = document_alloc(&export->arena,
				       (entry->n_repo_tags + 2) * sizeof(*longer));

	memcpy(longer, entry->repo_tags, entry->n_repo_tags * sizeof(*longer));
	if (name)
		longer[entry->n_repo_tags++] = (char *)name;
	entry->repo_tags = longer;
}

static int add_docker_parts(struct export *export, struct error *err)
{
	struct oci_docker_image *entries =
		document_alloc(&export->arena, export->n_images * sizeof(*entries));
	struct oci_list list = { .items = entries };
	struct oci_error oci_err = OCI_ERROR_INIT;
	char *text;
	size_t len;

	for (size_t i = 0; i < export->n_images; i++) {
		struct export_image *image = &export->images[i];
		struct oci_docker_image *same = find_docker_image(&list, image);
		int r = 0;

		if (same) {
			add_name(export, same, image->name);
			continue;
		}
		memset(&entries[list.n], 0, sizeof(*entries));
		r = add_docker_image(export, image, &entries[list.n++], err);
		if (r < 0)
			return r;
	}
	if (oci_write_list(&oci_docker_image_object, &list, 0, &text, &len, &oci_err) < 0)
		return error_from_oci(err, &oci_err);
	add_text(export, "manifest.json", text, len);
	return 0;
}

/* --- writing ----------------------------------------------------------------------- */

static int compare_parts(const void *a, const void *b)
{
	return strcmp(((const struct export_part *)a)->name, ((const struct export_part *)b)->name);
}

static int add_to_tar(void *ctx, const void *data, size_t n, struct error *err)
{
	return tar_writer_data(ctx, data, n, err);
}

static int write_part(struct tar_writer *writer, const struct export_part *part, time_t time,
		      struct error *err)
{
	const struct layer_entry entry = {
		.path = part->name,
		.mode = str_has_suffix(part->name, "/") ? S_IFDIR | 0755 : S_IFREG | 0644,
		.size = part->size,
		.mtime.tv_sec = time,
	};
	int r = tar_writer_add(writer, &entry, err);

	if (r == 0 && part->text)
		r = tar_writer_data(writer, part->text, part->size, err);
	else if (r == 0 && part->from)
		r = export_read_blob(part->from, &part->digest, (int64_t)part->size, add_to_tar,
				     writer, err);
	return r;
}

/* Where the archive goes: beside its place until it is complete. */
struct output {
	const char *path;
	int fd;
	/* NULL: nothing to rename. */
	char *temp;
};

static int write_output(void *ctx, const void *data, size_t n, struct error *err)
{
	const struct output *output = ctx;

	return file_write_fd(output->fd, output->path, data, n, err);
}

static int open_output(struct output *output, const char *path, struct error *err)
{
	struct stat st;

	*output = (struct output){ .path = path };
	if (streq(path, "-")) {
		output->path = "stdout";
		output->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	} else if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		output->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	} else {
		output->temp = xasprintf("%s.%d.tmp", path, (int)getpid());
		output->fd = open(output->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	}
	return output->fd < 0 ? error_sys(err, "open", "%s", output->path) : 0;
}

static int close_output(struct output *output, int result, struct error *err)
{
	if (result == 0 && output->temp && rename(output->temp, output->path) < 0)
		result = error_sys(err, "rename", "to %s", output->path);
	if (result < 0 && output->temp)
		(void)unlink(output->temp);
	free(output->temp);
	fd_close(&output->fd);
	return result;
}

static size_t count_blobs(const struct export *export)
{
	size_t n = 0;

	for (size_t i = 0; i < export->n_parts; i++)
		n += export->parts[i].from != NULL;
	return n;
}

static int write_archive(struct export *export, struct error *err)
{
	cleanup_tar_writer struct tar_writer *writer = NULL;
	time_t time = timestamp_source_date();
	struct output output;
	int r = open_output(&output, export->request->path, err);

	if (r == 0)
		r = tar_writer_new(write_output, &output, &writer, err);
	progress_expect(count_blobs(export));
	for (size_t i = 0; r == 0 && i < export->n_parts; i++)
		r = write_part(writer, &export->parts[i], time, err);
	if (r == 0)
		r = tar_writer_finish(writer, err);
	r = close_output(&output, r, err);
	return r < 0 ? error_context(err, "%s", output.path) : 0;
}

/* --- the place for what is made anew ----------------------------------------------- */

static int open_scratch(struct export *export, const char *name, struct error *err)
{
	struct store *target = &export->target;
	int tmp_fd = export->store->tmp_fd;

	target->path = xasprintf("%s/tmp/%s", export->store->path, name);
	if (mkdirat(tmp_fd, name, 0700) < 0)
		return error_sys(err, "mkdir", "%s", target->path);
	target->tmp_fd = openat(tmp_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	target->blobs_fd = fcntl(target->tmp_fd, F_DUPFD_CLOEXEC, 3);
	return target->blobs_fd < 0 ? error_sys(err, "open", "%s", target->path) : 0;
}

int export_archive(struct export *export, struct error *err)
{
	struct store_temp scratch = store_temp_name();
	struct error ignored = ERROR_INIT;
	int r = open_scratch(export, scratch.name, err);

	if (r == 0)
		r = export_prepare(export, err);
	if (r == 0)
		r = export->request->format == EXPORT_DOCKER_ARCHIVE
			    ? add_docker_parts(export, err)
			    : add_oci_parts(export, err);
	if (r == 0) {
		qsort(export->parts, export->n_parts, sizeof(*export->parts), compare_parts);
		r = write_archive(export, err);
	}
	(void)file_remove_tree_at(export->store->tmp_fd, scratch.name, &ignored);
	return r;
}
