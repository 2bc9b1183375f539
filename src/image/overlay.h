/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An overlay of layer directories.  It is made detached, so that it can be
 * worked in and thrown away without ever appearing in the mount table.
 * References: fsopen(2), Documentation/filesystems/overlayfs.rst.
 */
#pragma once

#include <stddef.h>

#include "base/error.h"

struct overlay {
	/* The layers, topmost first: absolute paths. */
	char *const *lower;
	size_t n_lower;
	/* Absolute paths on one file system; NULL for a read-only overlay. */
	const char *upper;
	const char *work;
	/*
	 * The directory below which the layers are: on kernels before 6.7 their
	 * names below it must fit into one page, together with the rest.
	 */
	const char *base;
};

/* An fd of the detached mount, with neither redirects nor metadata-only copies. */
int overlay_mount(const struct overlay *overlay, struct error *err);

/* The same by mount(2), the only way before Linux 6.7. */
int overlay_mount_by_page(const struct overlay *overlay, struct error *err);

/* Attaches what overlay_mount() gave to the directory TARGET; takes private propagation. */
int overlay_attach(int mount_fd, const char *target, struct error *err);

/* Takes it off again; nothing mounted there is fine. In use, it goes with its last user. */
int overlay_detach(const char *target, struct error *err);
