/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of export.h: what is written, apart from how. */
#pragma once

#include "image/digest.h"
#include "image/export.h"
#include "image/image.h"
#include "libocispec/image.h"

/* One image, with its layers as they shall be written. */
struct export_image {
	struct image image;
	/* "debian:latest", or NULL. */
	const char *name;
	/* Of the manifest. */
	struct oci_descriptor descriptor;
	struct digest manifest_digest;
	struct oci_descriptor *layers;
	struct digest *layer_digests;
};

/* One file of an archive: a directory (its name ends in "/"), a text, or a blob. */
struct export_part {
	char *name;
	/* Where the blob is; NULL for a directory or a text. */
	struct store *from;
	struct digest digest;
	uint64_t size;
	char *text;
};

struct export {
	struct store *store;
	const struct export_request *request;
	/*
	 * Where layers that are compressed anew and their manifests go: the layout
	 * being written, or a directory in tmp/.  Of the struct only path, fd,
	 * blobs_fd and tmp_fd are used.
	 */
	struct store target;
	struct oci_arena arena;
	struct export_image *images;
	size_t n_images;
	struct export_part *parts;
	size_t n_parts;
};

/* The blob's place: the target's, if it was made anew, or the store's. */
struct store *export_blob_home(struct export *export, const struct digest *digest);

/* Makes what differs from the store: needs the target. */
int export_prepare(struct export *export, struct error *err);

/*
 * Hands the blob's bytes to OUTPUT and checks size and digest.  -EBADMSG says
 * what to do about a damaged store.
 */
typedef int (*export_output_fn)(void *ctx, const void *data, size_t n, struct error *err);
int export_read_blob(struct store *from, const struct digest *digest, int64_t size,
		     export_output_fn output, void *ctx, struct error *err);

int export_archive(struct export *export, struct error *err);
int export_layout(struct export *export, struct error *err);
