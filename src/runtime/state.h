/* SPDX-License-Identifier: Apache-2.0 */
/* state and list: what the containers are doing (runtime.md, Query State). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "libocispec/runtime.h"
#include "runtime/container.h"

/*
 * The state document of the specification, and what engines expect besides:
 * rootfs, created and owner.  Strings live in the container it was made from.
 */
struct state_report {
	const char *oci_version;
	const char *id;
	/* 0 when there is no process. */
	int32_t pid;
	enum oci_status status;
	const char *bundle;
	const char *rootfs;
	const char *created;
	/* A user's name, or "#UID" where it has none. */
	const char *owner;
	struct oci_string_map annotations;
};

extern const struct oci_object state_report_object;

int state_report_make(struct container *c, struct state_report *out, struct error *err);

/* The report on ID as indented JSON; *JSON is the caller's to free. */
int container_state(const char *root, const char *id, char **json, struct error *err);

/* All reports below a root, sorted by id; they share one arena. */
struct state_list {
	struct strvec ids;
	struct oci_arena arena;
	struct state_report *reports;
	size_t n;
};
#define STATE_LIST_INIT { .ids = STRVEC_INIT, .arena = OCI_ARENA_INIT }

/*
 * A container that cannot be read is a warning and left out; so is one that
 * is deleted meanwhile, silently.
 */
int state_list_load(const char *root, struct state_list *out, struct error *err);
void state_list_fini(struct state_list *list);
#define cleanup_state_list __attribute__((cleanup(state_list_fini)))

/* The reports as a JSON array on one line; *JSON is the caller's to free. */
int state_list_json(const struct state_list *list, char **json, struct error *err);
