/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of import.h: one function per kind of archive. */
#pragma once

#include "image/archive.h"
#include "image/digest.h"
#include "image/import.h"
#include "libocispec/image.h"

struct import {
	struct store *store;
	const struct import_request *request;
	struct image_archive archive;
	struct strvec *imported;
};

int import_docker(struct import *import, struct error *err);
int import_oci(struct import *import, struct error *err);
int import_rootfs(struct import *import, struct error *err);

/* A layer in the archive. */
struct import_layer {
	/* Its file there. */
	const char *file;
	/* Its descriptor's; NULL, -1 and NULL when there is none. */
	const struct digest *blob;
	int64_t size;
	const char *media_type;
	/* NULL when nobody knows it. */
	const struct digest *diff_id;
	/* The layers below. */
	const struct digest *chain;
	size_t n_chain;
};

/*
 * Puts the layer into the store, unpacked too; what is there already is not
 * read again.  DESCRIPTOR is filled for a manifest; its digest's text is DIGEST's.
 */
int import_layer(struct import *import, const struct import_layer *layer,
		 struct digest *digest, struct oci_descriptor *descriptor,
		 struct error *err);

/*
 * The image is complete: names its manifest by the request's name or else by
 * NAMES, and notes in "imported" what it is called (without a name: ID).
 */
int import_finish(struct import *import, const struct oci_descriptor *descriptor,
		  const struct strvec *names, const struct digest *id, struct error *err);
