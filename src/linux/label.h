/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SELinux contexts and AppArmor profiles.  Whether the host has the module and
 * knows the label is found out in the parent; the container's init only writes
 * to its own /proc/self/attr, through the checked fd of base/proc.h.
 * Reference: selinux(8), apparmor(7), proc(5) "attr".
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"

bool label_selinux_enabled(void);
bool label_apparmor_enabled(void);

/*
 * Refuses a context that the loaded policy does not know, and any context on a
 * host without SELinux.  POINTER is its place in the document, such as
 * "process.selinuxLabel".  NULL and "" ask for nothing.
 */
int label_check_selinux(const char *context, const char *pointer, struct error *err);

/* The same for a profile that is not loaded; "unconfined" always is. */
int label_check_apparmor(const char *profile, struct error *err);

/*
 * What the next execve(2) of this process changes to.  Call after the last fork
 * and before the seccomp filter.  NULL and "" ask for nothing.
 */
int label_apply_exec(const char *selinux, const char *apparmor, struct error *err);

/* The context of keyrings made from now on by this thread; "" is the default again. */
int label_apply_keycreate(const char *context, struct error *err);

/*
 * The mount data that labels a new file system: context="..." quoted as the
 * kernel wants it.  Appends to DATA after a comma if it holds something.
 */
void label_add_mount_data(const char *context, struct strbuf *data);
