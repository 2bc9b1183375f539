/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a cgroup2 has used: its statistics, read once.  A file that is not there
 * (the controller is not enabled, the kernel too old or built without it) leaves
 * its numbers 0 and its lists empty.  Reference: admin-guide/cgroup-v2.rst,
 * accounting/psi.rst.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct cgroup;

/* What "max" reads as. */
#define CGROUP_NO_LIMIT UINT64_MAX

/* A file of lines "key number". */
struct cgroup_counters {
	struct cgroup_counter {
		char *key;
		uint64_t value;
	} *v;
	size_t n;
};

/* Pressure stall information: percentages of time, and microseconds since the beginning. */
struct cgroup_stall {
	double avg10, avg60, avg300;
	uint64_t total;
};

struct cgroup_pressure {
	bool is_known;
	struct cgroup_stall some, full;
};

struct cgroup_io_device {
	unsigned int major, minor;
	uint64_t read_bytes, written_bytes, reads, writes;
};

struct cgroup_huge_pages {
	/* As the kernel names it: "2MB". */
	char *size;
	uint64_t usage, failures;
};

struct cgroup_stats {
	struct cgroup_counters cpu, memory, memory_events;
	struct {
		uint64_t current, peak, max, swap_current, swap_max;
		/* Whether there are files about swap. */
		bool has_swap;
	} bytes;
	struct {
		uint64_t current;
		/* 0 without a limit. */
		uint64_t max;
	} pids;
	struct cgroup_io_device *io;
	size_t n_io;
	struct cgroup_huge_pages *huge_pages;
	size_t n_huge_pages;
	struct cgroup_pressure cpu_pressure, memory_pressure, io_pressure;
};

/* -ENOENT when the cgroup is gone. */
int cgroup_stats_read(const struct cgroup *cg, struct cgroup_stats *out, struct error *err);
void cgroup_stats_fini(struct cgroup_stats *stats);
#define cleanup_cgroup_stats __attribute__((cleanup(cgroup_stats_fini)))

/* The value of KEY, or 0. */
uint64_t cgroup_counter(const struct cgroup_counters *counters, const char *key);

/* Reads the file NAME of lines "key number" below DIR_FD; missing is empty. */
int cgroup_counters_read(int dir_fd, const char *name, struct cgroup_counters *out,
			 struct error *err);
void cgroup_counters_fini(struct cgroup_counters *counters);
