/* SPDX-License-Identifier: Apache-2.0 */
/* Names of images: [REGISTRY/]PATH[:TAG]. Reference: distribution-spec, "Pulling manifests". */
#pragma once

#include <stdbool.h>

#include "base/error.h"

struct image_ref {
	/* "localhost:5000/a/b" and "latest"; both the caller's to release. */
	char *repository;
	char *tag;
};

#define IMAGE_REF_INIT { .repository = NULL }

/* TEXT, ":latest" added where there is no tag; -EINVAL with a sentence. */
int image_ref_parse(const char *text, struct image_ref *ref, struct error *err);
void image_ref_release(struct image_ref *ref);
#define cleanup_image_ref __attribute__((cleanup(image_ref_release)))

/* The complete name, "debian:latest": the caller's to free(). NULL and ERR set if invalid. */
char *image_ref_normalize(const char *text, struct error *err);
