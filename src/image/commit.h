/* SPDX-License-Identifier: Apache-2.0 */
/* A container's changes as a new image: one layer upon those it was made from. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "image/compress.h"
#include "image/container.h"
#include "image/digest.h"

struct commit_request {
	/* The new image's name; NULL for none. */
	const char *name;
	/* Or NULL. */
	const char *message;
	const char *author;
	/* See image/change.h; NULL-terminated, or NULL. */
	char *const *changes;
	enum compression compression;
	int level;
	/* Hold the container still meanwhile, if its runtime can. */
	bool pause;
};

/*
 * Writes the layer, unless nothing changed, and the image that has it.  The
 * layers below stay the blobs that they are.  *ID is the new image's.
 */
int commit_container(struct container *c, const struct commit_request *request,
		     struct digest *id, struct error *err);
