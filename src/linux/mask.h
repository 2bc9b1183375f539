/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.maskedPaths and linux.readonlyPaths.  Each path is resolved once and
 * what was found is covered by fd: a file by the host's /dev/null, a directory
 * by an empty read-only tmpfs that all masks share.  A path that does not exist
 * is skipped; any other failure is fatal, for a mask must never be missing.
 *
 *   parent              mask_check()
 *   init, before pivot  mask_apply(): after mounts, devices and createContainer hooks
 *
 * Source: runtime-spec config-linux.md "Masked Paths", "Readonly Paths".
 */
#pragma once

#include "base/error.h"
#include "libocispec/runtime.h"

/*
 * The paths must be absolute, and need a mount namespace of the container's own.
 * LINUX may be NULL.
 */
int mask_check(const struct oci_linux *linux, struct error *err);

/*
 * The caller's "/" must still be the host's: /dev/null is taken from there.
 * LABEL is linux.mountLabel when SELinux is enabled, else NULL.
 */
int mask_apply(const struct oci_linux *linux, const char *label, int root_fd, struct error *err);
