/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network interfaces of a container.  Reference: rtnetlink(7), netdevice(7),
 * config-linux.md "netDevices".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct oci_net_device;

/* Sets "lo" up in the network namespace of this process. */
int netdev_loopback_up(struct error *err);

/* Whether NAME can be an interface name: 1 to 15 bytes, no '/', ':' or space, not "." or "..". */
bool netdev_is_name(const char *name);

/* Names valid and no two the same in the container; it has its own network namespace. */
int netdev_check(const struct oci_net_device *devices, size_t n, bool own_netns,
		 struct error *err);

/*
 * Moves an interface of this process's network namespace into that of
 * NETNS_FD, keeps its permanent global addresses, and sets it up.  Enters that
 * namespace for a moment: single-threaded programs only.
 */
int netdev_move(const struct oci_net_device *device, int netns_fd, struct error *err);
