/* SPDX-License-Identifier: Apache-2.0 */
/* One layer into the store: read once, checked, stored and unpacked. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "image/digest.h"
#include "image/layer-stream.h"
#include "image/store.h"

struct layer_import {
	struct file_region region;
	/* What messages call the layer. */
	const char *name;
	/* What the bytes must turn out to be; NULL when nobody said. */
	const struct digest *blob;
	const struct digest *diff_id;
	/* The chains below, lowest first, all unpacked. */
	const struct digest *chain;
	size_t n_chain;
	/* false: the region is the store's own blob. */
	bool keeps_blob;
};

/*
 * Nothing becomes visible before the digests were compared.  DIGESTS are those
 * of the stored blob.
 */
int layer_import(struct store *store, const struct layer_import *import,
		 struct layer_digests *digests, struct error *err);

/*
 * Compares what a stream found with what was promised, and makes DIGESTS those of
 * what was stored: of xz that is the tar.
 */
int layer_import_check(const struct layer_import *import, struct layer_digests *digests,
		       struct error *err);
