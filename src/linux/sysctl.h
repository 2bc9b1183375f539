/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel parameters that belong to a namespace.  Reference: config-linux.md
 * "sysctl", namespaces(7).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct oci_namespace;
struct oci_string_map;

struct sysctl_request {
	const struct oci_string_map *map;
	const struct oci_namespace *namespaces;
	size_t n_namespaces;
	/* The document sets the domain name itself. */
	bool has_domainname;
};

/*
 * Refuses every parameter that does not belong to a namespace, or whose
 * namespace the container shares with this process (not listed, or a path that
 * leads to our own), or that another field of the document is for.
 */
int sysctl_check(const struct sysctl_request *request, struct error *err);

/*
 * Writes them through the host's /proc, from inside the container's namespaces.
 * In a key '.' and '/' both separate; the one that comes first does, and the
 * other is part of a name, as in net.ipv4.conf.eth0/100.forwarding (sysctl(8)).
 */
int sysctl_apply(const struct oci_string_map *map, struct error *err);
