/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session keyring of the container's own, so that it cannot reach the keys
 * of the process that started it.  Reference: session-keyring(7), keyctl(2).
 */
#pragma once

#include "base/error.h"

/*
 * Joins a new keyring "_ses.ID", with SELinux context LABEL (or NULL).  A
 * kernel without keyrings, or one that forbids them here, is no error.
 */
int keyring_join(const char *id, const char *label, struct error *err);
