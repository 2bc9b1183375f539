/* SPDX-License-Identifier: Apache-2.0 */
/* An image as a runtime bundle of plain files: rootfs/ and config.json. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "image/image.h"
#include "image/store.h"

struct unpack_request {
	/* Made; must not exist, or be an empty directory. */
	const char *bundle;
	/* See struct layer_target. */
	bool keep_dirlinks;
};

/*
 * Every layer is checked against its digest, size and diffID on the way.  On
 * failure nothing of the bundle is left.
 */
int unpack_image(struct store *store, const struct image *image,
		 const struct unpack_request *request, struct error *err);
