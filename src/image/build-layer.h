/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of one step: a writable directory upon the layers of the steps
 * before, and the layer that it becomes.  The directory is the unpacked layer
 * of the store afterwards, so that the next step can begin at once.
 */
#pragma once

#include "base/error.h"
#include "image/build-cache.h"
#include "image/build-stage.h"
#include "image/build-state.h"
#include "image/layer-store.h"
#include "image/store.h"

struct build_layer {
	struct layer_draft upper;
	struct layer_draft work;
	/* The root of the merged tree, and writable. */
	int root_fd;
};

#define BUILD_LAYER_INIT \
	{ .upper = LAYER_DRAFT_INIT, .work = LAYER_DRAFT_INIT, .root_fd = -EBADF }

/* Upon what STAGE has so far. */
int build_layer_open(struct build_layer *layer, const struct build_stage *stage,
		     struct error *err);
void build_layer_close(struct build_layer *layer);
#define cleanup_build_layer __attribute__((cleanup(build_layer_close)))

/*
 * Writes the layer that the directory NAME below DIR_FD holds, an overlay's
 * upper directory upon STAGE's layers that is mounted no more, and makes it the
 * unpacked layer.  RECORD's layer, diff_id, chain_id and size are set; layer is
 * NULL when nothing was changed.
 */
int build_layer_write(struct build_stage *stage, int dir_fd, const char *name,
		      struct build_record *record, struct error *err);

/* The same for what build_layer_open() gave. */
int build_layer_finish(struct build_layer *layer, struct build_stage *stage,
		       struct build_record *record, struct error *err);

/* A detached read-only mount of STATE's layers: its fd. */
int build_layer_view(struct store *store, const struct build_state *state, struct error *err);
