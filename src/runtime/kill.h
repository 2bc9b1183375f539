/* SPDX-License-Identifier: Apache-2.0 */
/* kill (runtime.md, Operations). */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "runtime/container.h"

/* "9", "KILL", "SIGKILL", "RTMIN+1" -> the number, also 0; -EINVAL otherwise. */
int signal_parse(const char *text, struct error *err);

/* Sends SIGNAL to init, or with ALL to every process of the container's cgroup. */
int container_kill(const char *root, const char *id, int signal, bool all, struct error *err);
