/* SPDX-License-Identifier: Apache-2.0 */
/* The badness adjustment of the OOM killer. Reference: proc(5) "oom_score_adj". */
#pragma once

#include <sys/types.h>

#include "base/error.h"

/* -1000 to 1000. */
int oom_check(int score, struct error *err);

/* Writes it for PID, 0 for this process; lowering it needs CAP_SYS_RESOURCE. */
int oom_write(pid_t pid, int score, struct error *err);
