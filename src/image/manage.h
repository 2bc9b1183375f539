/* SPDX-License-Identifier: Apache-2.0 */
/* Names given to images and taken away, and images removed. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"
#include "image/store.h"

/* The image SOURCE (a name or ID) gets the name TARGET too. */
int image_tag(struct store *store, const char *source, const char *target, struct error *err);

/*
 * Takes the name NAME away, and with its last name the image; an ID takes all
 * of its names.  REPORT gets lines of "Untagged: ..." and "Deleted: ...".
 * -EBUSY, unless FORCE: a container uses the image, or an ID has several names.
 */
int image_remove(struct store *store, const char *name, bool force, struct strbuf *report,
		 struct error *err);
