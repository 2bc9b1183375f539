/* SPDX-License-Identifier: Apache-2.0 */
/* The file system of a container or an image, mounted on the host. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "image/container.h"
#include "image/image.h"
#include "image/store.h"

/*
 * Mounts a container that does not run at its rootfs/, where what is written is
 * the container's; of one that runs this is mounted already.  *PATH is the
 * caller's to free().
 */
int mount_container(struct container *c, char **path, struct error *err);

/* -EBUSY while it runs; not mounted is fine. */
int unmount_container(struct container *c, struct error *err);

/* Mounts the image's layers, which are unpacked, read-only at the directory TARGET. */
int mount_image(struct store *store, const struct image *image, const char *target,
		struct error *err);

/* An fd of the same, detached and not read-only by itself. */
int mount_image_layers(struct store *store, const struct image *image, struct error *err);
