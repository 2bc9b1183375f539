/* SPDX-License-Identifier: Apache-2.0 */
/* The root file system of a container: overlay, mount points, config.json. */
#pragma once

#include "base/error.h"
#include "image/container.h"

/*
 * Fills init/, volumes/ and config.json from the record.  The mount points
 * that the image lacks, and whatever had to be made for them, are in init/,
 * from where no commit takes anything.
 */
int container_prepare(struct container *c, struct error *err);

/* Mounts the overlay at rootfs/; one that a killed keeper left is taken away first. */
int container_mount(struct container *c, struct error *err);
int container_unmount(struct container *c, struct error *err);
