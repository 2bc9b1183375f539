/* SPDX-License-Identifier: Apache-2.0 */
/* The execution domain. Reference: personality(2), config-linux.md "personality". */
#pragma once

#include "base/error.h"

struct oci_personality;

/* LINUX and LINUX32 are known; flags are refused, as the spec has none yet. */
int personality_parse(const struct oci_personality *personality, unsigned long *out,
		      struct error *err);

int personality_apply(unsigned long domain, struct error *err);
