/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The five capability sets of a process.  Reference: capabilities(7),
 * runtime-spec config.md "process.capabilities".
 */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

struct oci_capabilities;

/* Bit N is capability number N. */
struct capability_sets {
	uint64_t bounding;
	uint64_t permitted;
	uint64_t effective;
	uint64_t inheritable;
	uint64_t ambient;
};

/* The number of "CAP_CHOWN" (any case, the prefix may be missing), or -ENOENT. */
int capability_from_name(const char *name);

/*
 * The sets of CAPS, NULL for none at all.  As the spec wants, a name that is
 * unknown or not in GRANTABLE is a warning and is left out; so is what the
 * kernel would refuse (effective or ambient without permitted).
 */
void capability_parse(const struct oci_capabilities *caps, uint64_t grantable,
		      struct capability_sets *out);

/*
 * What a process cloned from this one can have: everything the kernel knows in
 * a user namespace of its own, else what we hold ourselves.
 */
uint64_t capability_grantable(bool other_user_namespace);

/*
 * Adds NAME the way "exec --cap" means it: to bounding, permitted and
 * effective, never to inheritable.  An unknown name is a warning.
 */
void capability_add(struct capability_sets *sets, const char *name);

/*
 * Before the uid changes: cuts the bounding set down and, where it becomes
 * another than root's, asks the kernel to keep the permitted set across the change.
 */
int capability_apply_bounding(const struct capability_sets *sets, bool leaves_root,
			      struct error *err);

/* After the uid changed: the other four sets. */
int capability_apply(const struct capability_sets *sets, struct error *err);

/* Appends the names of all that this kernel and this program know, for "features". */
void capability_list(struct strvec *out);
