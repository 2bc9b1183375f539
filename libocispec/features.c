/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the features document (features.md, features-linux.md). */
#include "libocispec/runtime.h"

/* clang-format off */
static const struct oci_field cgroup_fields[] = {
	OCI_BOOL_OPTIONAL(oci_features_cgroup, v1, "v1"),
	OCI_BOOL_OPTIONAL(oci_features_cgroup, v2, "v2"),
	OCI_BOOL_OPTIONAL(oci_features_cgroup, systemd, "systemd"),
	OCI_BOOL_OPTIONAL(oci_features_cgroup, systemd_user, "systemdUser"),
	OCI_BOOL_OPTIONAL(oci_features_cgroup, rdma, "rdma"),
};
static const struct oci_object cgroup_object =
	OCI_TABLE("cgroup", oci_features_cgroup, cgroup_fields);

static const struct oci_field seccomp_fields[] = {
	OCI_BOOL_OPTIONAL(oci_features_seccomp, enabled, "enabled"),
	OCI_ENUMS(oci_features_seccomp, actions, "actions", 0, oci_seccomp_action_names),
	OCI_ENUMS(oci_features_seccomp, operators, "operators", 0, oci_seccomp_operator_names),
	OCI_ENUMS(oci_features_seccomp, archs, "archs", 0, oci_seccomp_arch_names),
	OCI_ENUMS(oci_features_seccomp, known_flags, "knownFlags", 0, oci_seccomp_flag_names),
	OCI_ENUMS(oci_features_seccomp, supported_flags, "supportedFlags", 0,
		  oci_seccomp_flag_names),
};
static const struct oci_object seccomp_object =
	OCI_TABLE("seccomp", oci_features_seccomp, seccomp_fields);

static const struct oci_field enabled_fields[] = {
	OCI_BOOL_OPTIONAL(oci_features_enabled, enabled, "enabled"),
};
static const struct oci_object enabled_object =
	OCI_TABLE("feature", oci_features_enabled, enabled_fields);

static const struct oci_field intel_rdt_fields[] = {
	OCI_BOOL_OPTIONAL(oci_features_intel_rdt, enabled, "enabled"),
	OCI_BOOL_OPTIONAL(oci_features_intel_rdt, schemata, "schemata"),
	OCI_BOOL_OPTIONAL(oci_features_intel_rdt, monitoring, "monitoring"),
};
static const struct oci_object intel_rdt_object =
	OCI_TABLE("intelRdt", oci_features_intel_rdt, intel_rdt_fields);

static const struct oci_field memory_policy_fields[] = {
	OCI_ENUMS(oci_features_memory_policy, modes, "modes", 0, oci_memory_policy_mode_names),
	OCI_ENUMS(oci_features_memory_policy, flags, "flags", 0, oci_memory_policy_flag_names),
};
static const struct oci_object memory_policy_object =
	OCI_TABLE("memoryPolicy", oci_features_memory_policy, memory_policy_fields);

static const struct oci_field mount_extensions_fields[] = {
	OCI_OBJECT(oci_features_mount_extensions, idmap, "idmap", 0, enabled_object),
};
static const struct oci_object mount_extensions_object =
	OCI_TABLE("mountExtensions", oci_features_mount_extensions, mount_extensions_fields);

static const struct oci_field linux_fields[] = {
	OCI_ENUMS(oci_features_linux, namespaces, "namespaces", 0, oci_namespace_names),
	OCI_STRINGS(oci_features_linux, capabilities, "capabilities", 0),
	OCI_OBJECT(oci_features_linux, cgroup, "cgroup", 0, cgroup_object),
	OCI_OBJECT(oci_features_linux, seccomp, "seccomp", 0, seccomp_object),
	OCI_OBJECT(oci_features_linux, apparmor, "apparmor", 0, enabled_object),
	OCI_OBJECT(oci_features_linux, selinux, "selinux", 0, enabled_object),
	OCI_OBJECT(oci_features_linux, intel_rdt, "intelRdt", 0, intel_rdt_object),
	OCI_OBJECT(oci_features_linux, memory_policy, "memoryPolicy", 0, memory_policy_object),
	OCI_OBJECT(oci_features_linux, mount_extensions, "mountExtensions", 0,
		   mount_extensions_object),
	OCI_OBJECT(oci_features_linux, net_devices, "netDevices", 0, enabled_object),
};
static const struct oci_object linux_object =
	OCI_TABLE("linux", oci_features_linux, linux_fields);

static const struct oci_field features_fields[] = {
	OCI_STRING(oci_features, oci_version_min, "ociVersionMin", OCI_REQUIRED),
	OCI_STRING(oci_features, oci_version_max, "ociVersionMax", OCI_REQUIRED),
	OCI_STRINGS(oci_features, hooks, "hooks", 0),
	OCI_STRINGS(oci_features, mount_options, "mountOptions", 0),
	OCI_OBJECT(oci_features, linux, "linux", 0, linux_object),
	OCI_STRING_MAP(oci_features, annotations, "annotations", 0),
	OCI_STRINGS(oci_features, potentially_unsafe_config_annotations,
		    "potentiallyUnsafeConfigAnnotations", 0),
};
const struct oci_object oci_features_object =
	OCI_TABLE("features", oci_features, features_fields);
/* clang-format on */
