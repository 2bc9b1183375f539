/* SPDX-License-Identifier: Apache-2.0 */
#include "image/manifest.h"

#include "base/mem.h"
#include "image/document.h"

#define DOCKER "application/vnd.docker."

static bool is_one_of(const char *s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (streq(s, list[i]))
			return true;
	return false;
}

bool media_type_is_manifest(const char *media_type)
{
	static const char *const types[] = {
		OCI_MEDIA_TYPE_MANIFEST,
		DOCKER "distribution.manifest.v2+json",
	};

	return !media_type || is_one_of(media_type, types, ARRAY_SIZE(types));
}

bool media_type_is_index(const char *media_type)
{
	static const char *const types[] = {
		OCI_MEDIA_TYPE_INDEX,
		DOCKER "distribution.manifest.list.v2+json",
	};

	return media_type && is_one_of(media_type, types, ARRAY_SIZE(types));
}

bool media_type_is_config(const char *media_type)
{
	static const char *const types[] = {
		OCI_MEDIA_TYPE_CONFIG,
		DOCKER "container.image.v1+json",
	};

	return is_one_of(media_type, types, ARRAY_SIZE(types));
}

bool media_type_is_layer(const char *media_type)
{
	static const char *const types[] = {
		OCI_MEDIA_TYPE_LAYER,
		OCI_MEDIA_TYPE_LAYER_GZIP,
		OCI_MEDIA_TYPE_LAYER_ZSTD,
		"application/vnd.oci.image.layer.nondistributable.v1.tar",
		"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
		"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
		DOCKER "image.rootfs.diff.tar",
		DOCKER "image.rootfs.diff.tar.gzip",
		DOCKER "image.rootfs.diff.tar.zstd",
		DOCKER "image.rootfs.foreign.diff.tar.gzip",
	};

	return is_one_of(media_type, types, ARRAY_SIZE(types));
}

enum compression media_type_compression(const char *media_type)
{
	if (str_has_suffix(media_type, "gzip"))
		return COMPRESSION_GZIP;
	return str_has_suffix(media_type, "zstd") ? COMPRESSION_ZSTD : COMPRESSION_NONE;
}

const char *media_type_of_oci_layer(const char *media_type)
{
	static const char *const names[][2] = {
		{ DOCKER "image.rootfs.diff.tar", OCI_MEDIA_TYPE_LAYER },
		{ DOCKER "image.rootfs.diff.tar.gzip", OCI_MEDIA_TYPE_LAYER_GZIP },
		{ DOCKER "image.rootfs.diff.tar.zstd", OCI_MEDIA_TYPE_LAYER_ZSTD },
	};

	for (size_t i = 0; media_type && i < ARRAY_SIZE(names); i++)
		if (streq(media_type, names[i][0]))
			return names[i][1];
	return media_type;
}

/* CVE-2021-41190: a document that two readers take for two things. */
static int check_type(const char *name, const char *promised, const char *embedded,
		      struct error *err)
{
	if (!promised || !embedded || streq(promised, embedded))
		return 0;
	return error_set(err, EINVAL, "%s: mediaType is %s, but its descriptor says %s", name,
			 embedded, promised);
}

int manifest_parse(struct oci_arena *arena, const struct strbuf *text, const char *name,
		   const char *media_type, struct oci_manifest *manifest, struct error *err)
{
	int r = document_read(arena, &oci_manifest_object, text, name, manifest, err);

	if (r == 0)
		r = check_type(name, media_type, manifest->media_type, err);
	if (r < 0)
		return r;
	if (oci_string_map_get(&manifest->rest, "manifests"))
		return error_set(err, EINVAL, "%s has both \"layers\" and \"manifests\"", name);
	for (size_t i = 0; i < manifest->n_layers; i++) {
		const struct oci_descriptor *layer = &manifest->layers[i];

		if (!media_type_is_layer(layer->media_type))
			return error_set(
				err, ENOTSUP,
				"%s: layers[%zu].mediaType: \"%s\" is not the type of a layer",
				name, i, layer->media_type);
	}
	if (!media_type_is_config(manifest->config->media_type))
		return error_set(
			err, ENOTSUP,
			"%s: config.mediaType: \"%s\" is not the type of an image config", name,
			manifest->config->media_type);
	return 0;
}

int manifest_parse_index(struct oci_arena *arena, const struct strbuf *text, const char *name,
			 struct oci_index *index, struct error *err)
{
	int r = document_read(arena, &oci_index_object, text, name, index, err);

	if (r < 0)
		return r;
	if (oci_string_map_get(&index->rest, "layers"))
		return error_set(err, EINVAL, "%s has both \"layers\" and \"manifests\"", name);
	return 0;
}

int manifest_chain(struct oci_arena *arena, const struct oci_image_config *config,
		   const char *name, size_t n_layers, struct digest **diff_ids,
		   struct digest **chain_ids, struct error *err)
{
	const struct oci_image_rootfs *rootfs = config->rootfs;
	size_t n = rootfs->n_diff_ids;

	if (n != n_layers)
		return error_set(
			err, EINVAL,
			"%s: rootfs.diff_ids has %zu entries, but the image has %zu layers", name,
			n, n_layers);
	*diff_ids = document_alloc(arena, (n + 1) * sizeof(**diff_ids));
	*chain_ids = document_alloc(arena, (n + 1) * sizeof(**chain_ids));
	for (size_t i = 0; i < n; i++) {
		int r = digest_parse(rootfs->diff_ids[i], &(*diff_ids)[i], err);

		if (r < 0)
			return error_context(err, "%s: rootfs.diff_ids[%zu]", name, i);
		digest_chain(i ? &(*chain_ids)[i - 1] : NULL, &(*diff_ids)[i], &(*chain_ids)[i]);
	}
	return 0;
}
