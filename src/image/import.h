/* SPDX-License-Identifier: Apache-2.0 */
/* Archives of images, of any kind, into the store. */
#pragma once

#include "base/error.h"
#include "base/str.h"
#include "image/packing.h"
#include "image/store.h"

struct import_request {
	/* A file or directory, or "-". */
	const char *path;
	/* The image's new name, or NULL to keep those in the archive. */
	const char *name;
	/*
	 * Blobs alone, no layer unpacked.  PACKING is for the layers that no manifest
	 * describes, a docker-archive's: the others' descriptors have to stay right.
	 */
	bool packed;
	struct packing packing;
};

/* What was imported: the names, or the IDs of images without one. */
int image_import(struct store *store, const struct import_request *request,
		 struct strvec *imported, struct error *err);
