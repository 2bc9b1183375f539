/* SPDX-License-Identifier: Apache-2.0 */
#include "image/inspect.h"

#include "base/mem.h"
#include "image/document.h"
#include "image/image.h"
#include "image/index.h"
#include "image/catalog.h"
#include "libocispec/image.h"

struct inspect_rootfs {
	const char *type;
	char **layers;
	size_t n_layers;
};

static const struct oci_field rootfs_fields[] = {
	OCI_STRING(inspect_rootfs, type, "Type", OCI_REQUIRED),
	OCI_STRINGS(inspect_rootfs, layers, "Layers", OCI_REQUIRED),
};
static const struct oci_object rootfs_object = OCI_TABLE("rootfs", inspect_rootfs, rootfs_fields);

struct inspect_image {
	const char *id;
	char **repo_tags;
	size_t n_repo_tags;
	/* Of the manifest, which docker hides behind names. */
	const char *digest;
	const char *comment;
	const char *created;
	const char *author;
	struct oci_image_run_config *config;
	const char *architecture;
	const char *variant;
	const char *os;
	uint64_t size;
	struct inspect_rootfs *rootfs;
};

static const struct oci_field image_fields[] = {
	OCI_STRING(inspect_image, id, "Id", OCI_REQUIRED),
	OCI_STRINGS(inspect_image, repo_tags, "RepoTags", OCI_REQUIRED),
	OCI_STRING(inspect_image, digest, "Digest", OCI_REQUIRED),
	OCI_STRING(inspect_image, comment, "Comment", OCI_ALWAYS),
	OCI_STRING(inspect_image, created, "Created", 0),
	OCI_STRING(inspect_image, author, "Author", OCI_ALWAYS),
	OCI_OBJECT(inspect_image, config, "Config", 0, oci_image_run_config_object),
	OCI_STRING(inspect_image, architecture, "Architecture", OCI_REQUIRED),
	OCI_STRING(inspect_image, variant, "Variant", 0),
	OCI_STRING(inspect_image, os, "Os", OCI_REQUIRED),
	OCI_U64(inspect_image, size, "Size", OCI_ALWAYS),
	OCI_OBJECT(inspect_image, rootfs, "RootFS", OCI_REQUIRED, rootfs_object),
};
static const struct oci_object image_object = OCI_TABLE("image", inspect_image, image_fields);

/* Every name of that manifest. */
static void find_names(struct oci_arena *arena, const struct index *index, const char *digest,
		       struct inspect_image *out)
{
	out->repo_tags = document_alloc(arena, (index->document.n_manifests + 1) *
						       sizeof(*out->repo_tags));
	for (size_t i = 0; i < index->document.n_manifests; i++) {
		const struct oci_descriptor *entry = &index->document.manifests[i];
		const char *name = index_entry_name(entry);
		cleanup_free char *full = name ? index_full_name(name) : NULL;

		if (full && streq(entry->digest, digest))
			out->repo_tags[out->n_repo_tags++] = document_strdup(arena, full);
	}
}

static const char *last_comment(const struct oci_image_config *config)
{
	const struct oci_history *last = config->n_history
						 ? &config->history[config->n_history - 1]
						 : NULL;

	return last && last->comment ? last->comment : "";
}

/* What OUT points to is IMAGE's or in IMAGE's arena. */
static void describe(struct store *store, const struct index *index, struct image *image,
		     struct inspect_image *out)
{
	const struct oci_image_config *config = image->config;
	struct inspect_rootfs *rootfs = document_alloc(&image->arena, sizeof(*rootfs));

	*rootfs = (struct inspect_rootfs){ .type = config->rootfs->type,
					   .layers = config->rootfs->diff_ids,
					   .n_layers = config->rootfs->n_diff_ids };
	*out = (struct inspect_image){
		.id = image->id.s,
		.digest = image->manifest_digest.s,
		.comment = last_comment(config),
		.created = config->created,
		.author = config->author ? config->author : "",
		.config = config->config,
		.architecture = config->architecture,
		.variant = config->variant,
		.os = config->os,
		.size = image_size(store, image),
		.rootfs = rootfs,
	};
	find_names(&image->arena, index, image->manifest_digest.s, out);
}

static int load_all(struct store *store, const struct index *index, const struct strvec *names,
		    struct image *images, struct inspect_image *objects, struct error *err)
{
	for (size_t i = 0; i < names->n; i++) {
		const struct oci_descriptor *entry;
		int r = image_find(store, index, names->v[i], &entry, err);

		if (r == 0)
			r = image_load_entry(store, entry, &images[i], err);
		if (r < 0)
			return r;
		describe(store, index, &images[i], &objects[i]);
	}
	return 0;
}

/* Everything that was loaded; LIST is of struct inspect_image. */
struct inspection {
	struct index index;
	struct image *images;
	struct oci_list list;
};

static int inspect(struct store *store, const struct strvec *names, struct inspection *inspection,
		   struct error *err)
{
	int r;

	*inspection = (struct inspection){
		.index = INDEX_INIT,
		.images = xcalloc(names->n, sizeof(*inspection->images)),
		.list = { .items = xcalloc(names->n, sizeof(struct inspect_image)),
			  .n = names->n },
	};
	r = index_read(store, &inspection->index, err);
	return r < 0 ? r : load_all(store, &inspection->index, names, inspection->images,
				    inspection->list.items, err);
}

static void inspection_release(struct inspection *inspection)
{
	for (size_t i = 0; i < inspection->list.n; i++)
		image_release(&inspection->images[i]);
	free(inspection->images);
	free(inspection->list.items);
	index_release(&inspection->index);
}

int image_inspect(struct store *store, const struct strvec *names, struct strvec *objects,
		  struct error *err)
{
	__attribute__((cleanup(inspection_release))) struct inspection inspection;
	int r = inspect(store, names, &inspection, err);

	for (size_t i = 0; r == 0 && i < names->n; i++) {
		const struct inspect_image *items = inspection.list.items;
		char *text;
		size_t len;

		r = document_write(&image_object, &items[i], 0, &text, &len, err);
		if (r == 0)
			strvec_push_take(objects, text);
	}
	return r;
}

int image_inspect_list(struct store *store, const struct strvec *names, char **text,
		       struct error *err)
{
	__attribute__((cleanup(inspection_release))) struct inspection inspection;
	struct oci_error oci_err = OCI_ERROR_INIT;
	size_t len;
	int r = inspect(store, names, &inspection, err);

	if (r == 0 && oci_write_list(&image_object, &inspection.list, OCI_WRITE_INDENT, text, &len,
				     &oci_err) < 0)
		r = error_from_oci(err, &oci_err);
	return r;
}
