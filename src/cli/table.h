/* SPDX-License-Identifier: Apache-2.0 */
/* Text in columns, as docker prints it: three blanks between them, none at the end. */
#pragma once

#include <stddef.h>

#include "base/str.h"

/*
 * CELLS go row by row, N_COLUMNS to each; the first row is the heading.
 * Bytes from 0 to 31 show as "?".
 */
void table_format(const struct strvec *cells, size_t n_columns, struct strbuf *out);
