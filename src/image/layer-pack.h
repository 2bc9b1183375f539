/* SPDX-License-Identifier: Apache-2.0 */
/* One layer into the store as a blob alone, as it is or compressed anew. */
#pragma once

#include "base/error.h"
#include "image/layer-import.h"
#include "image/packing.h"

/*
 * Of IMPORT the chain and keeps_blob are not looked at.  The blob's digest, or the
 * diffID when nobody promised one, is compared before anything becomes visible.
 * DIGESTS are those of the stored blob; the diffID only when it was needed.
 */
int layer_pack(struct store *store, const struct layer_import *import,
	       const struct packing *packing, struct layer_digests *digests,
	       struct error *err);

/* Compressed anew whatever it is.  DIGESTS are those of what was written. */
int layer_repack(struct store *store, const struct layer_import *import,
		 const struct packing *packing, struct layer_digests *digests,
		 struct error *err);
