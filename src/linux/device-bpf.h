/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources.devices on cgroup2: the rules compiled into one eBPF program
 * of type BPF_PROG_TYPE_CGROUP_DEVICE and attached to the cgroup.  Nothing is
 * loaded where there are no rules, or where they allow everything.
 * Reference: bpf(2); config-linux.md, "Allowed Device list"; Linux 4.15.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "linux/device-program.h"

struct oci_device;
struct oci_resources;

/* "rwm" in any order to BPF_DEVCG_ACC_*; 0 for anything else. */
unsigned int device_access_parse(const char *text);

/*
 * The rules of RESOURCES followed by those every container has and those for
 * the nodes of linux.devices; *OUT is the heap's.  No rules asked for: none.
 */
int device_rules_make(const struct oci_resources *resources, const struct oci_device *devices,
		      size_t n_devices, struct device_rule **out, size_t *n, struct error *err);

/*
 * Loads and attaches what RESOURCES asks for, in place of what an earlier call
 * has attached.  Without rules in RESOURCES everything stays as it is.  The devices every container has
 * stay usable, and those of linux.devices may be made, whatever the rules say.
 * For a caller who is not root of the host, whom the kernel refuses, this does nothing: device
 * nodes are out of its reach by file ownership already.
 */
int device_bpf_attach(int cgroup_fd, const struct oci_resources *resources,
		      const struct oci_device *devices, size_t n_devices, struct error *err);
