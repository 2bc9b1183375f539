/* SPDX-License-Identifier: Apache-2.0 */
/* Which of an index's manifests is for this machine. */
#pragma once

#include <stdbool.h>

#include "libocispec/image.h"

/* This machine's architecture in the words of image-spec: "amd64". */
const char *platform_architecture(void);

/* Whether a manifest of that platform (NULL: none said) runs here. */
bool platform_fits(const struct oci_platform *platform);
