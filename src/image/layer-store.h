/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unpacked layers: layers/<hex of the chainID>/ with record.json and, once it
 * was unpacked, fs/ in overlay shape.  A layer directory is complete or absent.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "image/digest.h"
#include "image/store.h"

struct layer_record {
	struct digest chain_id;
	struct digest diff_id;
	/* The chain below; none for the lowest layer. */
	struct digest parent;
	/* The sum of the sizes of its files: what history shows. */
	uint64_t size;
};

/* Makes the layer's directory with its record, without fs/; present already is fine. */
int layer_record_put(struct store *store, const struct layer_record *record,
		     struct error *err);

/* -ENOENT when there is no such layer. */
int layer_record_get(struct store *store, const struct digest *chain_id,
		     struct layer_record *record, struct error *err);

/* An O_PATH fd of the layer's fs/, or -ENOENT when it is not unpacked. */
int layer_open(const struct store *store, const struct digest *chain_id, struct error *err);

/* The absolute path of fs/, the caller's to free(). */
char *layer_path(struct store *store, const struct digest *chain_id);

/*
 * The directory NAME below DIR_FD, on the store's file system, becomes the fs/
 * of RECORD's layer, whose record is put too; if the layer is unpacked already
 * the directory stays where it is.  Not synced.
 */
int layer_put(struct store *store, const struct layer_record *record, int dir_fd,
	      const char *name, struct error *err);

/* A directory being filled in tmp/. */
struct layer_draft {
	struct store *store;
	struct store_temp temp;
	/* Its root; -EBADF when there is nothing to abort. */
	int fd;
};

#define LAYER_DRAFT_INIT { .fd = -EBADF }

int layer_draft_open(struct layer_draft *draft, struct store *store, struct error *err);
/* Becomes the fs/ of RECORD's layer, whose record is put too. Not synced. */
int layer_draft_commit(struct layer_draft *draft, const struct layer_record *record,
		       struct error *err);
/* Removes the directory; harmless after a commit. */
void layer_draft_abort(struct layer_draft *draft);
#define cleanup_layer_draft __attribute__((cleanup(layer_draft_abort)))
