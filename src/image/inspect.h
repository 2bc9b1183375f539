/* SPDX-License-Identifier: Apache-2.0 */
/* Images as JSON, with the keys of "docker image inspect". */
#pragma once

#include "base/error.h"
#include "base/str.h"
#include "image/store.h"

/* An object for each of the NAMES, compact. */
int image_inspect(struct store *store, const struct strvec *names, struct strvec *objects,
		  struct error *err);

/* The same as one indented list. *TEXT is the caller's to free(). */
int image_inspect_list(struct store *store, const struct strvec *names, char **text,
		       struct error *err);
