/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the kernel schedules a process: CPU policy, I/O priority, CPU affinity
 * and memory policy.  Reference: sched(7), ioprio_set(2), set_mempolicy(2),
 * config.md "scheduler", "ioPriority", "execCPUAffinity", config-linux.md
 * "memoryPolicy".
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct oci_exec_cpu_affinity;
struct oci_io_priority;
struct oci_memory_policy;
struct oci_scheduler;

enum { SCHEDULE_MAX_BITS = 8192 };

/* A set of CPUs or memory nodes. */
struct schedule_bits {
	unsigned long word[SCHEDULE_MAX_BITS / (8 * sizeof(unsigned long))];
	bool set;
};

/* The kernel's struct sched_attr, which glibc 2.36 does not have. */
struct schedule_attr {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime;
	uint64_t deadline;
	uint64_t period;
	uint32_t util_min;
	uint32_t util_max;
};

struct schedule {
	/* size 0: not asked for. */
	struct schedule_attr attr;
	/* 0: not asked for. */
	int io_priority;
	/* -1: not asked for. */
	int memory_mode;
	struct schedule_bits memory_nodes;
};
#define SCHEDULE_INIT { .memory_mode = -1 }

struct schedule_affinity {
	struct schedule_bits initial;
	struct schedule_bits final;
};

/* Each argument may be NULL. */
int schedule_parse(const struct oci_scheduler *scheduler, const struct oci_io_priority *io,
		   const struct oci_memory_policy *memory, struct schedule *out,
		   struct error *err);
int schedule_parse_affinity(const struct oci_exec_cpu_affinity *affinity,
			    struct schedule_affinity *out, struct error *err);

/* "0-3,7" into OUT; WHERE names the field in errors. */
int schedule_parse_list(const char *text, const char *where, struct schedule_bits *out,
			struct error *err);

/* For this process; needs privileges, so before they are dropped. */
int schedule_apply(const struct schedule *schedule, struct error *err);

/* Pins this process to CPUS; an unset list is fine and changes nothing. */
int schedule_apply_affinity(const struct schedule_bits *cpus, struct error *err);

/*
 * Undoes an affinity inherited from the caller: all CPUs the cgroup allows.
 * For a process that has just entered its cgroup.
 */
void schedule_reset_affinity(void);
