/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroup of a container under construction. */
#pragma once

#include <stdbool.h>

#include "base/error.h"

struct creation;

/* Makes it as config.json says, and notes it in the record. */
int creation_make_cgroup(struct creation *cr, struct error *err);

/*
 * A limit of so few tasks would stop the clone into the cgroup, or the clone of a
 * stage process there: init is moved, which no limit stops, and waits until it was.
 */
bool creation_enters_cgroup_late(const struct creation *cr);

/* To be called when init is there, born in the cgroup or not: it is in it from then on. */
int creation_settle_cgroup(struct creation *cr, bool born_there, struct error *err);

/*
 * The user who will run in the cgroup may make cgroups below it where config.json
 * shows it writable.  Who that is on the host, the map of init's user namespace says.
 */
int creation_delegate_cgroup(struct creation *cr, struct error *err);
