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
	/* Refuse a container that runs. */
	bool stopped;
	/* Hold the container still meanwhile, if its runtime can. */
	bool pause;
};

/*
 * Writes the layer, unless nothing changed, and the image that has it.  The
 * layers below stay the blobs that they are.  *ID is the new image's.
 */
int commit_container(struct container *c, const struct commit_request *request,
		     struct digest *id, struct error *err);

/*
 * The same of the directory BUNDLE, which "unpack" made: what differs from the
 * image it was made of, but for the mount points that a runtime made.
 */
int commit_bundle(struct store *store, const char *bundle, const struct commit_request *request,
		  struct digest *id, struct error *err);
