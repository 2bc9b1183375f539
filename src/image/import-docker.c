/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What "docker save" and "podman save" write.  The config stays byte for byte,
 * as its digest is the image's ID; the layers stay as they are, mostly plain
 * tar; the manifest that an OCI layout wants is made here.
 */
#include "image/import-kinds.h"

#include "base/mem.h"
#include "image/blob.h"
#include "image/document.h"
#include "image/manifest.h"
#include "image/platform.h"
#include "image/progress.h"
#include "libocispec/image.h"

struct docker_image {
	struct oci_arena arena;
	struct oci_image_config config;
	struct strbuf config_text;
	struct digest id;
	struct digest *diff_ids;
	struct digest *chain_ids;
	/* Of the layers' blobs. */
	struct digest *blobs;
	struct oci_descriptor *layers;
};

static void docker_image_release(struct docker_image *image)
{
	strbuf_release(&image->config_text);
	oci_arena_release(&image->arena);
}

static int read_config(struct import *import, const struct oci_docker_image *entry,
		       struct docker_image *image, struct error *err)
{
	cleanup_free char *name = xasprintf("%s: %s", import->archive.path, entry->config);
	int r = image_archive_read_document(&import->archive, entry->config, &image->config_text,
					    err);

	if (r < 0)
		return r;
	digest_of(image->config_text.buf, image->config_text.len, &image->id);
	r = document_read(&image->arena, &oci_image_config_object, &image->config_text, name,
			  &image->config, err);
	if (r == 0)
		r = platform_check(&image->config, name, err);
	if (r < 0)
		return r;
	return manifest_chain(&image->arena, &image->config, name, entry->n_layers,
			      &image->diff_ids, &image->chain_ids, err);
}

static int import_layers(struct import *import, const struct oci_docker_image *entry,
			 struct docker_image *image, struct error *err)
{
	size_t n = entry->n_layers;

	image->blobs = document_alloc(&image->arena, (n + 1) * sizeof(*image->blobs));
	image->layers = document_alloc(&image->arena, (n + 1) * sizeof(*image->layers));
	progress_expect(n);
	for (size_t i = 0; i < n; i++) {
		const struct import_layer layer = {
			.file = entry->layers[i],
			.size = -1,
			.diff_id = &image->diff_ids[i],
			.chain = image->chain_ids,
			.n_chain = i,
		};
		int r = import_layer(import, &layer, &image->blobs[i], &image->layers[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int store_documents(struct import *import, const struct docker_image *image,
			   size_t n_layers, struct digest *digest,
			   struct oci_descriptor *descriptor, struct error *err)
{
	struct oci_descriptor config = {
		.media_type = OCI_MEDIA_TYPE_CONFIG,
		.digest = image->id.s,
		.size = (int64_t)image->config_text.len,
	};
	struct oci_manifest manifest = {
		.schema_version = 2,
		.media_type = OCI_MEDIA_TYPE_MANIFEST,
		.config = &config,
		.layers = image->layers,
		.n_layers = n_layers,
	};
	cleanup_free char *text = NULL;
	size_t len = 0;
	int r = blob_put_as(import->store, &image->config_text, &image->id, err);

	if (r == 0)
		r = document_write(&oci_manifest_object, &manifest, 0, &text, &len, err);
	if (r == 0)
		r = blob_put(import->store, text, len, digest, err);
	*descriptor = (struct oci_descriptor){ .media_type = OCI_MEDIA_TYPE_MANIFEST,
					       .digest = digest->s,
					       .size = (int64_t)len };
	return r;
}

static int import_image(struct import *import, const struct oci_docker_image *entry,
			struct error *err)
{
	__attribute__((cleanup(docker_image_release))) struct docker_image image = {
		.arena = OCI_ARENA_INIT, .config_text = STRBUF_INIT
	};
	cleanup_strvec struct strvec names = STRVEC_INIT;
	struct oci_descriptor descriptor;
	struct digest digest;
	int r = read_config(import, entry, &image, err);

	if (r == 0)
		r = import_layers(import, entry, &image, err);
	if (r == 0)
		r = store_documents(import, &image, entry->n_layers, &digest, &descriptor, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < entry->n_repo_tags; i++)
		strvec_push(&names, entry->repo_tags[i]);
	return import_finish(import, &descriptor, &names, &image.id, err);
}

int import_docker(struct import *import, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	cleanup_free char *name = xasprintf("%s: manifest.json", import->archive.path);
	struct oci_arena arena = OCI_ARENA_INIT;
	struct oci_error oci_err = OCI_ERROR_INIT;
	struct oci_list list = { .n = 0 };
	int r = image_archive_read_document(&import->archive, "manifest.json", &text, err);

	if (r < 0)
		return r;
	if (oci_read_list(&arena, &oci_docker_image_object, text.buf, text.len, name, &list,
			  &oci_err) < 0)
		r = error_from_oci(err, &oci_err);
	else if (list.n == 0)
		r = error_set(err, EINVAL, "%s lists no image", name);
	else if (list.n > 1 && import->request->name)
		r = error_set(
			err, EINVAL,
			"%s holds %zu images: one name (\"%s\") is not enough, leave it out",
			import->archive.path, list.n, import->request->name);
	for (size_t i = 0; r == 0 && i < list.n; i++)
		r = import_image(import, &((struct oci_docker_image *)list.items)[i], err);
	oci_arena_release(&arena);
	return r;
}
