/* SPDX-License-Identifier: Apache-2.0 */
/* Whether two directories hold the same files, to the last xattr. */
#pragma once

#include "base/error.h"
#include "base/str.h"
#include "image/same.h"

/*
 * An enum same or a negative errno.  WHERE gets the first difference, "etc/passwd
 * is missing".  The times of directories do not count, as what is in a layer
 * without an entry of its own has that of its unpacking.
 */
int tree_compare(int fd, int reference_fd, struct strbuf *where, struct error *err);
