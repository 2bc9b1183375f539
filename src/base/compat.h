/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel interfaces newer than Debian 12's headers.  The one place where the
 * tree asks the preprocessor what the build machine has.
 */
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mount.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif

#ifndef MOUNT_ATTR_IDMAP
#define MOUNT_ATTR_IDMAP 0x00100000
#endif

#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif

#ifndef OPEN_TREE_NAMESPACE
#define OPEN_TREE_NAMESPACE 2
#endif

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

/* linux/magic.h of Debian 12 has these, but not under every libc. */
#ifndef PROC_SUPER_MAGIC
#define PROC_SUPER_MAGIC 0x9fa0
#endif
#ifndef CGROUP2_SUPER_MAGIC
#define CGROUP2_SUPER_MAGIC 0x63677270
#endif
#ifndef DEVPTS_SUPER_MAGIC
#define DEVPTS_SUPER_MAGIC 0x1cd1
#endif

/* enum oci_seccomp_arch of what this is built for. */
#if defined(__x86_64__) && defined(__ILP32__)
#define COMPAT_SECCOMP_ARCH OCI_SECCOMP_ARCH_X32
#elif defined(__x86_64__)
#define COMPAT_SECCOMP_ARCH OCI_SECCOMP_ARCH_X86_64
#elif defined(__i386__)
#define COMPAT_SECCOMP_ARCH OCI_SECCOMP_ARCH_X86
#elif defined(__aarch64__)
#define COMPAT_SECCOMP_ARCH OCI_SECCOMP_ARCH_AARCH64
#elif defined(__arm__)
#define COMPAT_SECCOMP_ARCH OCI_SECCOMP_ARCH_ARM
#elif defined(__loongarch64)
#define COMPAT_SECCOMP_ARCH OCI_SECCOMP_ARCH_LOONGARCH64
#elif defined(__m68k__)
#define COMPAT_SECCOMP_ARCH OCI_SECCOMP_ARCH_M68K
#elif defined(__mips__) && _MIPS_SIM == _ABIO32 && defined(__MIPSEL__)
#define COMPAT_SECCOMP_ARCH OCI_SECCOMP_ARCH_MIPSEL
#elif defined(__mips__) && _MIPS_SIM == _ABIO32
#define COMPAT_SECCOMP_ARCH OCI_SECCOMP_ARCH_MIPS
#elif defined(__mips__) && _MIPS_SIM == _ABIN32 && defined(__MIPSEL__)
#define COMPAT_SECCOMP_ARCH OCI_SECCOMP_ARCH_MIPSEL64N32
#elif defined(__mips__) && _MIPS_SIM == _ABIN32
#define COMPAT_SECCOMP_ARCH OCI_SECCOMP_ARCH_MIPS64N32
#elif defined(__mips__) && defined(__MIPSEL__)
#define COMPAT_SECCOMP_ARCH OCI_SECCOMP_ARCH_MIPSEL64
#elif defined(__mips__)
#define COMPAT_SECCOMP_ARCH OCI_SECCOMP_ARCH_MIPS64
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define COMPAT_SECCOMP_ARCH OCI_SECCOMP_ARCH_PPC64LE
#elif defined(__powerpc64__)
#define COMPAT_SECCOMP_ARCH OCI_SECCOMP_ARCH_PPC64
#elif defined(__powerpc__)
#define COMPAT_SECCOMP_ARCH OCI_SECCOMP_ARCH_PPC
#elif defined(__s390x__)
#define COMPAT_SECCOMP_ARCH OCI_SECCOMP_ARCH_S390X
#elif defined(__s390__)
#define COMPAT_SECCOMP_ARCH OCI_SECCOMP_ARCH_S390
#elif defined(__riscv) && __riscv_xlen == 64
#define COMPAT_SECCOMP_ARCH OCI_SECCOMP_ARCH_RISCV64
#elif defined(__hppa__)
#define COMPAT_SECCOMP_ARCH OCI_SECCOMP_ARCH_PARISC
#elif defined(__sh__) && defined(__LITTLE_ENDIAN__)
#define COMPAT_SECCOMP_ARCH OCI_SECCOMP_ARCH_SH
#elif defined(__sh__)
#define COMPAT_SECCOMP_ARCH OCI_SECCOMP_ARCH_SHEB
#else
#error "seccomp: the specification has no name for this architecture"
#endif
