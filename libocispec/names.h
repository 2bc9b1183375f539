/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every enumeration of the specifications, and the name of each of its values.
 * The reader, the writer and the features document use the same tables.
 *
 * Value 0 always means "absent", and each table's entry 0 is NULL; the names stand
 * at [1] to [n - 1], so that
 *
 *	for (size_t i = 1; i < oci_namespace_names.n; i++)
 *		use(oci_namespace_names.names[i]);
 *
 * visits them all.
 */
#pragma once

#include <stddef.h>

struct oci_names {
	/* What an error calls one of them: "a namespace type". */
	const char *what;
	const char *const *names;
	size_t n;
};

/* The name of VALUE, or NULL for 0 and what is no value of the enumeration. */
const char *oci_name(const struct oci_names *names, unsigned int value);

/* The value of the LEN bytes at NAME, or 0. */
unsigned int oci_name_value(const struct oci_names *names, const char *name, size_t len);

enum oci_namespace_type {
	OCI_NAMESPACE_MOUNT = 1,
	OCI_NAMESPACE_PID,
	OCI_NAMESPACE_NETWORK,
	OCI_NAMESPACE_UTS,
	OCI_NAMESPACE_IPC,
	OCI_NAMESPACE_USER,
	OCI_NAMESPACE_CGROUP,
	OCI_NAMESPACE_TIME,
};
extern const struct oci_names oci_namespace_names;

/* What the state of a container can be. */
enum oci_status {
	OCI_STATUS_CREATING = 1,
	OCI_STATUS_CREATED,
	OCI_STATUS_RUNNING,
	OCI_STATUS_STOPPED,
	/* Not of the specification, but what every runtime reports. */
	OCI_STATUS_PAUSED,
};
extern const struct oci_names oci_status_names;

/* In the order in which they run. */
enum oci_hook_kind {
	OCI_HOOK_PRESTART = 1,
	OCI_HOOK_CREATE_RUNTIME,
	OCI_HOOK_CREATE_CONTAINER,
	OCI_HOOK_START_CONTAINER,
	OCI_HOOK_POSTSTART,
	OCI_HOOK_POSTSTOP,
};
extern const struct oci_names oci_hook_names;

enum oci_rlimit_type {
	OCI_RLIMIT_AS = 1,
	OCI_RLIMIT_CORE,
	OCI_RLIMIT_CPU,
	OCI_RLIMIT_DATA,
	OCI_RLIMIT_FSIZE,
	OCI_RLIMIT_LOCKS,
	OCI_RLIMIT_MEMLOCK,
	OCI_RLIMIT_MSGQUEUE,
	OCI_RLIMIT_NICE,
	OCI_RLIMIT_NOFILE,
	OCI_RLIMIT_NPROC,
	OCI_RLIMIT_RSS,
	OCI_RLIMIT_RTPRIO,
	OCI_RLIMIT_RTTIME,
	OCI_RLIMIT_SIGPENDING,
	OCI_RLIMIT_STACK,
};
extern const struct oci_names oci_rlimit_names;

enum oci_scheduler_policy {
	OCI_SCHEDULER_POLICY_OTHER = 1,
	OCI_SCHEDULER_POLICY_FIFO,
	OCI_SCHEDULER_POLICY_RR,
	OCI_SCHEDULER_POLICY_BATCH,
	OCI_SCHEDULER_POLICY_ISO,
	OCI_SCHEDULER_POLICY_IDLE,
	OCI_SCHEDULER_POLICY_DEADLINE,
};
extern const struct oci_names oci_scheduler_policy_names;

enum oci_scheduler_flag {
	OCI_SCHEDULER_FLAG_RESET_ON_FORK = 1,
	OCI_SCHEDULER_FLAG_RECLAIM,
	OCI_SCHEDULER_FLAG_DL_OVERRUN,
	OCI_SCHEDULER_FLAG_KEEP_POLICY,
	OCI_SCHEDULER_FLAG_KEEP_PARAMS,
	OCI_SCHEDULER_FLAG_UTIL_CLAMP_MIN,
	OCI_SCHEDULER_FLAG_UTIL_CLAMP_MAX,
};
extern const struct oci_names oci_scheduler_flag_names;

enum oci_io_priority_class {
	OCI_IO_PRIORITY_CLASS_RT = 1,
	OCI_IO_PRIORITY_CLASS_BE,
	OCI_IO_PRIORITY_CLASS_IDLE,
};
extern const struct oci_names oci_io_priority_class_names;

enum oci_personality_domain {
	OCI_PERSONALITY_DOMAIN_LINUX = 1,
	OCI_PERSONALITY_DOMAIN_LINUX32,
};
extern const struct oci_names oci_personality_domain_names;

enum oci_memory_policy_mode {
	OCI_MEMORY_POLICY_MODE_DEFAULT = 1,
	OCI_MEMORY_POLICY_MODE_BIND,
	OCI_MEMORY_POLICY_MODE_INTERLEAVE,
	OCI_MEMORY_POLICY_MODE_WEIGHTED_INTERLEAVE,
	OCI_MEMORY_POLICY_MODE_PREFERRED,
	OCI_MEMORY_POLICY_MODE_PREFERRED_MANY,
	OCI_MEMORY_POLICY_MODE_LOCAL,
};
extern const struct oci_names oci_memory_policy_mode_names;

enum oci_memory_policy_flag {
	OCI_MEMORY_POLICY_FLAG_NUMA_BALANCING = 1,
	OCI_MEMORY_POLICY_FLAG_RELATIVE_NODES,
	OCI_MEMORY_POLICY_FLAG_STATIC_NODES,
};
extern const struct oci_names oci_memory_policy_flag_names;

/*
 * linux.rootfsPropagation: the four of the specification, and their recursive forms,
 * which engines send.
 */
enum oci_propagation {
	OCI_PROPAGATION_PRIVATE = 1,
	OCI_PROPAGATION_SHARED,
	OCI_PROPAGATION_SLAVE,
	OCI_PROPAGATION_UNBINDABLE,
	OCI_PROPAGATION_RPRIVATE,
	OCI_PROPAGATION_RSHARED,
	OCI_PROPAGATION_RSLAVE,
	OCI_PROPAGATION_RUNBINDABLE,
};
extern const struct oci_names oci_propagation_names;

enum oci_device_type {
	OCI_DEVICE_TYPE_CHAR = 1,
	OCI_DEVICE_TYPE_BLOCK,
	OCI_DEVICE_TYPE_UNBUFFERED, /* "u": a character device by another name */
	OCI_DEVICE_TYPE_FIFO,
	/* In rules of the devices cgroup only. */
	OCI_DEVICE_TYPE_ALL,
};
/* For linux.devices: without OCI_DEVICE_TYPE_ALL. */
extern const struct oci_names oci_device_type_names;
extern const struct oci_names oci_device_rule_type_names;

enum oci_seccomp_action {
	OCI_SECCOMP_ACTION_KILL = 1,
	OCI_SECCOMP_ACTION_KILL_PROCESS,
	OCI_SECCOMP_ACTION_KILL_THREAD,
	OCI_SECCOMP_ACTION_TRAP,
	OCI_SECCOMP_ACTION_ERRNO,
	OCI_SECCOMP_ACTION_TRACE,
	OCI_SECCOMP_ACTION_ALLOW,
	OCI_SECCOMP_ACTION_LOG,
	OCI_SECCOMP_ACTION_NOTIFY,
};
extern const struct oci_names oci_seccomp_action_names;

enum oci_seccomp_operator {
	OCI_SECCOMP_OPERATOR_NE = 1,
	OCI_SECCOMP_OPERATOR_LT,
	OCI_SECCOMP_OPERATOR_LE,
	OCI_SECCOMP_OPERATOR_EQ,
	OCI_SECCOMP_OPERATOR_GE,
	OCI_SECCOMP_OPERATOR_GT,
	OCI_SECCOMP_OPERATOR_MASKED_EQ,
};
extern const struct oci_names oci_seccomp_operator_names;

enum oci_seccomp_flag {
	OCI_SECCOMP_FLAG_TSYNC = 1,
	OCI_SECCOMP_FLAG_LOG,
	OCI_SECCOMP_FLAG_SPEC_ALLOW,
	OCI_SECCOMP_FLAG_WAIT_KILLABLE_RECV,
};
extern const struct oci_names oci_seccomp_flag_names;

enum oci_seccomp_arch {
	OCI_SECCOMP_ARCH_X86 = 1,
	OCI_SECCOMP_ARCH_X86_64,
	OCI_SECCOMP_ARCH_X32,
	OCI_SECCOMP_ARCH_ARM,
	OCI_SECCOMP_ARCH_AARCH64,
	OCI_SECCOMP_ARCH_LOONGARCH64,
	OCI_SECCOMP_ARCH_M68K,
	OCI_SECCOMP_ARCH_MIPS,
	OCI_SECCOMP_ARCH_MIPS64,
	OCI_SECCOMP_ARCH_MIPS64N32,
	OCI_SECCOMP_ARCH_MIPSEL,
	OCI_SECCOMP_ARCH_MIPSEL64,
	OCI_SECCOMP_ARCH_MIPSEL64N32,
	OCI_SECCOMP_ARCH_PPC,
	OCI_SECCOMP_ARCH_PPC64,
	OCI_SECCOMP_ARCH_PPC64LE,
	OCI_SECCOMP_ARCH_S390,
	OCI_SECCOMP_ARCH_S390X,
	OCI_SECCOMP_ARCH_SH,
	OCI_SECCOMP_ARCH_SHEB,
	OCI_SECCOMP_ARCH_PARISC,
	OCI_SECCOMP_ARCH_PARISC64,
	OCI_SECCOMP_ARCH_RISCV64,
};
extern const struct oci_names oci_seccomp_arch_names;
