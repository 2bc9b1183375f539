/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blobs: files named by the digest of what they hold.  A writer hashes on the
 * way and makes the blob visible only when digest and size are as promised.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "image/digest.h"
#include "image/store.h"

/* What is read whole (manifests, configs, indexes) may have this size at most. */
enum { BLOB_DOCUMENT_MAX = 4 << 20 };

struct blob_writer {
	struct store *store;
	/* In tmp/; fd is -EBADF when there is nothing to abort. */
	struct store_temp temp;
	int fd;
	struct hasher hasher;
	uint64_t size;
};

#define BLOB_WRITER_INIT { .fd = -EBADF }

/* LIKE chooses the algorithm and may be NULL. */
int blob_writer_open(struct blob_writer *writer, struct store *store,
		     const struct digest *like, struct error *err);
/* For bytes that somebody else hashes: there is nothing to finish. */
int blob_writer_open_plain(struct blob_writer *writer, struct store *store,
			   struct error *err);
int blob_writer_add(struct blob_writer *writer, const void *data, size_t n,
		    struct error *err);
/* Ends the hash: *DIGEST is what the bytes so far have; nothing can be added any more. */
void blob_writer_finish(struct blob_writer *writer, struct digest *digest);
/* Names the finished blob DIGEST, which the caller has checked.  The writer is closed. */
int blob_writer_commit(struct blob_writer *writer, const struct digest *digest,
		       struct error *err);
/* Leaves nothing behind; harmless on a closed writer. */
void blob_writer_abort(struct blob_writer *writer);
#define cleanup_blob_writer __attribute__((cleanup(blob_writer_abort)))

/* Stores N bytes (a document) and gives their digest. */
int blob_put(struct store *store, const void *data, size_t n, struct digest *digest,
	     struct error *err);

/* The same under the DIGEST that was checked already. */
int blob_put_as(struct store *store, const struct strbuf *text, const struct digest *digest,
		struct error *err);

/* False when it cannot be renamed from one store to the other: then nothing has happened. */
bool blob_move(struct store *from, struct store *to, const struct digest *digest);

bool blob_exists(struct store *store, const struct digest *digest);

/*
 * Opens a blob for reading; its size must be SIZE (-1: any), which is checked
 * here; the digest is the reader's to check.
 */
int blob_open(struct store *store, const struct digest *digest, int64_t size,
	      struct error *err);

/* Appends a whole document to SB: size, then digest checked. */
int blob_read(struct store *store, const struct digest *digest, int64_t size,
	      struct strbuf *sb, struct error *err);
