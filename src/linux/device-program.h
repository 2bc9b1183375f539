/* SPDX-License-Identifier: Apache-2.0 */
/* Rules for devices, compiled into an eBPF program of type BPF_PROG_TYPE_CGROUP_DEVICE. */
#pragma once

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DEVICE_ANY = -1,
	DEVICE_ACCESS_ALL = BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE,
};

struct device_rule {
	/* 'a' (both), 'b' or 'c'. */
	char type;
	/* DEVICE_ANY for all. */
	int64_t major, minor;
	/* BPF_DEVCG_ACC_*. */
	unsigned int access;
	bool allow;
};

/*
 * The program for RULES, of which a later one overrides the earlier for the
 * kinds of access it names; what no rule mentions is denied.  *OUT is the
 * heap's; NULL with *N 0 when the rules allow everything.
 */
void device_program_make(const struct device_rule *rules, size_t n_rules, struct bpf_insn **out,
			 size_t *n);
