/* SPDX-License-Identifier: Apache-2.0 */
/* What "list" and "history" show, as rows of plain data. */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "image/image.h"
#include "image/store.h"

/* One name of an image; "<none>" where there is none. All strings are the list's. */
struct image_row {
	char *repository;
	char *tag;
	struct digest id;
	struct digest manifest;
	/* RFC 3339, or NULL. */
	char *created;
	/* Unpacked. */
	uint64_t size;
};

struct image_list {
	struct image_row *rows;
	size_t n;
};

/* All images, the newest first; a damaged one is a warning. */
int image_list_load(struct store *store, struct image_list *list, struct error *err);
void image_list_release(struct image_list *list);
#define cleanup_image_list __attribute__((cleanup(image_list_release)))

/* The sum of the layers' unpacked sizes; of a layer never unpacked here, its blob's. */
uint64_t image_size(struct store *store, const struct image *image);
uint64_t image_layer_size(struct store *store, const struct image *image, size_t layer);

/* One step of an image's making; the strings are the image's, never NULL. */
struct history_row {
	/* NULL: a step whose image nobody knows. */
	const struct digest *id;
	/* RFC 3339, or NULL. */
	const char *created;
	const char *created_by;
	const char *comment;
	uint64_t size;
};

/*
 * The newest step first; layers that the history does not mention are steps of
 * their own.  *ROWS is the caller's to free().
 */
void image_history(struct store *store, const struct image *image, struct history_row **rows,
		   size_t *n);
