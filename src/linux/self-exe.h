/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program's own file, kept out of a container's reach (CVE-2019-5736).
 *
 * A process that enters a container shows the container its executable as
 * /proc/PID/exe.  Opened for writing once that process has gone, it would
 * replace the runtime on the host.  So a verb that enters a container runs
 * from a detached, read-only clone of the mount its file is on; where that
 * cannot be had (no privilege, old kernel), from a sealed copy in memory.
 */
#pragma once

#include "base/error.h"

/*
 * Returns 0 when the program already runs protected; otherwise it executes
 * itself again with ARGV, protected, and returns only on failure.  Call it
 * before anything with an effect.
 */
int self_exe_protect(char **argv, struct error *err);

/* The directory of the program's file, as it was before that. */
const char *self_exe_dir(void);
