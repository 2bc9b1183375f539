/* SPDX-License-Identifier: Apache-2.0 */
/* The root file system of a container: overlay, mount points, config.json. */
#pragma once

#include "base/error.h"
#include "image/container.h"
#include "libocispec/runtime.h"

/* What the container gets beside what its image says. */
struct container_setup {
	/*
	 * In place of an image's volume, or of a file of the host, at the same place.  Of
	 * type "volume" is what volume.h has under the name that is its source.
	 */
	const struct oci_mount *mounts;
	size_t n_mounts;
	/* Directories of its own, as for the volumes of the image; NULL-terminated or NULL. */
	char *const *volumes;
	/* NULL: the beginning of its ID. */
	const char *hostname;
	/* A network without anything but lo; else the host's. */
	bool private_network;
	bool readonly_root;
	/* Or NULL. */
	struct oci_resources *resources;
	/* NULL: the runtime's choice. */
	const char *cgroups_path;
};

/*
 * Fills init/, volumes/ and config.json from the record.  The mount points
 * that the image lacks, and whatever had to be made for them, are in init/,
 * from where no commit takes anything.
 */
int container_prepare(struct container *c, const struct container_setup *setup,
		      struct error *err);

/* Mounts the overlay at rootfs/; one that a killed keeper left is taken away first. */
int container_mount(struct container *c, struct error *err);
int container_unmount(struct container *c, struct error *err);
