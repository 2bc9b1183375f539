/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of a layer's bytes.
 *
 * In, two threads with big buffers between them:
 *
 *	read, copy into the blob, hash the blob, inflate -> | -> hash the diffID, apply
 *
 * When the layer is not compressed, blob and diffID are the same and one hash
 * is done.  Out: the caller's thread | deflate, in several | hash the diffID, hash
 * and write the blob.
 */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "image/blob.h"
#include "image/compress.h"
#include "image/digest.h"
#include "image/layer-apply.h"
#include "image/store.h"

/* A stretch of a file. */
struct file_region {
	int fd;
	uint64_t offset;
	uint64_t size;
};

struct layer_stream;

/*
 * Starts reading REGION, called NAME in messages; its digest is made as LIKE
 * is (NULL: sha256).  What it is compressed with is found out by its magic.
 *
 * COPY, a blob writer opened with the same LIKE, or NULL, gets every byte as
 * it is; it is finished here, committed by the caller.  From xz, which is no
 * layer for others, it gets the tar instead, and so diff_id is its digest.
 */
int layer_stream_open(const struct file_region *region, const char *name,
		      const struct digest *like, struct blob_writer *copy,
		      struct layer_stream **stream, struct error *err);

/* The same for bytes that stay as they are: nothing is inflated, and there is no diffID. */
int layer_stream_open_raw(const struct file_region *region, const char *name,
			  const struct digest *like, struct layer_stream **stream,
			  struct error *err);

/* Above all that is no file of zeros, and below what gzip can do at most. */
enum { LAYER_STREAM_RATIO = 200 };

/*
 * From here on no stream of this process inflates to more than RATIO times what was read,
 * but for the first GiB; 0, as at the start, is no limit.  HINT, which lives on, ends "if
 * that is no attack, ".  For what comes into the store: what is there was let in.
 */
void layer_stream_limit_ratio(uint64_t ratio, const char *hint);

/* The same for bytes that were inflated otherwise: INFLATED so far, from SIZE.  -EFBIG. */
int layer_stream_check_ratio(uint64_t inflated, uint64_t size, struct error *err);

/*
 * The inflated bytes, for layer_apply(), which puts the name before the
 * errors.  Lives as long as the stream.
 */
const struct layer_source *layer_stream_source(struct layer_stream *stream);

struct layer_digests {
	struct digest blob;
	struct digest diff_id;
	uint64_t blob_size;
	/* Of the tar stream. */
	uint64_t size;
	/* Of the blob. */
	enum compression compression;
};

/* Reads whatever the consumer left, joins the thread and gives the digests. */
int layer_stream_finish(struct layer_stream *stream, struct layer_digests *digests,
			struct error *err);

/* At any time, finished or not; stops the thread. */
void layer_stream_free(struct layer_stream **stream);
#define cleanup_layer_stream __attribute__((cleanup(layer_stream_free)))

/* The way out: give it tar bytes. */
struct layer_sink;

int layer_sink_open(struct store *store, enum compression compression, int level,
		    struct layer_sink **sink, struct error *err);
/* For a diffID that somebody else knows: layer_sink_commit() leaves it alone. */
void layer_sink_leave_diff_id(struct layer_sink *sink);
/* A failure of another thread is told by the next call. */
int layer_sink_add(struct layer_sink *sink, const void *data, size_t n, struct error *err);
/* Puts the blob into the store, not synced. */
int layer_sink_commit(struct layer_sink *sink, struct layer_digests *digests,
		      struct error *err);
/*
 * The two halves of it, for a process that writes into the fd and another one, which
 * has the same sink, that puts the blob into the store.
 */
int layer_sink_finish(struct layer_sink *sink, struct layer_digests *digests,
		      struct error *err);
int layer_sink_publish(struct layer_sink *sink, const struct digest *blob, struct error *err);
int layer_sink_fd(const struct layer_sink *sink);
/* Aborts what is not committed. */
void layer_sink_free(struct layer_sink **sink);
#define cleanup_layer_sink __attribute__((cleanup(layer_sink_free)))
