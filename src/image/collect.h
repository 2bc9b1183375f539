/* SPDX-License-Identifier: Apache-2.0 */
/* Garbage: blobs and layers that index.json and the containers no longer reach. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "image/store.h"

/* Of what there was, and of what nobody needs. */
struct garbage_sum {
	size_t n, n_garbage;
	uint64_t bytes, garbage_bytes;
};

struct garbage {
	struct garbage_sum blobs;
	/* Unpacked: the sum of the sizes of their files. */
	struct garbage_sum layers;
	/* Of blobs, and the chainIDs of layers. */
	struct strvec digests;
};

#define GARBAGE_INIT { .digests = STRVEC_INIT }

void garbage_release(struct garbage *garbage);
#define cleanup_garbage __attribute__((cleanup(garbage_release)))

/* Removes nothing; what others are just adding counts as well. */
int store_find_garbage(struct store *store, struct garbage *garbage, struct error *err);

/*
 * Removes it, and says in GARBAGE (or NULL) what.  When others are using the
 * store nothing is removed and *BUSY is set: the next one does it.
 */
int store_collect(struct store *store, struct garbage *garbage, bool *busy, struct error *err);
