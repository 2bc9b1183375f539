/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container has in /dev: the default devices, linux.devices, the usual
 * symlinks and the console.
 *
 *   parent, before clone                   device_plan_new()
 *   parent, before clone                   device_plan_open()
 *   init, before pivot, after the mounts   device_plan_make(), umask 0
 *   init, when it has a terminal           device_make_console()
 *
 * mknod(2) where it is allowed.  In a user namespace root of the host makes those of
 * linux.devices outside; the others are bind mounts of the host's node of that name.  /dev is reached without following any symlink.
 * Source: runtime-spec config-linux.md "Devices", "Default Devices",
 * runtime-linux.md "Dev symbolic links".
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "libocispec/runtime.h"

struct device_plan;

struct device_env {
	/* The container has a user namespace of its own: mknod(2) is not even tried. */
	bool userns;
	/* mount_plan_owns_dev(): false leaves a bind-mounted /dev alone. */
	bool owns_dev;
};

/* LINUX may be NULL; it must outlive the plan. */
int device_plan_new(const struct oci_linux *linux, const struct device_env *env,
		    struct device_plan **plan, struct error *err);
struct device_plan *device_plan_free(struct device_plan *plan);

/*
 * Makes what only the runtime may make.  LINUX is the one of device_plan_new(); its mappings
 * say whom a device of a new user namespace belongs to.  Where that cannot be, there is a
 * warning if it was asked for.
 */
void device_plan_open(struct device_plan *plan, const struct oci_linux *linux);

/* The caller's "/" must still be the host's, and its umask 0. */
int device_plan_make(const struct device_plan *plan, int root_fd, struct error *err);

/* Puts the pty slave SLAVE_FD (opened in the caller's mount namespace) on /dev/console. */
int device_make_console(int root_fd, int slave_fd, struct error *err);
