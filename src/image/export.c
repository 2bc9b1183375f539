/* SPDX-License-Identifier: Apache-2.0 */
#include "image/export.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "image/blob.h"
#include "image/document.h"
#include "image/export-parts.h"
#include "image/index.h"
#include "image/interrupt.h"
#include "image/layer-pack.h"
#include "image/manifest.h"
#include "image/progress.h"

enum { COPY_SIZE = 1 << 20 };

struct store *export_blob_home(struct export *export, const struct digest *digest)
{
	return blob_exists(&export->target, digest) ? &export->target : export->store;
}

/* --- blobs ------------------------------------------------------------------------- */

static int damaged(struct error *err)
{
	return error_hint(err, "\"dabba-image verify --repair\" and importing the image again "
			  "bring it back");
}

int export_read_blob(struct store *from, const struct digest *digest, int64_t size,
		     export_output_fn output, void *ctx, struct error *err)
{
	cleanup_close int fd = blob_open(from, digest, size, err);
	cleanup_free char *buf = xmalloc(COPY_SIZE);
	struct hasher hasher = { .state = NULL };
	struct digest found;
	ssize_t n;
	int r = 0;

	if (fd < 0)
		return fd;
	hasher_open(&hasher, digest);
	progress_begin("file", digest->s, (uint64_t)size);
	while ((n = TEMP_FAILURE_RETRY(read(fd, buf, COPY_SIZE))) > 0) {
		hasher_add(&hasher, buf, (size_t)n);
		progress_add((uint64_t)n);
		r = interrupt_check(err);
		if (r == 0)
			r = output(ctx, buf, (size_t)n, err);
		if (r < 0)
			break;
	}
	hasher_finish(&hasher, &found);
	progress_end();
	if (r < 0)
		return r;
	if (n < 0)
		return error_sys(err, "read", "blob %s", digest->s);
	if (digest_equal(&found, digest))
		return 0;
	(void)error_set(err, EBADMSG, "blob %s in the store %s is damaged: its digest is %s",
			digest->s, from->path, found.s);
	return damaged(err);
}

/* --- layers ------------------------------------------------------------------------ */

static int sniff_blob(int fd, enum compression *compression, struct error *err)
{
	char magic[COMPRESSION_MAGIC_LEN];
	ssize_t n = pread(fd, magic, sizeof(magic), 0);

	if (n < 0)
		return error_sys(err, "read", "a layer");
	*compression = compression_sniff(magic, (size_t)n);
	return 0;
}

/* One of an earlier image, written anew already. */
static const struct oci_descriptor *find_written(const struct export *export,
						 const struct digest *diff_id)
{
	for (size_t i = 0; i < export->n_images; i++) {
		const struct export_image *image = &export->images[i];

		for (size_t l = 0; image->layers && l < image->image.n_layers; l++)
			if (digest_equal(&image->image.diff_ids[l], diff_id) &&
			    image->layers[l].digest == image->layer_digests[l].s)
				return &image->layers[l];
	}
	return NULL;
}

/* From FD through both codecs into the target; what came in is checked. */
static int rewrite(struct export *export, int fd, const struct digest *blob,
		   const struct oci_descriptor *layer, const struct digest *diff_id,
		   struct layer_digests *written, struct error *err)
{
	const struct layer_import import = {
		.region = { .fd = fd, .size = (uint64_t)layer->size },
		.name = blob->s,
		.blob = blob,
		.diff_id = diff_id,
	};
	int r = layer_repack(&export->target, &import, &export->request->packing, written, err);

	if (r == 0)
		return 0;
	(void)error_context(err, "store %s", export->store->path);
	return r == -EBADMSG ? damaged(err) : r;
}

static int convert_layer(struct export *export, struct export_image *out, size_t i,
			 struct error *err)
{
	struct oci_descriptor *layer = &out->layers[i];
	const struct digest *diff_id = &out->image.diff_ids[i];
	const struct oci_descriptor *written = find_written(export, diff_id);
	enum compression compression = COMPRESSION_NONE;
	struct layer_digests digests;
	cleanup_close int fd = -EBADF;
	struct digest blob;
	int r = digest_parse(layer->digest, &blob, err);

	if (r < 0)
		return r;
	fd = blob_open(export->store, &blob, layer->size, err);
	if (fd < 0)
		return fd;
	r = sniff_blob(fd, &compression, err);
	if (r < 0 || !packing_changes(&export->request->packing, compression))
		return r;
	if (written) {
		(void)digest_parse(written->digest, &out->layer_digests[i], err);
		*layer = *written;
		layer->digest = out->layer_digests[i].s;
		return 0;
	}
	progress_begin("layer", blob.s, (uint64_t)layer->size);
	r = rewrite(export, fd, &blob, layer, diff_id, &digests, err);
	progress_end();
	if (r < 0)
		return r;
	out->layer_digests[i] = digests.blob;
	*layer = (struct oci_descriptor){
		.media_type = compression_media_type(digests.compression),
		.digest = out->layer_digests[i].s,
		.size = (int64_t)digests.blob_size,
		.annotations = layer->annotations,
	};
	return 0;
}

/* A manifest with one layer in OCI's words has all of them so, and is OCI's itself. */
static int convert_manifest(struct export *export, struct export_image *out, struct error *err)
{
	struct oci_manifest manifest = *out->image.manifest;
	struct oci_descriptor config = *manifest.config;
	cleanup_free char *text = NULL;
	size_t len;
	int r;

	for (size_t i = 0; i < out->image.n_layers; i++)
		out->layers[i].media_type = media_type_of_oci_layer(out->layers[i].media_type);
	config.media_type = OCI_MEDIA_TYPE_CONFIG;
	manifest.media_type = OCI_MEDIA_TYPE_MANIFEST;
	manifest.config = &config;
	manifest.layers = out->layers;
	r = document_write(&oci_manifest_object, &manifest, 0, &text, &len, err);
	if (r == 0)
		r = blob_put(&export->target, text, len, &out->manifest_digest, err);
	out->descriptor.media_type = OCI_MEDIA_TYPE_MANIFEST;
	out->descriptor.digest = out->manifest_digest.s;
	out->descriptor.size = (int64_t)len;
	return r;
}

static int convert_image(struct export *export, struct export_image *out, struct error *err)
{
	size_t n = out->image.n_layers;
	bool changed = false;
	int r = 0;

	out->layers = document_alloc(&export->arena, (n + 1) * sizeof(*out->layers));
	out->layer_digests = document_alloc(&export->arena, (n + 1) * sizeof(*out->layer_digests));
	memcpy(out->layers, out->image.manifest->layers, n * sizeof(*out->layers));
	progress_expect(0);
	for (size_t i = 0; export->request->packing.recompress && r == 0 && i < n; i++) {
		r = convert_layer(export, out, i, err);
		changed |= out->layers[i].digest == out->layer_digests[i].s;
	}
	/* A docker-archive has no place for one. */
	if (r == 0 && changed && export->request->format != EXPORT_DOCKER_ARCHIVE)
		r = convert_manifest(export, out, err);
	return r < 0 ? error_context(err, "image %s", out->image.name) : 0;
}

int export_prepare(struct export *export, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < export->n_images; i++)
		r = convert_image(export, &export->images[i], err);
	return r;
}

/* --- the request ------------------------------------------------------------------- */

static int load_image(struct export *export, const struct index *index, const char *name,
		      struct export_image *out, struct error *err)
{
	const struct oci_descriptor *entry;
	int r = image_find(export->store, index, name, &entry, err);

	if (r == 0)
		r = image_load_entry(export->store, entry, &out->image, err);
	if (r < 0)
		return r;
	out->descriptor = *entry;
	/* Of an index only the one manifest goes. */
	out->manifest_digest = out->image.manifest_digest;
	if (!streq(entry->digest, out->manifest_digest.s))
		out->descriptor = (struct oci_descriptor){
			.media_type = out->image.manifest->media_type
					      ? out->image.manifest->media_type
					      : OCI_MEDIA_TYPE_MANIFEST,
			.digest = out->manifest_digest.s,
			.size = out->image.manifest_size,
		};
	/* Asked for by its ID it has the name that the index gives it. */
	out->name = index_entry_name(entry) ? out->image.name : NULL;
	return 0;
}

static int load_images(struct export *export, const struct index *index, struct error *err)
{
	const struct strvec *names = export->request->names;
	int r = 0;

	export->images = xcalloc(names->n, sizeof(*export->images));
	for (; r == 0 && export->n_images < names->n; export->n_images++)
		r = load_image(export, index, names->v[export->n_images],
			       &export->images[export->n_images], err);
	return r;
}

static void release(struct export *export)
{
	for (size_t i = 0; i < export->n_images; i++)
		image_release(&export->images[i].image);
	for (size_t i = 0; i < export->n_parts; i++) {
		free(export->parts[i].name);
		free(export->parts[i].text);
	}
	free(export->images);
	free(export->parts);
	oci_arena_release(&export->arena);
	store_close(&export->target);
}

int image_export(struct store *store, const struct export_request *request, struct error *err)
{
	struct export export = { .store = store, .request = request, .target = STORE_INIT,
				 .arena = OCI_ARENA_INIT };
	cleanup_index struct index index = INDEX_INIT;
	int r = index_read(store, &index, err);

	if (r == 0)
		r = load_images(&export, &index, err);
	if (r == 0)
		r = request->format == EXPORT_OCI_LAYOUT ? export_layout(&export, err)
							 : export_archive(&export, err);
	release(&export);
	return r;
}
