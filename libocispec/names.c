/* SPDX-License-Identifier: Apache-2.0 */
/* The tables.  A name and its enumerator stand in one line, so none can be off by one. */
#include "libocispec/names.h"

#include <string.h>

#define TABLE(description, list)                                                           \
	{ .what = (description), .names = (list), .n = sizeof(list) / sizeof((list)[0]) }

const char *oci_name(const struct oci_names *names, unsigned int value)
{
	return value < names->n ? names->names[value] : NULL;
}

unsigned int oci_name_value(const struct oci_names *names, const char *name, size_t len)
{
	for (unsigned int i = 1; i < names->n; i++)
		if (strlen(names->names[i]) == len && memcmp(names->names[i], name, len) == 0)
			return i;
	return 0;
}

/* clang-format off */
static const char *const namespace[] = {
	[OCI_NAMESPACE_MOUNT]   = "mount",
	[OCI_NAMESPACE_PID]     = "pid",
	[OCI_NAMESPACE_NETWORK] = "network",
	[OCI_NAMESPACE_UTS]     = "uts",
	[OCI_NAMESPACE_IPC]     = "ipc",
	[OCI_NAMESPACE_USER]    = "user",
	[OCI_NAMESPACE_CGROUP]  = "cgroup",
	[OCI_NAMESPACE_TIME]    = "time",
};
const struct oci_names oci_namespace_names =
	TABLE("a type of namespace", namespace);

static const char *const status[] = {
	[OCI_STATUS_CREATING] = "creating",
	[OCI_STATUS_CREATED]  = "created",
	[OCI_STATUS_RUNNING]  = "running",
	[OCI_STATUS_STOPPED]  = "stopped",
	[OCI_STATUS_PAUSED]   = "paused",
};
const struct oci_names oci_status_names =
	TABLE("a state", status);

static const char *const hook[] = {
	[OCI_HOOK_PRESTART]         = "prestart",
	[OCI_HOOK_CREATE_RUNTIME]   = "createRuntime",
	[OCI_HOOK_CREATE_CONTAINER] = "createContainer",
	[OCI_HOOK_START_CONTAINER]  = "startContainer",
	[OCI_HOOK_POSTSTART]        = "poststart",
	[OCI_HOOK_POSTSTOP]         = "poststop",
};
const struct oci_names oci_hook_names =
	TABLE("a hook", hook);

static const char *const rlimit[] = {
	[OCI_RLIMIT_AS]         = "RLIMIT_AS",
	[OCI_RLIMIT_CORE]       = "RLIMIT_CORE",
	[OCI_RLIMIT_CPU]        = "RLIMIT_CPU",
	[OCI_RLIMIT_DATA]       = "RLIMIT_DATA",
	[OCI_RLIMIT_FSIZE]      = "RLIMIT_FSIZE",
	[OCI_RLIMIT_LOCKS]      = "RLIMIT_LOCKS",
	[OCI_RLIMIT_MEMLOCK]    = "RLIMIT_MEMLOCK",
	[OCI_RLIMIT_MSGQUEUE]   = "RLIMIT_MSGQUEUE",
	[OCI_RLIMIT_NICE]       = "RLIMIT_NICE",
	[OCI_RLIMIT_NOFILE]     = "RLIMIT_NOFILE",
	[OCI_RLIMIT_NPROC]      = "RLIMIT_NPROC",
	[OCI_RLIMIT_RSS]        = "RLIMIT_RSS",
	[OCI_RLIMIT_RTPRIO]     = "RLIMIT_RTPRIO",
	[OCI_RLIMIT_RTTIME]     = "RLIMIT_RTTIME",
	[OCI_RLIMIT_SIGPENDING] = "RLIMIT_SIGPENDING",
	[OCI_RLIMIT_STACK]      = "RLIMIT_STACK",
};
const struct oci_names oci_rlimit_names =
	TABLE("a resource limit", rlimit);

static const char *const scheduler_policy[] = {
	[OCI_SCHEDULER_POLICY_OTHER]    = "SCHED_OTHER",
	[OCI_SCHEDULER_POLICY_FIFO]     = "SCHED_FIFO",
	[OCI_SCHEDULER_POLICY_RR]       = "SCHED_RR",
	[OCI_SCHEDULER_POLICY_BATCH]    = "SCHED_BATCH",
	[OCI_SCHEDULER_POLICY_ISO]      = "SCHED_ISO",
	[OCI_SCHEDULER_POLICY_IDLE]     = "SCHED_IDLE",
	[OCI_SCHEDULER_POLICY_DEADLINE] = "SCHED_DEADLINE",
};
const struct oci_names oci_scheduler_policy_names =
	TABLE("a scheduling policy", scheduler_policy);

static const char *const scheduler_flag[] = {
	[OCI_SCHEDULER_FLAG_RESET_ON_FORK]  = "SCHED_FLAG_RESET_ON_FORK",
	[OCI_SCHEDULER_FLAG_RECLAIM]        = "SCHED_FLAG_RECLAIM",
	[OCI_SCHEDULER_FLAG_DL_OVERRUN]     = "SCHED_FLAG_DL_OVERRUN",
	[OCI_SCHEDULER_FLAG_KEEP_POLICY]    = "SCHED_FLAG_KEEP_POLICY",
	[OCI_SCHEDULER_FLAG_KEEP_PARAMS]    = "SCHED_FLAG_KEEP_PARAMS",
	[OCI_SCHEDULER_FLAG_UTIL_CLAMP_MIN] = "SCHED_FLAG_UTIL_CLAMP_MIN",
	[OCI_SCHEDULER_FLAG_UTIL_CLAMP_MAX] = "SCHED_FLAG_UTIL_CLAMP_MAX",
};
const struct oci_names oci_scheduler_flag_names =
	TABLE("a scheduling flag", scheduler_flag);

static const char *const io_priority_class[] = {
	[OCI_IO_PRIORITY_CLASS_RT]   = "IOPRIO_CLASS_RT",
	[OCI_IO_PRIORITY_CLASS_BE]   = "IOPRIO_CLASS_BE",
	[OCI_IO_PRIORITY_CLASS_IDLE] = "IOPRIO_CLASS_IDLE",
};
const struct oci_names oci_io_priority_class_names =
	TABLE("an I/O priority class", io_priority_class);

static const char *const personality_domain[] = {
	[OCI_PERSONALITY_DOMAIN_LINUX]   = "LINUX",
	[OCI_PERSONALITY_DOMAIN_LINUX32] = "LINUX32",
};
const struct oci_names oci_personality_domain_names =
	TABLE("a personality", personality_domain);

static const char *const memory_policy_mode[] = {
	[OCI_MEMORY_POLICY_MODE_DEFAULT]             = "MPOL_DEFAULT",
	[OCI_MEMORY_POLICY_MODE_BIND]                = "MPOL_BIND",
	[OCI_MEMORY_POLICY_MODE_INTERLEAVE]          = "MPOL_INTERLEAVE",
	[OCI_MEMORY_POLICY_MODE_WEIGHTED_INTERLEAVE] = "MPOL_WEIGHTED_INTERLEAVE",
	[OCI_MEMORY_POLICY_MODE_PREFERRED]           = "MPOL_PREFERRED",
	[OCI_MEMORY_POLICY_MODE_PREFERRED_MANY]      = "MPOL_PREFERRED_MANY",
	[OCI_MEMORY_POLICY_MODE_LOCAL]               = "MPOL_LOCAL",
};
const struct oci_names oci_memory_policy_mode_names =
	TABLE("a memory policy", memory_policy_mode);

static const char *const memory_policy_flag[] = {
	[OCI_MEMORY_POLICY_FLAG_NUMA_BALANCING] = "MPOL_F_NUMA_BALANCING",
	[OCI_MEMORY_POLICY_FLAG_RELATIVE_NODES] = "MPOL_F_RELATIVE_NODES",
	[OCI_MEMORY_POLICY_FLAG_STATIC_NODES]   = "MPOL_F_STATIC_NODES",
};
const struct oci_names oci_memory_policy_flag_names =
	TABLE("a flag of a memory policy", memory_policy_flag);

static const char *const propagation[] = {
	[OCI_PROPAGATION_PRIVATE]     = "private",
	[OCI_PROPAGATION_SHARED]      = "shared",
	[OCI_PROPAGATION_SLAVE]       = "slave",
	[OCI_PROPAGATION_UNBINDABLE]  = "unbindable",
	[OCI_PROPAGATION_RPRIVATE]    = "rprivate",
	[OCI_PROPAGATION_RSHARED]     = "rshared",
	[OCI_PROPAGATION_RSLAVE]      = "rslave",
	[OCI_PROPAGATION_RUNBINDABLE] = "runbindable",
};
const struct oci_names oci_propagation_names =
	TABLE("a mount propagation", propagation);

static const char *const device_type[] = {
	[OCI_DEVICE_TYPE_CHAR]       = "c",
	[OCI_DEVICE_TYPE_BLOCK]      = "b",
	[OCI_DEVICE_TYPE_UNBUFFERED] = "u",
	[OCI_DEVICE_TYPE_FIFO]       = "p",
};
const struct oci_names oci_device_type_names =
	TABLE("a type of device", device_type);

static const char *const device_rule_type[] = {
	[OCI_DEVICE_TYPE_CHAR]       = "c",
	[OCI_DEVICE_TYPE_BLOCK]      = "b",
	[OCI_DEVICE_TYPE_UNBUFFERED] = "u",
	[OCI_DEVICE_TYPE_FIFO]       = "p",
	[OCI_DEVICE_TYPE_ALL]        = "a",
};
const struct oci_names oci_device_rule_type_names =
	TABLE("a type of device", device_rule_type);

static const char *const seccomp_action[] = {
	[OCI_SECCOMP_ACTION_KILL]         = "SCMP_ACT_KILL",
	[OCI_SECCOMP_ACTION_KILL_PROCESS] = "SCMP_ACT_KILL_PROCESS",
	[OCI_SECCOMP_ACTION_KILL_THREAD]  = "SCMP_ACT_KILL_THREAD",
	[OCI_SECCOMP_ACTION_TRAP]         = "SCMP_ACT_TRAP",
	[OCI_SECCOMP_ACTION_ERRNO]        = "SCMP_ACT_ERRNO",
	[OCI_SECCOMP_ACTION_TRACE]        = "SCMP_ACT_TRACE",
	[OCI_SECCOMP_ACTION_ALLOW]        = "SCMP_ACT_ALLOW",
	[OCI_SECCOMP_ACTION_LOG]          = "SCMP_ACT_LOG",
	[OCI_SECCOMP_ACTION_NOTIFY]       = "SCMP_ACT_NOTIFY",
};
const struct oci_names oci_seccomp_action_names =
	TABLE("a seccomp action", seccomp_action);

static const char *const seccomp_operator[] = {
	[OCI_SECCOMP_OPERATOR_NE]        = "SCMP_CMP_NE",
	[OCI_SECCOMP_OPERATOR_LT]        = "SCMP_CMP_LT",
	[OCI_SECCOMP_OPERATOR_LE]        = "SCMP_CMP_LE",
	[OCI_SECCOMP_OPERATOR_EQ]        = "SCMP_CMP_EQ",
	[OCI_SECCOMP_OPERATOR_GE]        = "SCMP_CMP_GE",
	[OCI_SECCOMP_OPERATOR_GT]        = "SCMP_CMP_GT",
	[OCI_SECCOMP_OPERATOR_MASKED_EQ] = "SCMP_CMP_MASKED_EQ",
};
const struct oci_names oci_seccomp_operator_names =
	TABLE("a seccomp operator", seccomp_operator);

static const char *const seccomp_flag[] = {
	[OCI_SECCOMP_FLAG_TSYNC]              = "SECCOMP_FILTER_FLAG_TSYNC",
	[OCI_SECCOMP_FLAG_LOG]                = "SECCOMP_FILTER_FLAG_LOG",
	[OCI_SECCOMP_FLAG_SPEC_ALLOW]         = "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
	[OCI_SECCOMP_FLAG_WAIT_KILLABLE_RECV] = "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
};
const struct oci_names oci_seccomp_flag_names =
	TABLE("a flag of seccomp", seccomp_flag);

static const char *const seccomp_arch[] = {
	[OCI_SECCOMP_ARCH_X86]         = "SCMP_ARCH_X86",
	[OCI_SECCOMP_ARCH_X86_64]      = "SCMP_ARCH_X86_64",
	[OCI_SECCOMP_ARCH_X32]         = "SCMP_ARCH_X32",
	[OCI_SECCOMP_ARCH_ARM]         = "SCMP_ARCH_ARM",
	[OCI_SECCOMP_ARCH_AARCH64]     = "SCMP_ARCH_AARCH64",
	[OCI_SECCOMP_ARCH_LOONGARCH64] = "SCMP_ARCH_LOONGARCH64",
	[OCI_SECCOMP_ARCH_M68K]        = "SCMP_ARCH_M68K",
	[OCI_SECCOMP_ARCH_MIPS]        = "SCMP_ARCH_MIPS",
	[OCI_SECCOMP_ARCH_MIPS64]      = "SCMP_ARCH_MIPS64",
	[OCI_SECCOMP_ARCH_MIPS64N32]   = "SCMP_ARCH_MIPS64N32",
	[OCI_SECCOMP_ARCH_MIPSEL]      = "SCMP_ARCH_MIPSEL",
	[OCI_SECCOMP_ARCH_MIPSEL64]    = "SCMP_ARCH_MIPSEL64",
	[OCI_SECCOMP_ARCH_MIPSEL64N32] = "SCMP_ARCH_MIPSEL64N32",
	[OCI_SECCOMP_ARCH_PPC]         = "SCMP_ARCH_PPC",
	[OCI_SECCOMP_ARCH_PPC64]       = "SCMP_ARCH_PPC64",
	[OCI_SECCOMP_ARCH_PPC64LE]     = "SCMP_ARCH_PPC64LE",
	[OCI_SECCOMP_ARCH_S390]        = "SCMP_ARCH_S390",
	[OCI_SECCOMP_ARCH_S390X]       = "SCMP_ARCH_S390X",
	[OCI_SECCOMP_ARCH_SH]          = "SCMP_ARCH_SH",
	[OCI_SECCOMP_ARCH_SHEB]        = "SCMP_ARCH_SHEB",
	[OCI_SECCOMP_ARCH_PARISC]      = "SCMP_ARCH_PARISC",
	[OCI_SECCOMP_ARCH_PARISC64]    = "SCMP_ARCH_PARISC64",
	[OCI_SECCOMP_ARCH_RISCV64]     = "SCMP_ARCH_RISCV64",
};
const struct oci_names oci_seccomp_arch_names =
	TABLE("an architecture", seccomp_arch);
/* clang-format on */
