/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images of the store: found by name or by the beginning of their ID, loaded
 * with every digest checked, added and named.
 *
 * An image's ID is the digest of its config, as docker and podman say it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "image/digest.h"
#include "image/store.h"
#include "libocispec/arena.h"

struct index;
struct oci_descriptor;
struct oci_image_config;
struct oci_manifest;

struct image {
	/* Everything below lives in it. */
	struct oci_arena arena;
	/* "debian:latest", or the ID when the image has no name. */
	const char *name;
	struct digest id;
	struct digest manifest_digest;
	int64_t manifest_size;
	struct oci_manifest *manifest;
	struct oci_image_config *config;
	/* One per layer, lowest first; as many as the manifest has layers. */
	struct digest *diff_ids;
	struct digest *chain_ids;
	size_t n_layers;
};

#define IMAGE_INIT { .arena = OCI_ARENA_INIT }

/*
 * NAME[:TAG] or at least 4 hex digits of the ID, with or without "sha256:".
 * Nothing like that is -ENOENT; an ID that fits several images -ENOTUNIQ.
 */
int image_load(struct store *store, const char *name, struct image *image,
	       struct error *err);
void image_release(struct image *image);
#define cleanup_image __attribute__((cleanup(image_release)))

/*
 * The same in two steps, for those who hold the index.  An entry that is an
 * index itself is the image that platform.h wants.
 */
int image_find(struct store *store, const struct index *index, const char *name,
	       const struct oci_descriptor **found, struct error *err);
int image_load_entry(struct store *store, const struct oci_descriptor *entry,
		     struct image *image, struct error *err);

/* Unpacks whichever of the image's layers are not yet. */
int image_unpack_layers(struct store *store, const struct image *image, struct error *err);

/*
 * Stores both documents, syncs what was written so far, and names the image
 * in index.json; NAMES may be empty.  The blobs the manifest speaks of are in
 * the store already.  Of manifest->config only the media type is used (NULL:
 * OCI's); it is NULL afterwards.  An image that had such a name before stays,
 * without it.
 */
int image_add(struct store *store, const struct oci_image_config *config,
	      struct oci_manifest *manifest, const struct strvec *names,
	      struct digest *id, struct error *err);

/*
 * Syncs the store and names a manifest, whose blobs are all there; no name at
 * all puts it into the index without one.
 */
int image_name_manifest(struct store *store, const struct oci_descriptor *descriptor,
			const struct strvec *names, struct error *err);
