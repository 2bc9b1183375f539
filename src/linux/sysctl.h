/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel parameters that belong to a namespace.  Reference: config-linux.md
 * "sysctl", namespaces(7).
 */
#pragma once

#include <stddef.h>

#include "base/error.h"

struct oci_namespace;
struct oci_string_map;

/*
 * Refuses every parameter that does not belong to a namespace, or whose
 * namespace the container shares with this process (not listed, or a path that
 * leads to our own).  SETS_HOSTNAME and SETS_DOMAINNAME: the document names one
 * itself, so that the parameter would contradict it.
 */
struct sysctl_request {
	const struct oci_string_map *map;
	const struct oci_namespace *namespaces;
	size_t n_namespaces;
	const char *hostname;
	const char *domainname;
};
int sysctl_check(const struct sysctl_request *request, struct error *err);

/* Writes them through the host's /proc, from inside the container's namespaces. */
int sysctl_apply(const struct oci_string_map *map, struct error *err);
