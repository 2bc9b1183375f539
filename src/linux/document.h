/* SPDX-License-Identifier: Apache-2.0 */
/* From the errors of libocispec, which knows nothing of this tree, to ours. */
#pragma once

#include "base/error.h"
#include "libocispec/oci-error.h"

/* Returns the code, as the functions of base/error.h do. */
static inline int error_from_oci(struct error *err, const struct oci_error *from)
{
	(void)error_set(err, from->code, "%s", from->msg);
	return from->path[0] ? error_pointer(err, "%s", from->path) : err->code;
}
