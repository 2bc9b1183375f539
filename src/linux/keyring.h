/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session keyring of the container's own, so that it cannot reach the keys
 * of the process that started it.  Reference: session-keyring(7), keyctl(2).
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/*
 * Joins the keyring "_ses.ID", new or of an earlier call, with SELinux context
 * LABEL (or NULL).  OTHER_USER_NS: a later exec may come from another user than
 * the one who made it.  A kernel without keyrings, or a sandbox around us that
 * forbids them, is no error.
 */
int keyring_join(const char *id, const char *label, bool other_user_ns, struct error *err);
