/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the documents of an image, wherever they come from: the store or an
 * archive.  Each is checked against the one that names it before it is believed.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"
#include "image/compress.h"
#include "image/digest.h"
#include "libocispec/arena.h"
#include "libocispec/image.h"

/* OCI's and docker's type of an image manifest; no type at all is taken for one. */
bool media_type_is_manifest(const char *media_type);
/* Of an index or manifest list. */
bool media_type_is_index(const char *media_type);
/* Of an image config. */
bool media_type_is_config(const char *media_type);
/* Of a layer that layer_apply() understands once it is inflated. */
bool media_type_is_layer(const char *media_type);
/* How such a layer is compressed by its name. */
enum compression media_type_compression(const char *media_type);
/* OCI's word for the same kind of layer; others are returned as they are. */
const char *media_type_of_oci_layer(const char *media_type);

/* TEXT, whose digest was checked, as the manifest DESCRIPTOR speaks of. NAME is for messages. */
int manifest_parse(struct oci_arena *arena, const struct strbuf *text, const char *name,
		   const char *media_type, struct oci_manifest *manifest, struct error *err);

/* The same for a nested index. */
int manifest_parse_index(struct oci_arena *arena, const struct strbuf *text, const char *name,
			 struct oci_index *index, struct error *err);

/*
 * The config's diffIDs and their chainIDs, in ARENA.  N_LAYERS is how many
 * layers the manifest has: another number of diffIDs is an error.
 */
int manifest_chain(struct oci_arena *arena, const struct oci_image_config *config,
		   const char *name, size_t n_layers, struct digest **diff_ids,
		   struct digest **chain_ids, struct error *err);
