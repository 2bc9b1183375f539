/* SPDX-License-Identifier: Apache-2.0 */
/* What this runtime implements (runtime-spec features.md). */
#pragma once

#include "base/error.h"

/* The document, indented; *JSON is the caller's to free. */
int features_json(char **json, struct error *err);
