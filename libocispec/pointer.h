/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pointers in structs whose type is known to a table only.  They are moved as bytes: a
 * "struct x *" may not be looked at through a "void **".
 */
#pragma once

#include <string.h>

static inline void *load_pointer(const void *from)
{
	void *p;

	memcpy(&p, from, sizeof(p));
	return p;
}

static inline void store_pointer(void *to, const void *p)
{
	memcpy(to, &p, sizeof(p));
}
