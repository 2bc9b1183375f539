/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layer cache of builds: what a step made, under a key of everything that
 * the step depends on.  One small document for each key in the store's
 * build/cache/, whose time of change is that of its last use; the layers it
 * speaks of are in the store like any other and are kept as long as it is.
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
#include "libocispec/image.h"

struct build_record {
	/* RFC 3339. */
	const char *created;
	/* As the history says it. */
	const char *created_by;
	/* NULL for a step that changed no file. */
	struct oci_descriptor *layer;
	const char *diff_id;
	/* Of the layer and those below. */
	const char *chain_id;
	/* Sum of the sizes of its files. */
	int64_t size;
};

/* Makes the directories. */
int build_cache_prepare(struct store *store, struct error *err);

/*
 * The record of KEY, whose layer is there; false when there is none.  A record
 * that cannot be read, or whose layer is gone, is none.
 */
bool build_cache_find(struct store *store, struct oci_arena *arena, const struct digest *key,
		      struct build_record *record);

/* The layer is in the store; it need not be synced yet. */
int build_cache_put(struct store *store, const struct digest *key,
		    const struct build_record *record, struct error *err);

struct build_cache_entry {
	struct digest key;
	struct build_record record;
	/* Seconds since the epoch. */
	int64_t used;
};

/* All of them, the last used first. */
int build_cache_list(struct store *store, struct oci_arena *arena,
		     struct build_cache_entry **entries, size_t *n, struct error *err);

/* Removes those not used for SECONDS (0: all) and how many these were. */
int build_cache_prune(struct store *store, int64_t seconds, size_t *n, struct error *err);
