/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of an index's manifests is wanted: this machine's, unless another
 * platform was asked for.  Reference: image-spec image-index.md, "platform".
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "libocispec/image.h"

/* This machine's architecture in the words of image-spec: "amd64". */
const char *platform_architecture(void);

/*
 * From here on "OS/ARCHITECTURE[/VARIANT]" is wanted; NULL is this machine's.
 * The text must stay.
 */
int platform_want(const char *text, struct error *err);

/* What is wanted, "linux/amd64"; in static memory. */
const char *platform_wanted(void);

/* Whether a manifest of that platform (NULL: none said) is wanted. */
bool platform_fits(const struct oci_platform *platform);

/*
 * Of an image itself, which NAME is called: -ENOENT when another platform was
 * asked for.  Without a request any image will do.
 */
int platform_check(const struct oci_image_config *config, const char *name, struct error *err);
