/* SPDX-License-Identifier: Apache-2.0 */
/* Which image a bundle was made of: its file "image.json", for "commit --bundle". */
#pragma once

#include "base/error.h"
#include "image/image.h"
#include "image/store.h"

/* Writes it below DIR_FD. */
int bundle_note_image(int dir_fd, const struct image *image, struct error *err);

/* Loads that image; -ENOENT when there is no such file, or the store has the image no more. */
int bundle_load_image(struct store *store, int dir_fd, struct image *image, struct error *err);
