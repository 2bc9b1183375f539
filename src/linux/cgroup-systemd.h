/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the systemd driver: names of units, their properties, and the call of
 * the helper program that speaks D-Bus.  Callers outside use linux/cgroup.h.
 *
 * Making names and properties is pure.  References: systemd.unit(5),
 * org.freedesktop.systemd1(5), and the text format of GVariant.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/str.h"

struct cgroup_plan;
struct device_rule;
struct oci_string_map;

/* --- names (cgroup-systemd-unit.c) ---------------------------------------------------- */

/* Heap strings. */
struct systemd_unit {
	/* The slice it goes into; NULL when it is a slice itself, whose name says where. */
	char *slice;
	/* "prefix-name.scope", or the slice. */
	char *name;
};

void systemd_unit_fini(struct systemd_unit *unit);
#define cleanup_systemd_unit __attribute__((cleanup(systemd_unit_fini)))

/*
 * linux.cgroupsPath "slice:prefix:name".  An empty slice is system.slice, or
 * user.slice of the USER's manager; "-" is the root slice; without a prefix
 * the name stands alone; a name "x.slice" makes a slice.  NULL and "" are
 * ":dabba:ID".  Characters that no unit name has are escaped as
 * systemd-escape(1) does.
 */
int systemd_unit_parse(const char *path, const char *id, bool user, struct systemd_unit *out,
		       struct error *err);

/* The unit whose cgroup is PATH: its last name, unescaped. */
const char *systemd_unit_of_path(const char *path);

/* --- properties (cgroup-systemd-property.c) ------------------------------------------- */

struct systemd_property {
	char *name;
	/* As D-Bus has it; the heap's, as NAME. */
	char *signature;
	/* The basic values in their order, as text; an array starts with its length. */
	struct strvec values;
};

struct systemd_properties {
	struct systemd_property *v;
	size_t n;
};

void systemd_properties_fini(struct systemd_properties *props);
#define cleanup_systemd_properties __attribute__((cleanup(systemd_properties_fini)))

/* An empty one of that name, in place of an older one. Valid until the next is added. */
struct systemd_property *systemd_properties_add(struct systemd_properties *props,
						const char *name, const char *signature);

/* The same with its only value. */
void systemd_properties_set(struct systemd_properties *props, const char *name,
			    const char *signature, const char *value);

/*
 * What the content VALUE of the cgroup file FILE is as properties; files that
 * systemd has no property for add none.
 */
int systemd_properties_from_file(struct systemd_properties *props, const char *file,
				 const char *value, struct error *err);

/* The writes of PLAN. A name that ends in "@N" is for systemd N and newer. */
int systemd_properties_from_plan(struct systemd_properties *props,
				 const struct cgroup_plan *plan, struct error *err);

/*
 * Device rules as DevicePolicy= and DeviceAllow=: all that RULES may allow, as
 * systemd has no rules that deny.  It never forbids what they grant.  Rules
 * the unit has had before are replaced.  N is 1 at least.
 */
void systemd_properties_from_devices(struct systemd_properties *props,
				     const struct device_rule *rules, size_t n);

/* --- annotations (cgroup-systemd-annotation.c) ---------------------------------------- */

/* What the names of such annotations begin with. */
#define SYSTEMD_ANNOTATION_PREFIX "org.systemd.property."

/* "org.systemd.property.NAME": GVariant text; a NAME of seconds ("...Sec") becomes "...USec". */
int systemd_properties_from_annotations(struct systemd_properties *props,
					const struct oci_string_map *annotations,
					struct error *err);

/* --- values as text (cgroup-systemd-variant.c) ---------------------------------------- */

/*
 * Reads TEXT, one value in GVariant's text format: booleans, numbers, strings,
 * arrays and tuples, with the types that "uint64 5" or "@as []" name.  The
 * signature goes to SIGNATURE and the values to VALUES, as above.
 */
int systemd_variant_parse(const char *text, struct strbuf *signature, struct strvec *values,
			  struct error *err);

/* --- the helper program (cgroup-systemd-call.c) --------------------------------------- */

/* Whether the caller's manager is that of a user and not the system's. */
bool systemd_is_user(void);

/*
 * Each runs "dabba-systemd" (src/systemd/main.c) with the verb of its name and
 * waits until what it asks for has been done.
 */

/* *CGROUP is the path of the new unit's cgroup, on the heap. */
int systemd_start(const char *unit, const struct systemd_properties *props, char **cgroup,
		  struct error *err);
int systemd_set(const char *unit, const struct systemd_properties *props, struct error *err);

/* BELOW is a path below the unit's cgroup, "" for that itself. */
int systemd_attach(const char *unit, const char *below, pid_t pid, struct error *err);

/* A unit that is not there is stopped. */
int systemd_stop(const char *unit, struct error *err);
