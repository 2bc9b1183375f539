/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images of the store as a docker-archive, an oci-archive or an OCI layout.
 * The same images always give the same bytes: names are sorted, headers hold
 * nothing of this machine, and times are $SOURCE_DATE_EPOCH or 0.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"
#include "image/packing.h"
#include "image/store.h"

enum export_format {
	EXPORT_OCI_ARCHIVE,
	EXPORT_DOCKER_ARCHIVE,
	EXPORT_OCI_LAYOUT,
};

struct export_request {
	/* Names or IDs. */
	const struct strvec *names;
	/* A file or directory, or "-" for stdout. */
	const char *path;
	enum export_format format;
	struct packing packing;
	/*
	 * The store is the caller's alone, and its blobs were checked as they came: a
	 * layout on the same file system takes them away from it.
	 */
	bool takes_blobs;
};

/*
 * Every blob is checked against its digest on the way.  On failure nothing is
 * left: an archive appears when it is complete, and a layout that was there
 * before is as it was.
 */
int image_export(struct store *store, const struct export_request *request,
		 struct error *err);
