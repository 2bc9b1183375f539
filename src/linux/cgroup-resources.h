/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources as writes into the files of a cgroup2.  Making the plan is
 * pure: no file is touched, so a wrong value is found before anything exists.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct oci_resources;

/* Controllers of cgroup2 that have files we write; their order is that of cgroup_controllers. */
enum cgroup_controller {
	CGROUP_CPUSET,
	CGROUP_CPU,
	CGROUP_IO,
	CGROUP_MEMORY,
	CGROUP_HUGETLB,
	CGROUP_PIDS,
	CGROUP_RDMA,
	CGROUP_MISC,
	CGROUP_DMEM,
	CGROUP_N_CONTROLLERS,
	/* Files of the core, which are always there. */
	CGROUP_NO_CONTROLLER = CGROUP_N_CONTROLLERS,
};

extern const char *const cgroup_controllers[CGROUP_N_CONTROLLERS];

struct cgroup_write {
	enum cgroup_controller controller;
	/* Heap strings. VALUE may have several lines, each a write(2) of its own. */
	char *file;
	char *value;
	/* Written when FILE does not exist; or NULL. */
	char *fallback_file;
	char *fallback_value;
	/* FILE may be missing: then the value says what holds without it. */
	bool is_optional;
	/* The place in config.json, on the heap. */
	char *pointer;
};

/* In the order in which they are to be written. */
struct cgroup_plan {
	struct cgroup_write *v;
	size_t n;
};

/* RESOURCES may be NULL; devices are not part of it (device-bpf.h). */
int cgroup_plan_make(const struct oci_resources *resources, struct cgroup_plan *out,
		     struct error *err);
void cgroup_plan_fini(struct cgroup_plan *plan);
#define cleanup_cgroup_plan __attribute__((cleanup(cgroup_plan_fini)))

/* The controllers the plan cannot do without: bit 1 << enum cgroup_controller. */
unsigned int cgroup_plan_controllers(const struct cgroup_plan *plan);

/* One of them, in all its lines. */
int cgroup_write_apply(const struct cgroup_write *write, int dir_fd, struct error *err);

/* Writes each line of VALUE into FILE; an empty value is one empty line. */
int cgroup_write_lines(int dir_fd, const char *file, const char *value, struct error *err);

/* Writes them all into the cgroup DIR_FD; stops at the first failure. */
int cgroup_plan_apply(const struct cgroup_plan *plan, int dir_fd, struct error *err);

/* The weight (1 to 10000) that means what SHARES (2 to 262144) means on version 1. */
unsigned long cgroup_weight_of_shares(unsigned long shares);
