/* SPDX-License-Identifier: Apache-2.0 */
/* A container's first process, from clone to the user's program. */
#pragma once

#include <stdbool.h>

#include "libocispec/runtime.h"
#include "linux/device.h"
#include "linux/mount.h"
#include "linux/namespace.h"
#include "linux/rootfs.h"
#include "runtime/process.h"

/* Everything init needs, decided and checked by the runtime before the clone. */
struct init_plan {
	const struct oci_config *config;
	const char *id;
	const char *bundle;
	struct namespace_plan namespaces;
	struct rootfs rootfs;
	struct mount_plan *mounts;
	struct device_plan *devices;
	/* Unused when config->process is NULL. */
	struct process_plan process;
	/* linux.mountLabel where SELinux is enabled, else NULL. */
	const char *mount_label;
	bool new_keyring;
	/* Wait for SYNC_PROCEED before anything else: id maps, netdevices. */
	bool wait_for_runtime;

	/* Init's end of the sync pair. */
	int sync_fd;
	/* Bound to start.sock; -EBADF with run. */
	int listen_fd;
	/* The runtime's lock on the state directory, which init must not share. */
	int lock_fd;
};

#define INIT_PLAN_INIT                                                                             \
	{                                                                                          \
		.namespaces = NAMESPACE_PLAN_INIT, .rootfs = ROOTFS_INIT, .sync_fd = -EBADF,       \
		.listen_fd = -EBADF, .lock_fd = -EBADF                                             \
	}

void init_plan_fini(struct init_plan *plan);
#define cleanup_init_plan __attribute__((cleanup(init_plan_fini)))

/* In the new process: ARG is a struct init_plan. Ends in execve, or tells why not and exits. */
void init_run(void *arg) __attribute__((noreturn));
