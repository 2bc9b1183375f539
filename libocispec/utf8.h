/* SPDX-License-Identifier: Apache-2.0 */
/* Well-formed UTF-8 (Unicode 15, table 3-7): no overlong forms, surrogates or the like. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Whether all LEN bytes at S are, and none of them is NUL. */
bool utf8_is_text(const char *s, size_t len);
