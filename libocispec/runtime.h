/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents of runtime-spec 1.3, for Linux: config.json (config.md,
 * config-linux.md), the state (runtime.md) and the features (features.md).  The
 * objects for other systems (vm, windows, zos, solaris, freebsd) are skipped.
 *
 * Members are called as in JSON, in lower case; field.h says how each kind looks
 * in C and what "absent" is.  A document that was read is const for everybody.
 */
#pragma once

#include "libocispec/field.h"
#include "libocispec/names.h"

/* Process: what to execute, and as whom. */

struct oci_console_size {
	uint64_t height;
	uint64_t width;
};

struct oci_user {
	uint32_t uid;
	uint32_t gid;
	const uint32_t *umask;
	uint32_t *additional_gids;
	size_t n_additional_gids;
};

struct oci_capabilities {
	char **bounding, **effective, **inheritable, **permitted, **ambient;
	size_t n_bounding, n_effective, n_inheritable, n_permitted, n_ambient;
};

struct oci_rlimit {
	enum oci_rlimit_type type;
	uint64_t soft;
	uint64_t hard;
};

struct oci_scheduler {
	enum oci_scheduler_policy policy;
	int32_t nice;
	int32_t priority;
	enum oci_scheduler_flag *flags;
	size_t n_flags;
	/* Nanoseconds. */
	uint64_t runtime, deadline, period;
};

struct oci_io_priority {
	enum oci_io_priority_class class;
	int32_t priority;
};

/* Lists of CPUs such as "0-3,7". */
struct oci_exec_cpu_affinity {
	const char *initial;
	const char *final;
};

struct oci_process {
	bool terminal;
	struct oci_console_size *console_size;
	struct oci_user *user;
	char **args;
	size_t n_args;
	char **env;
	size_t n_env;
	const char *cwd;
	struct oci_capabilities *capabilities;
	struct oci_rlimit *rlimits;
	size_t n_rlimits;
	bool no_new_privileges;
	const char *apparmor_profile;
	const int32_t *oom_score_adj;
	struct oci_scheduler *scheduler;
	const char *selinux_label;
	struct oci_io_priority *io_priority;
	struct oci_exec_cpu_affinity *exec_cpu_affinity;
};

/* The file system. */

struct oci_root {
	const char *path;
	bool readonly;
};

struct oci_id_mapping {
	uint32_t container_id;
	uint32_t host_id;
	uint32_t size;
};

struct oci_mount {
	const char *destination;
	const char *type;
	const char *source;
	char **options;
	size_t n_options;
	struct oci_id_mapping *uid_mappings;
	size_t n_uid_mappings;
	struct oci_id_mapping *gid_mappings;
	size_t n_gid_mappings;
};

/* Hooks. */

struct oci_hook {
	const char *path;
	char **args;
	size_t n_args;
	char **env;
	size_t n_env;
	/* Seconds, at least 1. */
	const int32_t *timeout;
};

struct oci_hooks {
	struct oci_hook *prestart, *create_runtime, *create_container, *start_container;
	struct oci_hook *poststart, *poststop;
	size_t n_prestart, n_create_runtime, n_create_container, n_start_container;
	size_t n_poststart, n_poststop;
};

/* Resources: what a cgroup limits. */

struct oci_device_rule {
	bool allow;
	/* 0 and OCI_DEVICE_TYPE_ALL both mean every type. */
	enum oci_device_type type;
	/* NULL and -1 both mean every number. */
	const int64_t *major, *minor;
	/* Of "r", "w", "m". */
	const char *access;
};

struct oci_memory {
	const int64_t *limit, *reservation, *swap, *kernel, *kernel_tcp;
	const uint64_t *swappiness;
	bool disable_oom_killer, use_hierarchy, check_before_update;
};

struct oci_cpu {
	const uint64_t *shares, *burst, *period, *realtime_period;
	const int64_t *quota, *realtime_runtime, *idle;
	const char *cpus, *mems;
};

struct oci_pids {
	int64_t limit;
};

struct oci_weight_device {
	int64_t major, minor;
	const uint16_t *weight, *leaf_weight;
};

struct oci_throttle_device {
	int64_t major, minor;
	uint64_t rate;
};

struct oci_block_io {
	const uint16_t *weight, *leaf_weight;
	struct oci_weight_device *weight_device;
	size_t n_weight_device;
	struct oci_throttle_device *throttle_read_bps_device, *throttle_write_bps_device;
	struct oci_throttle_device *throttle_read_iops_device, *throttle_write_iops_device;
	size_t n_throttle_read_bps_device, n_throttle_write_bps_device;
	size_t n_throttle_read_iops_device, n_throttle_write_iops_device;
};

struct oci_hugepage_limit {
	/* "2MB": a number and KB, MB or GB. */
	const char *page_size;
	uint64_t limit;
};

struct oci_interface_priority {
	const char *name;
	uint32_t priority;
};

struct oci_network {
	const uint32_t *class_id;
	struct oci_interface_priority *priorities;
	size_t n_priorities;
};

struct oci_rdma {
	/* The device's name. */
	const char *key;
	const uint32_t *hca_handles, *hca_objects;
};

struct oci_resources {
	struct oci_device_rule *devices;
	size_t n_devices;
	struct oci_memory *memory;
	struct oci_cpu *cpu;
	struct oci_pids *pids;
	struct oci_block_io *block_io;
	struct oci_hugepage_limit *hugepage_limits;
	size_t n_hugepage_limits;
	struct oci_network *network;
	struct oci_rdma *rdma;
	size_t n_rdma;
	/* Files of cgroup v2, verbatim. */
	struct oci_string_map unified;
};

/* Seccomp. */

struct oci_seccomp_arg {
	uint32_t index;
	uint64_t value;
	uint64_t value_two;
	enum oci_seccomp_operator op;
};

struct oci_seccomp_syscall {
	char **names;
	size_t n_names;
	enum oci_seccomp_action action;
	const uint32_t *errno_ret;
	struct oci_seccomp_arg *args;
	size_t n_args;
};

struct oci_seccomp {
	enum oci_seccomp_action default_action;
	const uint32_t *default_errno_ret;
	enum oci_seccomp_arch *architectures;
	size_t n_architectures;
	enum oci_seccomp_flag *flags;
	size_t n_flags;
	const char *listener_path;
	const char *listener_metadata;
	struct oci_seccomp_syscall *syscalls;
	size_t n_syscalls;
};

/* The rest of what is Linux's own. */

struct oci_namespace {
	enum oci_namespace_type type;
	/* NULL: a new one. */
	const char *path;
};

struct oci_device {
	enum oci_device_type type;
	const char *path;
	/* Absent only where there is nothing to number: a fifo. */
	const int64_t *major, *minor;
	const uint32_t *file_mode, *uid, *gid;
};

struct oci_net_device {
	/* The interface's name on the host. */
	const char *key;
	/* Its name in the container; NULL: the same. */
	const char *name;
};

struct oci_time_offset {
	int64_t secs;
	uint32_t nanosecs;
};

struct oci_time_offsets {
	struct oci_time_offset *monotonic;
	struct oci_time_offset *boottime;
};

struct oci_intel_rdt {
	const char *clos_id;
	char **schemata;
	size_t n_schemata;
	const char *l3_cache_schema;
	const char *mem_bw_schema;
	bool enable_monitoring;
};

struct oci_memory_policy {
	enum oci_memory_policy_mode mode;
	/* A list such as "0-3,7". */
	const char *nodes;
	enum oci_memory_policy_flag *flags;
	size_t n_flags;
};

struct oci_personality {
	enum oci_personality_domain domain;
	char **flags;
	size_t n_flags;
};

struct oci_linux {
	struct oci_id_mapping *uid_mappings;
	size_t n_uid_mappings;
	struct oci_id_mapping *gid_mappings;
	size_t n_gid_mappings;
	struct oci_string_map sysctl;
	struct oci_resources *resources;
	const char *cgroups_path;
	struct oci_namespace *namespaces;
	size_t n_namespaces;
	struct oci_device *devices;
	size_t n_devices;
	struct oci_net_device *net_devices;
	size_t n_net_devices;
	struct oci_seccomp *seccomp;
	enum oci_propagation rootfs_propagation;
	char **masked_paths;
	size_t n_masked_paths;
	char **readonly_paths;
	size_t n_readonly_paths;
	const char *mount_label;
	struct oci_intel_rdt *intel_rdt;
	struct oci_memory_policy *memory_policy;
	struct oci_personality *personality;
	struct oci_time_offsets *time_offsets;
};

struct oci_config {
	const char *oci_version;
	struct oci_root *root;
	struct oci_process *process;
	const char *hostname;
	const char *domainname;
	struct oci_mount *mounts;
	size_t n_mounts;
	struct oci_hooks *hooks;
	struct oci_string_map annotations;
	struct oci_linux *linux;
};

extern const struct oci_object oci_config_object;
/* Parts of it that other documents share. */
extern const struct oci_object oci_linux_object;
extern const struct oci_object oci_id_mapping_object;
/* What "exec --process FILE" and "update --resources FILE" take. */
extern const struct oci_object oci_process_object;
extern const struct oci_object oci_resources_object;
/* A seccomp profile by itself. */
extern const struct oci_object oci_seccomp_object;

/* State: what a hook reads on standard input, and what "state" prints. */

struct oci_state {
	const char *oci_version;
	const char *id;
	enum oci_status status;
	/* 0: none. */
	int32_t pid;
	const char *bundle;
	struct oci_string_map annotations;
};

extern const struct oci_object oci_state_object;

/* What the agent at seccomp.listenerPath is sent together with the fds. */
struct oci_container_process_state {
	const char *oci_version;
	/* The names of the fds, in their order: "seccompFd". */
	char **fds;
	size_t n_fds;
	int32_t pid;
	const char *metadata;
	struct oci_state *state;
};

extern const struct oci_object oci_container_process_state_object;

/* Features: what a runtime implements.  NULL means "unknown". */

struct oci_features_cgroup {
	const bool *v1, *v2, *systemd, *systemd_user, *rdma;
};

struct oci_features_seccomp {
	const bool *enabled;
	enum oci_seccomp_action *actions;
	size_t n_actions;
	enum oci_seccomp_operator *operators;
	size_t n_operators;
	enum oci_seccomp_arch *archs;
	size_t n_archs;
	enum oci_seccomp_flag *known_flags;
	size_t n_known_flags;
	enum oci_seccomp_flag *supported_flags;
	size_t n_supported_flags;
};

/* apparmor, selinux, netDevices, mountExtensions.idmap. */
struct oci_features_enabled {
	const bool *enabled;
};

struct oci_features_intel_rdt {
	const bool *enabled, *schemata, *monitoring;
};

struct oci_features_memory_policy {
	enum oci_memory_policy_mode *modes;
	size_t n_modes;
	enum oci_memory_policy_flag *flags;
	size_t n_flags;
};

struct oci_features_mount_extensions {
	struct oci_features_enabled *idmap;
};

struct oci_features_linux {
	enum oci_namespace_type *namespaces;
	size_t n_namespaces;
	char **capabilities;
	size_t n_capabilities;
	struct oci_features_cgroup *cgroup;
	struct oci_features_seccomp *seccomp;
	struct oci_features_enabled *apparmor;
	struct oci_features_enabled *selinux;
	struct oci_features_intel_rdt *intel_rdt;
	struct oci_features_memory_policy *memory_policy;
	struct oci_features_mount_extensions *mount_extensions;
	struct oci_features_enabled *net_devices;
};

struct oci_features {
	const char *oci_version_min;
	const char *oci_version_max;
	char **hooks;
	size_t n_hooks;
	char **mount_options;
	size_t n_mount_options;
	struct oci_string_map annotations;
	char **potentially_unsafe_config_annotations;
	size_t n_potentially_unsafe_config_annotations;
	struct oci_features_linux *linux;
};

extern const struct oci_object oci_features_object;
