/* SPDX-License-Identifier: Apache-2.0 */
/* How layers are compressed where they are written anew. */
#pragma once

#include <stdbool.h>

#include "image/compress.h"

struct packing {
	/* Layers in another compression are written anew; else each stays as it is. */
	bool recompress;
	enum compression compression;
	/* -1: the default; with another one all layers are written anew. */
	int level;
};

static inline bool packing_changes(const struct packing *packing, enum compression found)
{
	return packing->recompress && (found != packing->compression || packing->level >= 0);
}
