/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of config.json but for its member "linux".  The lines stand in the
 * order in which encoders write the members: the reader looks at the next one first.
 */
#include "libocispec/runtime.h"

#include "libocispec/check.h"

/* clang-format off */
static const struct oci_field console_size_fields[] = {
	OCI_U64(oci_console_size, height, "height", OCI_REQUIRED),
	OCI_U64(oci_console_size, width, "width", OCI_REQUIRED),
};
static const struct oci_object console_size_object =
	OCI_TABLE("size of a console", oci_console_size, console_size_fields);

static const struct oci_field user_fields[] = {
	OCI_U32(oci_user, uid, "uid", OCI_ALWAYS),
	OCI_U32(oci_user, gid, "gid", OCI_ALWAYS),
	OCI_U32_OPTIONAL(oci_user, umask, "umask"),
	OCI_U32S(oci_user, additional_gids, "additionalGids", 0),
};
static const struct oci_object user_object = OCI_TABLE("user", oci_user, user_fields);

static const struct oci_field capabilities_fields[] = {
	OCI_STRINGS(oci_capabilities, bounding, "bounding", 0),
	OCI_STRINGS(oci_capabilities, effective, "effective", 0),
	OCI_STRINGS(oci_capabilities, inheritable, "inheritable", 0),
	OCI_STRINGS(oci_capabilities, permitted, "permitted", 0),
	OCI_STRINGS(oci_capabilities, ambient, "ambient", 0),
};
static const struct oci_object capabilities_object =
	OCI_TABLE("capabilities", oci_capabilities, capabilities_fields);

static const struct oci_field rlimit_fields[] = {
	OCI_ENUM(oci_rlimit, type, "type", OCI_REQUIRED, oci_rlimit_names),
	OCI_U64(oci_rlimit, hard, "hard", OCI_REQUIRED),
	OCI_U64(oci_rlimit, soft, "soft", OCI_REQUIRED),
};
static const struct oci_object rlimit_object =
	OCI_TABLE("resource limit", oci_rlimit, rlimit_fields);

static const struct oci_field scheduler_fields[] = {
	OCI_ENUM(oci_scheduler, policy, "policy", OCI_REQUIRED, oci_scheduler_policy_names),
	OCI_I32(oci_scheduler, nice, "nice", 0),
	OCI_I32(oci_scheduler, priority, "priority", 0),
	OCI_ENUMS(oci_scheduler, flags, "flags", 0, oci_scheduler_flag_names),
	OCI_U64(oci_scheduler, runtime, "runtime", 0),
	OCI_U64(oci_scheduler, deadline, "deadline", 0),
	OCI_U64(oci_scheduler, period, "period", 0),
};
static const struct oci_object scheduler_object =
	OCI_TABLE("scheduler", oci_scheduler, scheduler_fields);

static const struct oci_field io_priority_fields[] = {
	OCI_ENUM(oci_io_priority, class, "class", OCI_REQUIRED, oci_io_priority_class_names),
	OCI_I32(oci_io_priority, priority, "priority", OCI_ALWAYS),
};
static const struct oci_object io_priority_object =
	OCI_TABLE("I/O priority", oci_io_priority, io_priority_fields);

static const struct oci_field affinity_fields[] = {
	OCI_STRING(oci_exec_cpu_affinity, initial, "initial", 0, .check = oci_check_cpu_list),
	OCI_STRING(oci_exec_cpu_affinity, final, "final", 0, .check = oci_check_cpu_list),
};
static const struct oci_object affinity_object =
	OCI_TABLE("CPU affinity", oci_exec_cpu_affinity, affinity_fields);

static const struct oci_field process_fields[] = {
	OCI_BOOL(oci_process, terminal, "terminal", 0),
	OCI_OBJECT(oci_process, console_size, "consoleSize", 0, console_size_object),
	OCI_OBJECT(oci_process, user, "user", 0, user_object),
	OCI_STRINGS(oci_process, args, "args", 0),
	OCI_STRINGS(oci_process, env, "env", 0),
	OCI_STRING(oci_process, cwd, "cwd", OCI_REQUIRED),
	OCI_OBJECT(oci_process, capabilities, "capabilities", 0, capabilities_object),
	OCI_OBJECTS(oci_process, rlimits, "rlimits", 0, rlimit_object),
	OCI_BOOL(oci_process, no_new_privileges, "noNewPrivileges", 0),
	OCI_STRING(oci_process, apparmor_profile, "apparmorProfile", 0),
	OCI_I32_OPTIONAL(oci_process, oom_score_adj, "oomScoreAdj"),
	OCI_OBJECT(oci_process, scheduler, "scheduler", 0, scheduler_object),
	OCI_STRING(oci_process, selinux_label, "selinuxLabel", 0),
	OCI_OBJECT(oci_process, io_priority, "ioPriority", 0, io_priority_object),
	OCI_OBJECT(oci_process, exec_cpu_affinity, "execCPUAffinity", 0, affinity_object),
};
const struct oci_object oci_process_object = OCI_TABLE("process", oci_process, process_fields);

static const struct oci_field root_fields[] = {
	OCI_STRING(oci_root, path, "path", OCI_REQUIRED),
	OCI_BOOL(oci_root, readonly, "readonly", 0),
};
static const struct oci_object root_object = OCI_TABLE("root", oci_root, root_fields);

static const struct oci_field id_mapping_fields[] = {
	OCI_U32(oci_id_mapping, container_id, "containerID", OCI_REQUIRED),
	OCI_U32(oci_id_mapping, host_id, "hostID", OCI_REQUIRED),
	OCI_U32(oci_id_mapping, size, "size", OCI_REQUIRED),
};
const struct oci_object oci_id_mapping_object =
	OCI_TABLE("id mapping", oci_id_mapping, id_mapping_fields);

static const struct oci_field mount_fields[] = {
	OCI_STRING(oci_mount, destination, "destination", OCI_REQUIRED),
	OCI_STRING(oci_mount, type, "type", 0),
	OCI_STRING(oci_mount, source, "source", 0),
	OCI_STRINGS(oci_mount, options, "options", 0),
	OCI_OBJECTS(oci_mount, uid_mappings, "uidMappings", 0, oci_id_mapping_object),
	OCI_OBJECTS(oci_mount, gid_mappings, "gidMappings", 0, oci_id_mapping_object),
};
static const struct oci_object mount_object = OCI_TABLE("mount", oci_mount, mount_fields);

static const struct oci_field hook_fields[] = {
	OCI_STRING(oci_hook, path, "path", OCI_REQUIRED),
	OCI_STRINGS(oci_hook, args, "args", 0),
	OCI_STRINGS(oci_hook, env, "env", 0),
	OCI_I32_OPTIONAL(oci_hook, timeout, "timeout", .min = 1, .max = INT32_MAX),
};
static const struct oci_object hook_object = OCI_TABLE("hook", oci_hook, hook_fields);

static const struct oci_field hooks_fields[] = {
	OCI_OBJECTS(oci_hooks, prestart, "prestart", 0, hook_object),
	OCI_OBJECTS(oci_hooks, create_runtime, "createRuntime", 0, hook_object),
	OCI_OBJECTS(oci_hooks, create_container, "createContainer", 0, hook_object),
	OCI_OBJECTS(oci_hooks, start_container, "startContainer", 0, hook_object),
	OCI_OBJECTS(oci_hooks, poststart, "poststart", 0, hook_object),
	OCI_OBJECTS(oci_hooks, poststop, "poststop", 0, hook_object),
};
static const struct oci_object hooks_object = OCI_TABLE("hooks", oci_hooks, hooks_fields);

static const struct oci_field config_fields[] = {
	OCI_STRING(oci_config, oci_version, "ociVersion", OCI_REQUIRED),
	OCI_OBJECT(oci_config, process, "process", 0, oci_process_object),
	OCI_OBJECT(oci_config, root, "root", 0, root_object),
	OCI_STRING(oci_config, hostname, "hostname", 0),
	OCI_STRING(oci_config, domainname, "domainname", 0),
	OCI_OBJECTS(oci_config, mounts, "mounts", 0, mount_object),
	OCI_OBJECT(oci_config, hooks, "hooks", 0, hooks_object),
	OCI_STRING_MAP(oci_config, annotations, "annotations", 0),
	OCI_OBJECT(oci_config, linux, "linux", 0, oci_linux_object),
};
const struct oci_object oci_config_object = OCI_TABLE("config", oci_config, config_fields);
/* clang-format on */
