/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One layer from its file: inflated, hashed and put onto a directory, all of it by a
 * confined process (image/confine.h), as all of it works on bytes of strangers.
 */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "image/blob.h"
#include "image/digest.h"
#include "image/layer-apply.h"
#include "image/layer-stream.h"
#include "image/store.h"

struct layer_unpack {
	struct file_region region;
	/* What messages call it; LIKE and COPY are those of layer_stream_open(). */
	const char *name;
	const struct digest *like;
	struct blob_writer *copy;
	/*
	 * Where to put it, -EBADF for nowhere: then the tar is only hashed.  LAYER_OVERLAY
	 * is upon the unpacked layers of CHAIN in STORE, lowest first.
	 */
	int target_fd;
	enum layer_shape shape;
	bool keep_dirlinks;
	const struct store *store;
	const struct digest *chain;
	size_t n_chain;
};

struct layer_unpacked {
	struct layer_digests digests;
	struct layer_stats stats;
};

/* The digests are for the caller to compare; COPY is finished and the caller's to commit. */
int layer_unpack(const struct layer_unpack *unpack, struct layer_unpacked *done,
		 struct error *err);
