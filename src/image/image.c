/* SPDX-License-Identifier: Apache-2.0 */
#include "image/image.h"

#include <inttypes.h>

#include "base/fd.h"
#include "base/mem.h"
#include "image/blob.h"
#include "image/document.h"
#include "image/index.h"
#include "image/layer-import.h"
#include "image/layer-store.h"
#include "image/manifest.h"
#include "image/platform.h"
#include "image/ref.h"
#include "libocispec/image.h"

enum { ID_PREFIX_MIN = 4 };

/* An index that names an index: deeper is nobody's image. */
enum { MAX_NESTING = 4 };

/* The entry's own manifest, or the wanted one of the index that it names: *FOUND. */
static int resolve_entry(struct store *store, struct oci_arena *arena,
			 const struct oci_descriptor *entry, int depth,
			 const struct oci_descriptor **found, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct oci_index index;
	struct digest digest;
	int r;

	*found = media_type_is_index(entry->media_type) ? NULL : entry;
	if (*found || depth == MAX_NESTING)
		return 0;
	r = digest_parse(entry->digest, &digest, err);
	if (r == 0)
		r = blob_read(store, &digest, entry->size, &text, err);
	if (r == 0)
		r = manifest_parse_index(arena, &text, digest.s, &index, err);
	for (size_t i = 0; r == 0 && !*found && i < index.n_manifests; i++)
		if ((media_type_is_index(index.manifests[i].media_type) ||
		     media_type_is_manifest(index.manifests[i].media_type)) &&
		    platform_fits(index.manifests[i].platform))
			r = resolve_entry(store, arena, &index.manifests[i], depth + 1, found, err);
	return r;
}

static int load_manifest(struct store *store, const struct oci_descriptor *descriptor,
			 struct image *image, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r = resolve_entry(store, &image->arena, descriptor, 0, &descriptor, err);

	if (r == 0 && !descriptor)
		return error_set(err, ENOENT, "it has no image for %s", platform_wanted());
	if (r == 0)
		r = digest_parse(descriptor->digest, &image->manifest_digest, err);
	if (r == 0)
		r = blob_read(store, &image->manifest_digest, descriptor->size, &text, err);
	if (r < 0)
		return r;
	image->manifest_size = descriptor->size;
	image->manifest = document_alloc(&image->arena, sizeof(*image->manifest));
	r = manifest_parse(&image->arena, &text, image->manifest_digest.s, descriptor->media_type,
			   image->manifest, err);
	return r < 0 ? r : digest_parse(image->manifest->config->digest, &image->id, err);
}

static int load_config(struct store *store, struct image *image, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r = blob_read(store, &image->id, image->manifest->config->size, &text, err);

	if (r < 0)
		return r;
	image->config = document_alloc(&image->arena, sizeof(*image->config));
	r = document_read(&image->arena, &oci_image_config_object, &text, image->id.s,
			  image->config, err);
	if (r < 0)
		return r;
	image->n_layers = image->manifest->n_layers;
	return manifest_chain(&image->arena, image->config, image->id.s, image->n_layers,
			      &image->diff_ids, &image->chain_ids, err);
}

int image_load_entry(struct store *store, const struct oci_descriptor *entry, struct image *image,
		     struct error *err)
{
	const char *name = index_entry_name(entry);
	int r;

	*image = (struct image)IMAGE_INIT;
	r = load_manifest(store, entry, image, err);
	if (r == 0)
		r = load_config(store, image, err);
	if (r < 0) {
		image_release(image);
		return error_context(err, "image %s", name ? name : entry->digest);
	}
	if (name) {
		cleanup_free char *full = index_full_name(name);

		image->name = document_strdup(&image->arena, full);
	} else {
		image->name = document_strdup(&image->arena, image->id.s);
	}
	return 0;
}

void image_release(struct image *image)
{
	oci_arena_release(&image->arena);
	*image = (struct image)IMAGE_INIT;
}

/* The hex digits that NAME asks for, or NULL if it cannot be an ID. */
static const char *id_prefix(const char *name)
{
	const char *hex = str_skip_prefix(name, "sha256:");
	size_t len;

	hex = hex ? hex : name;
	len = strlen(hex);
	return len >= ID_PREFIX_MIN && strspn(hex, "0123456789abcdef") == len ? hex : NULL;
}

/* The manifest of an image that has NAME (not an ID) or such an ID. */
static int find_by_id(struct store *store, const struct index *index, const char *name,
		      const char *hex, const struct oci_descriptor **found, struct error *err)
{
	struct digest id = { "" };

	*found = NULL;
	for (size_t i = 0; i < index->document.n_manifests; i++) {
		const struct oci_descriptor *entry = &index->document.manifests[i];
		cleanup_image struct image image = IMAGE_INIT;
		struct error ignored = ERROR_INIT;

		/* A damaged image does not stand in the way of the others. */
		if (!(media_type_is_manifest(entry->media_type) ||
		      media_type_is_index(entry->media_type)) ||
		    load_manifest(store, entry, &image, &ignored) < 0)
			continue;
		if (!str_skip_prefix(digest_hex(&image.id), hex) &&
		    !streq(digest_hex(&image.manifest_digest), hex))
			continue;
		if (*found && !digest_equal(&id, &image.id))
			return error_set(err, ENOTUNIQ,
					 "image ID %s fits several images: give more digits",
					 name);
		if (!*found)
			*found = entry;
		id = image.id;
	}
	return 0;
}

int image_find(struct store *store, const struct index *index, const char *name,
	       const struct oci_descriptor **found, struct error *err)
{
	const char *hex = id_prefix(name);
	int r;

	*found = index_find(index, name);
	if (*found)
		return 0;
	if (hex) {
		r = find_by_id(store, index, name, hex, found, err);
		if (r < 0 || *found)
			return r;
	}
	(void)error_set(err, ENOENT, "image \"%s\" is not in the store %s", name, store->path);
	return error_hint(
		err, "\"dabba-image list\" shows the images, \"dabba-image import\" adds one");
}

int image_load(struct store *store, const char *name, struct image *image, struct error *err)
{
	cleanup_index struct index index = INDEX_INIT;
	const struct oci_descriptor *entry;
	int r = index_read(store, &index, err);

	if (r == 0)
		r = image_find(store, &index, name, &entry, err);
	if (r == 0)
		r = image_load_entry(store, entry, image, err);
	if (r < 0)
		return r;
	r = platform_check(image->config, image->name, err);
	if (r < 0)
		image_release(image);
	return r;
}

static int unpack_layer(struct store *store, const struct image *image, size_t i,
			struct error *err)
{
	const struct oci_descriptor *layer = &image->manifest->layers[i];
	struct layer_digests digests;
	struct digest digest;
	cleanup_close int fd = -EBADF;
	int r = digest_parse(layer->digest, &digest, err);

	if (r < 0)
		return r;
	fd = blob_open(store, &digest, layer->size, err);
	if (fd < 0)
		return fd;
	return layer_import(store,
			    &(struct layer_import){
				    .region = { .fd = fd, .size = (uint64_t)layer->size },
				    .name = digest.s,
				    .blob = &digest,
				    .diff_id = &image->diff_ids[i],
				    .chain = image->chain_ids,
				    .n_chain = i,
			    },
			    &digests, err);
}

int image_unpack_layers(struct store *store, const struct image *image, struct error *err)
{
	for (size_t i = 0; i < image->n_layers; i++) {
		cleanup_close int fd = layer_open(store, &image->chain_ids[i], err);
		int r = fd;

		if (r == -ENOENT)
			r = unpack_layer(store, image, i, err);
		if (r < 0)
			return error_context(err, "image %s", image->name);
	}
	return 0;
}

int image_name_manifest(struct store *store, const struct oci_descriptor *descriptor,
			const struct strvec *names, struct error *err)
{
	cleanup_index struct index index = INDEX_INIT;
	cleanup_close int lock_fd = -EBADF;
	int r = store_sync(store, err);

	if (r < 0)
		return r;
	lock_fd = store_lock(store, err);
	if (lock_fd < 0)
		return lock_fd;
	r = index_read(store, &index, err);
	if (r < 0)
		return r;
	if (names->n == 0)
		index_add(&index, descriptor, NULL);
	for (size_t i = 0; i < names->n; i++)
		index_add(&index, descriptor, names->v[i]);
	return index_write(store, &index, err);
}

/* Writes OBJECT as a blob and describes it. */
static int put_document(struct store *store, const struct oci_object *table, const void *object,
			struct digest *digest, struct oci_descriptor *descriptor,
			struct error *err)
{
	cleanup_free char *text = NULL;
	size_t len;
	int r = document_write(table, object, 0, &text, &len, err);

	if (r == 0)
		r = blob_put(store, text, len, digest, err);
	if (r < 0)
		return r;
	descriptor->digest = digest->s;
	descriptor->size = (int64_t)len;
	return 0;
}

int image_add(struct store *store, const struct oci_image_config *config,
	      struct oci_manifest *manifest, const struct strvec *names, struct digest *id,
	      struct error *err)
{
	struct oci_descriptor config_descriptor = { .media_type = OCI_MEDIA_TYPE_CONFIG };
	struct oci_descriptor descriptor = { .media_type = OCI_MEDIA_TYPE_MANIFEST };
	struct digest digest;
	int r;

	for (size_t i = 0; i < names->n; i++) {
		cleanup_image_ref struct image_ref ref = IMAGE_REF_INIT;

		r = image_ref_parse(names->v[i], &ref, err);
		if (r < 0)
			return r;
	}
	if (manifest->config)
		config_descriptor.media_type = manifest->config->media_type;
	r = put_document(store, &oci_image_config_object, config, id, &config_descriptor, err);
	if (r < 0)
		return r;
	if (manifest->media_type)
		descriptor.media_type = manifest->media_type;
	manifest->config = &config_descriptor;
	r = put_document(store, &oci_manifest_object, manifest, &digest, &descriptor, err);
	manifest->config = NULL;
	return r < 0 ? r : image_name_manifest(store, &descriptor, names, err);
}
