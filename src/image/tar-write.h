/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tar stream that depends on nothing but its entries: PAX headers only where
 * the old ones do not reach, no user names, whole seconds, sorted xattrs.
 */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "image/layer-entry.h"

struct tar_writer;

/* Takes the bytes of the stream, in order. */
typedef int (*tar_output_fn)(void *ctx, const void *data, size_t n, struct error *err);

int tar_writer_new(tar_output_fn output, void *ctx, struct tar_writer **writer,
		   struct error *err);

/*
 * Begins an entry.  A regular file's content follows in tar_writer_data(),
 * ENTRY->size bytes in all; what is missing becomes zeros.
 */
int tar_writer_add(struct tar_writer *writer, const struct layer_entry *entry,
		   struct error *err);
int tar_writer_data(struct tar_writer *writer, const void *data, size_t n, struct error *err);

/* Writes the end of the archive. */
int tar_writer_finish(struct tar_writer *writer, struct error *err);

void tar_writer_free(struct tar_writer **writer);
#define cleanup_tar_writer __attribute__((cleanup(tar_writer_free)))
