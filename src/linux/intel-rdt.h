/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cache and memory bandwidth of a container: a group in the resctrl file
 * system, with a schemata file that says which parts of the caches and how much
 * bandwidth its tasks get, and optionally a monitoring group below it.
 *
 * All functions take an fd of the root of that file system, so that any tree
 * of such files will do.  Reference: the kernel's filesystems/resctrl.rst;
 * config-linux.md, "IntelRdt".
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

struct oci_intel_rdt;
struct strbuf;

struct intel_rdt {
	/* Paths below the root of the file system, the heap's; "." is the default group. */
	char *group;
	/* NULL without enableMonitoring. */
	char *monitor;
	/* The group was not there before: its schemata are ours, and so is its end. */
	bool made_group;
};

#define INTEL_RDT_INIT { .group = NULL }

/* Frees; the groups stay. */
void intel_rdt_fini(struct intel_rdt *group);
#define cleanup_intel_rdt __attribute__((cleanup(intel_rdt_fini)))

/* What can be said without looking at the file system: the form of each value. */
int intel_rdt_check(const struct oci_intel_rdt *config, struct error *err);

/* An fd of the first resctrl mount; -ENODEV explains that there is none. */
int intel_rdt_open_root(struct error *err);

/*
 * Makes or finds the group that CONFIG means for the container ID.  With a
 * closID and nothing to write it must exist; without a closID it is ID's own
 * and must not (-EEXIST).  On failure nothing is left behind.
 */
int intel_rdt_make(int root_fd, const struct oci_intel_rdt *config, const char *id,
		   struct intel_rdt *out, struct error *err);

/*
 * Writes the schemata, after having compared them with those of a group that
 * was there before (-EINVAL when they differ: it is shared).
 */
int intel_rdt_configure(int root_fd, const struct oci_intel_rdt *config,
			const struct intel_rdt *group, struct error *err);

/*
 * Writes the schemas of CONFIG into GROUP, where the kernel takes all or nothing;
 * OLD gets the schemata from before, for intel_rdt_write().
 */
int intel_rdt_update(int root_fd, const struct oci_intel_rdt *config, const char *group,
		     struct strbuf *old, struct error *err);

/* Writes TEXT, lines of RESOURCE:ID=VALUE;..., into the schemata of GROUP. */
int intel_rdt_write(int root_fd, const char *group, const char *text, struct error *err);

/* Puts the single-threaded process PID into GROUP and, if not NULL, MONITOR. */
int intel_rdt_enter(int root_fd, const char *group, const char *monitor, pid_t pid,
		    struct error *err);

/* Removes the group PATH unless others have tasks in it. Gone already is no error. */
int intel_rdt_remove(int root_fd, const char *path, struct error *err);
