/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of config.json's member "linux" (config-linux.md). */
#include "libocispec/check.h"
#include "libocispec/runtime.h"

/* resources */

/* clang-format off */
static const struct oci_field device_rule_fields[] = {
	OCI_BOOL(oci_device_rule, allow, "allow", OCI_REQUIRED),
	OCI_ENUM(oci_device_rule, type, "type", 0, oci_device_rule_type_names),
	OCI_I64_OPTIONAL(oci_device_rule, major, "major"),
	OCI_I64_OPTIONAL(oci_device_rule, minor, "minor"),
	OCI_STRING(oci_device_rule, access, "access", 0),
};
static const struct oci_object device_rule_object =
	OCI_TABLE("device rule", oci_device_rule, device_rule_fields);

static const struct oci_field memory_fields[] = {
	OCI_I64_OPTIONAL(oci_memory, limit, "limit"),
	OCI_I64_OPTIONAL(oci_memory, reservation, "reservation"),
	OCI_I64_OPTIONAL(oci_memory, swap, "swap"),
	OCI_I64_OPTIONAL(oci_memory, kernel, "kernel"),
	OCI_I64_OPTIONAL(oci_memory, kernel_tcp, "kernelTCP"),
	OCI_U64_OPTIONAL(oci_memory, swappiness, "swappiness"),
	OCI_BOOL(oci_memory, disable_oom_killer, "disableOOMKiller", 0),
	OCI_BOOL(oci_memory, use_hierarchy, "useHierarchy", 0),
	OCI_BOOL(oci_memory, check_before_update, "checkBeforeUpdate", 0),
};
static const struct oci_object memory_object = OCI_TABLE("memory", oci_memory, memory_fields);

static const struct oci_field cpu_fields[] = {
	OCI_U64_OPTIONAL(oci_cpu, shares, "shares"),
	OCI_I64_OPTIONAL(oci_cpu, quota, "quota"),
	OCI_U64_OPTIONAL(oci_cpu, burst, "burst"),
	OCI_U64_OPTIONAL(oci_cpu, period, "period"),
	OCI_I64_OPTIONAL(oci_cpu, realtime_runtime, "realtimeRuntime"),
	OCI_U64_OPTIONAL(oci_cpu, realtime_period, "realtimePeriod"),
	OCI_STRING(oci_cpu, cpus, "cpus", 0),
	OCI_STRING(oci_cpu, mems, "mems", 0),
	OCI_I64_OPTIONAL(oci_cpu, idle, "idle"),
};
static const struct oci_object cpu_object = OCI_TABLE("cpu", oci_cpu, cpu_fields);

static const struct oci_field pids_fields[] = {
	OCI_I64(oci_pids, limit, "limit", OCI_REQUIRED),
};
static const struct oci_object pids_object = OCI_TABLE("pids", oci_pids, pids_fields);

static const struct oci_field weight_device_fields[] = {
	OCI_I64(oci_weight_device, major, "major", OCI_REQUIRED),
	OCI_I64(oci_weight_device, minor, "minor", OCI_REQUIRED),
	OCI_U16_OPTIONAL(oci_weight_device, weight, "weight"),
	OCI_U16_OPTIONAL(oci_weight_device, leaf_weight, "leafWeight"),
};
static const struct oci_object weight_device_object =
	OCI_TABLE("weight of a device", oci_weight_device, weight_device_fields);

static const struct oci_field throttle_device_fields[] = {
	OCI_I64(oci_throttle_device, major, "major", OCI_REQUIRED),
	OCI_I64(oci_throttle_device, minor, "minor", OCI_REQUIRED),
	OCI_U64(oci_throttle_device, rate, "rate", OCI_ALWAYS),
};
static const struct oci_object throttle_device_object =
	OCI_TABLE("throttle of a device", oci_throttle_device, throttle_device_fields);

static const struct oci_field block_io_fields[] = {
	OCI_U16_OPTIONAL(oci_block_io, weight, "weight"),
	OCI_U16_OPTIONAL(oci_block_io, leaf_weight, "leafWeight"),
	OCI_OBJECTS(oci_block_io, weight_device, "weightDevice", 0, weight_device_object),
	OCI_OBJECTS(oci_block_io, throttle_read_bps_device, "throttleReadBpsDevice", 0,
		    throttle_device_object),
	OCI_OBJECTS(oci_block_io, throttle_write_bps_device, "throttleWriteBpsDevice", 0,
		    throttle_device_object),
	OCI_OBJECTS(oci_block_io, throttle_read_iops_device, "throttleReadIOPSDevice", 0,
		    throttle_device_object),
	OCI_OBJECTS(oci_block_io, throttle_write_iops_device, "throttleWriteIOPSDevice", 0,
		    throttle_device_object),
};
static const struct oci_object block_io_object =
	OCI_TABLE("blockIO", oci_block_io, block_io_fields);

static const struct oci_field hugepage_limit_fields[] = {
	OCI_STRING(oci_hugepage_limit, page_size, "pageSize", OCI_REQUIRED,
		   .check = oci_check_page_size),
	OCI_U64(oci_hugepage_limit, limit, "limit", OCI_REQUIRED),
};
static const struct oci_object hugepage_limit_object =
	OCI_TABLE("limit of huge pages", oci_hugepage_limit, hugepage_limit_fields);

static const struct oci_field interface_priority_fields[] = {
	OCI_STRING(oci_interface_priority, name, "name", OCI_REQUIRED),
	OCI_U32(oci_interface_priority, priority, "priority", OCI_REQUIRED),
};
static const struct oci_object interface_priority_object =
	OCI_TABLE("interface priority", oci_interface_priority, interface_priority_fields);

static const struct oci_field network_fields[] = {
	OCI_U32_OPTIONAL(oci_network, class_id, "classID"),
	OCI_OBJECTS(oci_network, priorities, "priorities", 0, interface_priority_object),
};
static const struct oci_object network_object = OCI_TABLE("network", oci_network, network_fields);

static const struct oci_field rdma_fields[] = {
	OCI_U32_OPTIONAL(oci_rdma, hca_handles, "hcaHandles"),
	OCI_U32_OPTIONAL(oci_rdma, hca_objects, "hcaObjects"),
};
static const struct oci_object rdma_object = OCI_TABLE("rdma limits", oci_rdma, rdma_fields);

static const struct oci_field resources_fields[] = {
	OCI_OBJECTS(oci_resources, devices, "devices", 0, device_rule_object),
	OCI_OBJECT(oci_resources, memory, "memory", 0, memory_object),
	OCI_OBJECT(oci_resources, cpu, "cpu", 0, cpu_object),
	OCI_OBJECT(oci_resources, pids, "pids", 0, pids_object),
	OCI_OBJECT(oci_resources, block_io, "blockIO", 0, block_io_object),
	OCI_OBJECTS(oci_resources, hugepage_limits, "hugepageLimits", 0, hugepage_limit_object),
	OCI_OBJECT(oci_resources, network, "network", 0, network_object),
	OCI_OBJECT_MAP(oci_resources, rdma, "rdma", 0, rdma_object),
	OCI_STRING_MAP(oci_resources, unified, "unified", 0),
};
const struct oci_object oci_resources_object =
	OCI_TABLE("resources", oci_resources, resources_fields);

/* seccomp */

static const struct oci_field seccomp_arg_fields[] = {
	OCI_U32(oci_seccomp_arg, index, "index", OCI_REQUIRED),
	OCI_U64(oci_seccomp_arg, value, "value", OCI_REQUIRED),
	OCI_U64(oci_seccomp_arg, value_two, "valueTwo", 0),
	OCI_ENUM(oci_seccomp_arg, op, "op", OCI_REQUIRED, oci_seccomp_operator_names),
};
static const struct oci_object seccomp_arg_object =
	OCI_TABLE("argument", oci_seccomp_arg, seccomp_arg_fields);

static const struct oci_field seccomp_syscall_fields[] = {
	OCI_STRINGS(oci_seccomp_syscall, names, "names", OCI_REQUIRED | OCI_NOT_EMPTY),
	OCI_ENUM(oci_seccomp_syscall, action, "action", OCI_REQUIRED, oci_seccomp_action_names),
	OCI_U32_OPTIONAL(oci_seccomp_syscall, errno_ret, "errnoRet"),
	OCI_OBJECTS(oci_seccomp_syscall, args, "args", 0, seccomp_arg_object),
};
static const struct oci_object seccomp_syscall_object =
	OCI_TABLE("syscall rule", oci_seccomp_syscall, seccomp_syscall_fields);

static const struct oci_field seccomp_fields[] = {
	OCI_ENUM(oci_seccomp, default_action, "defaultAction", OCI_REQUIRED,
		 oci_seccomp_action_names),
	OCI_U32_OPTIONAL(oci_seccomp, default_errno_ret, "defaultErrnoRet"),
	OCI_ENUMS(oci_seccomp, architectures, "architectures", 0, oci_seccomp_arch_names),
	OCI_ENUMS(oci_seccomp, flags, "flags", 0, oci_seccomp_flag_names),
	OCI_STRING(oci_seccomp, listener_path, "listenerPath", 0),
	OCI_STRING(oci_seccomp, listener_metadata, "listenerMetadata", 0),
	OCI_OBJECTS(oci_seccomp, syscalls, "syscalls", 0, seccomp_syscall_object),
};
const struct oci_object oci_seccomp_object =
	OCI_TABLE("seccomp profile", oci_seccomp, seccomp_fields);

/* the rest */

static const struct oci_field namespace_fields[] = {
	OCI_ENUM(oci_namespace, type, "type", OCI_REQUIRED, oci_namespace_names),
	OCI_STRING(oci_namespace, path, "path", 0),
};
static const struct oci_object namespace_object =
	OCI_TABLE("namespace", oci_namespace, namespace_fields);

/* The schema stops at 0777, but engines copy all of a node's st_mode, with the type bits. */
static const struct oci_field device_fields[] = {
	OCI_STRING(oci_device, path, "path", OCI_REQUIRED),
	OCI_ENUM(oci_device, type, "type", OCI_REQUIRED, oci_device_type_names),
	OCI_I64_OPTIONAL(oci_device, major, "major"),
	OCI_I64_OPTIONAL(oci_device, minor, "minor"),
	OCI_U32_OPTIONAL(oci_device, file_mode, "fileMode", .max = 0177777),
	OCI_U32_OPTIONAL(oci_device, uid, "uid"),
	OCI_U32_OPTIONAL(oci_device, gid, "gid"),
};
static const struct oci_object device_object = OCI_TABLE("device", oci_device, device_fields);

static const struct oci_field net_device_fields[] = {
	OCI_STRING(oci_net_device, name, "name", 0),
};
static const struct oci_object net_device_object =
	OCI_TABLE("network device", oci_net_device, net_device_fields);

static const struct oci_field intel_rdt_fields[] = {
	OCI_STRING(oci_intel_rdt, clos_id, "closID", 0),
	OCI_STRINGS(oci_intel_rdt, schemata, "schemata", 0),
	OCI_STRING(oci_intel_rdt, l3_cache_schema, "l3CacheSchema", 0),
	OCI_STRING(oci_intel_rdt, mem_bw_schema, "memBwSchema", 0,
		   .check = oci_check_mem_bw_schema),
	OCI_BOOL(oci_intel_rdt, enable_monitoring, "enableMonitoring", 0),
};
static const struct oci_object intel_rdt_object =
	OCI_TABLE("intelRdt", oci_intel_rdt, intel_rdt_fields);

static const struct oci_field memory_policy_fields[] = {
	OCI_ENUM(oci_memory_policy, mode, "mode", 0, oci_memory_policy_mode_names),
	OCI_STRING(oci_memory_policy, nodes, "nodes", 0),
	OCI_ENUMS(oci_memory_policy, flags, "flags", 0, oci_memory_policy_flag_names),
};
static const struct oci_object memory_policy_object =
	OCI_TABLE("memory policy", oci_memory_policy, memory_policy_fields);

static const struct oci_field personality_fields[] = {
	OCI_ENUM(oci_personality, domain, "domain", 0, oci_personality_domain_names),
	OCI_STRINGS(oci_personality, flags, "flags", 0),
};
static const struct oci_object personality_object =
	OCI_TABLE("personality", oci_personality, personality_fields);

static const struct oci_field time_offset_fields[] = {
	OCI_I64(oci_time_offset, secs, "secs", 0),
	OCI_U32(oci_time_offset, nanosecs, "nanosecs", 0),
};
static const struct oci_object time_offset_object =
	OCI_TABLE("time offset", oci_time_offset, time_offset_fields);

static const struct oci_field time_offsets_fields[] = {
	OCI_OBJECT(oci_time_offsets, monotonic, "monotonic", 0, time_offset_object),
	OCI_OBJECT(oci_time_offsets, boottime, "boottime", 0, time_offset_object),
};
static const struct oci_object time_offsets_object =
	OCI_TABLE("time offsets", oci_time_offsets, time_offsets_fields);

static const struct oci_field linux_fields[] = {
	OCI_OBJECTS(oci_linux, uid_mappings, "uidMappings", 0, oci_id_mapping_object),
	OCI_OBJECTS(oci_linux, gid_mappings, "gidMappings", 0, oci_id_mapping_object),
	OCI_STRING_MAP(oci_linux, sysctl, "sysctl", 0),
	OCI_OBJECT(oci_linux, resources, "resources", 0, oci_resources_object),
	OCI_STRING(oci_linux, cgroups_path, "cgroupsPath", 0),
	OCI_OBJECTS(oci_linux, namespaces, "namespaces", 0, namespace_object),
	OCI_OBJECTS(oci_linux, devices, "devices", 0, device_object),
	OCI_OBJECT_MAP(oci_linux, net_devices, "netDevices", 0, net_device_object),
	OCI_OBJECT(oci_linux, seccomp, "seccomp", 0, oci_seccomp_object),
	OCI_ENUM(oci_linux, rootfs_propagation, "rootfsPropagation", 0, oci_propagation_names),
	OCI_STRINGS(oci_linux, masked_paths, "maskedPaths", 0),
	OCI_STRINGS(oci_linux, readonly_paths, "readonlyPaths", 0),
	OCI_STRING(oci_linux, mount_label, "mountLabel", 0),
	OCI_OBJECT(oci_linux, intel_rdt, "intelRdt", 0, intel_rdt_object),
	OCI_OBJECT(oci_linux, memory_policy, "memoryPolicy", 0, memory_policy_object),
	OCI_OBJECT(oci_linux, personality, "personality", 0, personality_object),
	OCI_OBJECT(oci_linux, time_offsets, "timeOffsets", 0, time_offsets_object),
};
const struct oci_object oci_linux_object = OCI_TABLE("linux", oci_linux, linux_fields);
/* clang-format on */
