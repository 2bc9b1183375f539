/* SPDX-License-Identifier: Apache-2.0 */
/* What config.md demands of a configuration beyond the types of its fields. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "libocispec/runtime.h"
#include "linux/namespace.h"

/*
 * Checks CONFIG as far as no other module does it while planning: version,
 * required objects, hooks, and what needs a namespace of the container's own.
 */
int validate_config(const struct oci_config *config, const struct namespace_plan *namespaces,
		    struct error *err);

/* The checks it is made of, each by itself and in order; ended by NULL. */
typedef int (*validation_check)(const struct oci_config *config,
				const struct namespace_plan *namespaces, struct error *err);
extern const validation_check validation_checks[];

/* "1.0.0" to "1.x.y", with pre-release and build parts as semver.org has them. */
bool validate_version(const char *version);
