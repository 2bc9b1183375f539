/* SPDX-License-Identifier: Apache-2.0 */
/* The symlinks of /dev: runtime-linux.md "Dev symbolic links", and /dev/core, /dev/ptmx. */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/* In DEV_FD, the container's /dev.  HAS_KCORE: /dev/core is to point to /proc/kcore. */
int device_links_make(int dev_fd, bool has_kcore, struct error *err);
