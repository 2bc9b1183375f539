/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An OCI layout, in a tar archive or a directory.  Manifest, config and layers
 * stay byte for byte, so that the digests stay.  Of an index for many
 * platforms, this machine's manifest is taken.
 */
#include "image/import-kinds.h"

#include "base/mem.h"
#include "image/blob.h"
#include "image/document.h"
#include "image/index.h"
#include "image/manifest.h"
#include "image/platform.h"
#include "image/progress.h"
#include "libocispec/image.h"

/* An index that names an index: deeper is nobody's image. */
enum { MAX_NESTING = 4 };

struct oci_source {
	struct oci_arena arena;
	/* The images for this machine, with the names that index.json has for them. */
	struct candidate {
		struct oci_descriptor descriptor;
		const char *name;
	} *candidates;
	size_t n_candidates;
	/* What others there were, for the message. */
	struct strbuf other_platforms;
};

static void oci_source_release(struct oci_source *source)
{
	free(source->candidates);
	strbuf_release(&source->other_platforms);
	oci_arena_release(&source->arena);
}

static void note_other(struct oci_source *source, const struct oci_platform *platform)
{
	strbuf_addf(&source->other_platforms, "%s%s/%s", source->other_platforms.len ? ", " : "",
		    platform->os ? platform->os : "?",
		    platform->architecture ? platform->architecture : "?");
}

static void add_candidate(struct oci_source *source, const struct oci_descriptor *descriptor,
			  const char *name)
{
	source->candidates = xrealloc(source->candidates, source->n_candidates + 1,
				      sizeof(*source->candidates));
	source->candidates[source->n_candidates++] =
		(struct candidate){ .descriptor = *descriptor, .name = name };
}

static int read_nested(struct import *import, struct oci_source *source,
		       const struct oci_descriptor *descriptor, struct oci_index *index,
		       struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct digest digest;
	int r = digest_parse(descriptor->digest, &digest, err);

	if (r == 0)
		r = image_archive_read_blob(&import->archive, &digest, descriptor->size, &text,
					    err);
	return r < 0 ? r : manifest_parse_index(&source->arena, &text, digest.s, index, err);
}

/* Unknown types (signatures, attestations) are passed over. */
static int collect(struct import *import, struct oci_source *source,
		   const struct oci_index *index, const char *name, int depth, struct error *err)
{
	for (size_t i = 0; i < index->n_manifests; i++) {
		const struct oci_descriptor *entry = &index->manifests[i];
		const char *entry_name = depth == 0 ? index_entry_name(entry) : name;
		size_t before = source->n_candidates;
		struct oci_index nested;
		int r;

		if (media_type_is_index(entry->media_type) && depth < MAX_NESTING) {
			r = read_nested(import, source, entry, &nested, err);
			if (r == 0)
				r = collect(import, source, &nested, entry_name, depth + 1, err);
			if (r < 0)
				return r;
		} else if (!media_type_is_manifest(entry->media_type)) {
			continue;
		} else if (!platform_fits(entry->platform)) {
			note_other(source, entry->platform);
		} else {
			add_candidate(source, entry, entry_name);
		}
		/* Inside an index all are the same image. */
		if (depth > 0 && source->n_candidates > before)
			return 0;
	}
	return 0;
}

static int read_index(struct import *import, struct oci_source *source, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	cleanup_free char *name = xasprintf("%s: index.json", import->archive.path);
	struct oci_index index;
	int r = image_archive_read_document(&import->archive, "index.json", &text, err);

	if (r == 0)
		r = manifest_parse_index(&source->arena, &text, name, &index, err);
	if (r == 0)
		r = collect(import, source, &index, NULL, 0, err);
	if (r < 0 || source->n_candidates)
		return r;
	if (source->other_platforms.len)
		return error_set(err, ENOENT, "%s has no image for %s, only for %s",
				 import->archive.path, platform_wanted(),
				 source->other_platforms.buf);
	return error_set(err, ENOENT, "%s: index.json names no image", import->archive.path);
}

/* One image, with the texts of its documents. */
struct oci_image {
	struct oci_arena arena;
	struct strbuf manifest_text;
	struct strbuf config_text;
	struct digest digest;
	struct digest id;
	struct oci_manifest manifest;
	struct oci_image_config config;
	struct digest *diff_ids;
	struct digest *chain_ids;
};

static void oci_image_release(struct oci_image *image)
{
	strbuf_release(&image->manifest_text);
	strbuf_release(&image->config_text);
	oci_arena_release(&image->arena);
}

static int read_documents(struct import *import, const struct oci_descriptor *descriptor,
			  struct oci_image *image, struct error *err)
{
	const struct image_archive *archive = &import->archive;
	int r = digest_parse(descriptor->digest, &image->digest, err);

	if (r == 0)
		r = image_archive_read_blob(archive, &image->digest, descriptor->size,
					    &image->manifest_text, err);
	if (r == 0)
		r = manifest_parse(&image->arena, &image->manifest_text, image->digest.s,
				   descriptor->media_type, &image->manifest, err);
	if (r == 0)
		r = digest_parse(image->manifest.config->digest, &image->id, err);
	if (r == 0)
		r = image_archive_read_blob(archive, &image->id, image->manifest.config->size,
					    &image->config_text, err);
	if (r == 0)
		r = document_read(&image->arena, &oci_image_config_object, &image->config_text,
				  image->id.s, &image->config, err);
	return r < 0 ? r : platform_check(&image->config, archive->path, err);
}

static int import_layers(struct import *import, struct oci_image *image, struct error *err)
{
	const struct oci_manifest *manifest = &image->manifest;
	int r = manifest_chain(&image->arena, &image->config, image->id.s, manifest->n_layers,
			       &image->diff_ids, &image->chain_ids, err);

	progress_expect(manifest->n_layers);
	for (size_t i = 0; r == 0 && i < manifest->n_layers; i++) {
		struct oci_descriptor stored;
		struct digest digest, stored_digest;
		cleanup_free char *file = NULL;
		struct import_layer layer = {
			.blob = &digest,
			.size = manifest->layers[i].size,
			.media_type = manifest->layers[i].media_type,
			.diff_id = &image->diff_ids[i],
			.chain = image->chain_ids,
			.n_chain = i,
		};

		r = digest_parse(manifest->layers[i].digest, &digest, err);
		if (r < 0)
			return error_context(err, "%s: layers[%zu]", image->digest.s, i);
		file = image_archive_blob_name(&digest);
		layer.file = file;
		r = import_layer(import, &layer, &stored_digest, &stored, err);
	}
	return r;
}

static int import_candidate(struct import *import, const struct candidate *candidate,
			    struct error *err)
{
	__attribute__((cleanup(oci_image_release))) struct oci_image image = {
		.arena = OCI_ARENA_INIT, .manifest_text = STRBUF_INIT, .config_text = STRBUF_INIT
	};
	cleanup_strvec struct strvec names = STRVEC_INIT;
	int r = read_documents(import, &candidate->descriptor, &image, err);

	if (r == 0)
		r = import_layers(import, &image, err);
	if (r == 0)
		r = blob_put_as(import->store, &image.config_text, &image.id, err);
	if (r == 0)
		r = blob_put_as(import->store, &image.manifest_text, &image.digest, err);
	if (r < 0)
		return r;
	if (candidate->name)
		strvec_push(&names, candidate->name);
	return import_finish(import, &candidate->descriptor, &names, &image.id, err);
}

/*
 * A pre-release of docker 25 wrote OCI manifests without layers (moby #47065);
 * the docker-archive beside them is right.
 */
static bool lacks_layers(struct import *import, const struct candidate *candidate)
{
	__attribute__((cleanup(oci_image_release))) struct oci_image image = {
		.arena = OCI_ARENA_INIT, .manifest_text = STRBUF_INIT, .config_text = STRBUF_INIT
	};
	struct error ignored = ERROR_INIT;

	return read_documents(import, &candidate->descriptor, &image, &ignored) == 0 &&
	       image.manifest.n_layers != image.config.rootfs->n_diff_ids;
}

int import_oci(struct import *import, struct error *err)
{
	__attribute__((cleanup(oci_source_release))) struct oci_source source = {
		.arena = OCI_ARENA_INIT, .other_platforms = STRBUF_INIT
	};
	int r = read_index(import, &source, err);

	if (r < 0)
		return r;
	if (import->archive.has_docker_manifest && lacks_layers(import, &source.candidates[0]))
		return import_docker(import, err);
	if (source.n_candidates > 1 && import->request->name)
		return error_set(
			err, EINVAL,
			"%s holds %zu images: one name (\"%s\") is not enough, leave it out",
			import->archive.path, source.n_candidates, import->request->name);
	for (size_t i = 0; r == 0 && i < source.n_candidates; i++)
		r = import_candidate(import, &source.candidates[i], err);
	return r;
}
