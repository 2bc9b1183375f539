/* SPDX-License-Identifier: Apache-2.0 */
/* update: new limits for the cgroup of a container that was created or runs. */
#pragma once

#include "base/error.h"

struct oci_intel_rdt;
struct oci_resources;

/*
 * Sets what RESOURCES mentions, and the schemas of RDT unless it is NULL, which
 * need a resctrl group that was made for the container; all of it or, after a
 * failure, nothing.
 */
int container_update(const char *root, const char *id, const struct oci_resources *resources,
		     const struct oci_intel_rdt *rdt, struct error *err);

/* The same with the resources in FILE, a "linux.resources" object; "-" is standard input. */
int container_update_from(const char *root, const char *id, const char *file,
			  struct error *err);
