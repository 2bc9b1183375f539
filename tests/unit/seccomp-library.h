/* SPDX-License-Identifier: Apache-2.0 */
/* A filter as libseccomp builds it, to hold against ours. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "libocispec/names.h"

struct oci_seccomp;
struct oci_seccomp_syscall;
struct seccomp_program;

/* The terms of libseccomp and of the kernel for those of the document. */
uint32_t library_arch(enum oci_seccomp_arch arch);
uint32_t library_action(enum oci_seccomp_action action, const uint32_t *errno_ret);

/* Two conditions of RULE are on one argument: then all of them are alternatives. */
bool library_is_split(const struct oci_seccomp_syscall *rule);

/* Writes libseccomp's filter to FD; OPTIMIZED: its binary tree, else its list. */
int library_build(const struct oci_seccomp *seccomp, bool optimized, int fd);

/*
 * Sets OUT's filter (heap).  In a process of its own: what libseccomp refuses gives
 * its negative errno, what is too long for the kernel -E2BIG; where it does not come to an end in half a second, -ETIMEDOUT.
 */
int library_compile(const struct oci_seccomp *seccomp, struct seccomp_program *out);
