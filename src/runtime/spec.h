/* SPDX-License-Identifier: Apache-2.0 */
/* A config.json to start from. */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/*
 * Writes config.json into the directory BUNDLE; -EEXIST if there is one.  With
 * ROOTLESS it has a user namespace in which the caller is root, and nothing
 * that needs privilege on the host.
 */
int spec_write(const char *bundle, bool rootless, struct error *err);
