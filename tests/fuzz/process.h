/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of a process document, for the targets that have one. */
#pragma once

#include "libocispec/runtime.h"

/* Everything about PROCESS that is decided without touching the caller. */
void fuzz_process(const struct oci_process *process);
