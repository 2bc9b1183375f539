/* SPDX-License-Identifier: Apache-2.0 */
/* Archives and layouts into one another, with no store and nothing unpacked. */
#pragma once

#include "base/error.h"
#include "image/export.h"
#include "image/import.h"

/*
 * From FROM's path to TO's; of FROM only path and name are looked at, and TO's
 * names are made here.  On the way it goes through a directory beside TO's path, so
 * that layers for a layout are renamed into it.  After a failure nothing new is left.
 */
int image_convert(const struct import_request *from, const struct export_request *to,
		  struct error *err);
