/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every list comes from the table that does the work: the enumerations from
 * libocispec/names.h, the mount options, capabilities and seccomp from their
 * modules.  So nothing is claimed that is not there, and nothing is forgotten.
 */
#include "runtime/features.h"

#include "base/str.h"
#include "libocispec/names.h"
#include "libocispec/oci-error.h"
#include "libocispec/runtime.h"
#include "libocispec/write.h"
#include "linux/capability.h"
#include "linux/cgroup-systemd.h"
#include "linux/document.h"
#include "linux/mount-options.h"
#include "linux/seccomp.h"
#include "runtime/process.h"

/* More values than any enumeration of the specification has. */
enum { MAX_VALUES = 64 };

static const bool yes = true, no = false;

struct lists {
	struct strvec hooks, mount_options, capabilities, unsafe_annotations;
	enum oci_namespace_type namespaces[MAX_VALUES];
	enum oci_memory_policy_mode policy_modes[MAX_VALUES];
	enum oci_memory_policy_flag policy_flags[MAX_VALUES];
	enum oci_seccomp_action actions[MAX_VALUES];
	enum oci_seccomp_operator operators[MAX_VALUES];
	enum oci_seccomp_arch archs[MAX_VALUES];
	enum oci_seccomp_flag known_flags[MAX_VALUES], supported_flags[MAX_VALUES];
};

static void lists_fini(struct lists *lists)
{
	strvec_release(&lists->hooks);
	strvec_release(&lists->mount_options);
	strvec_release(&lists->capabilities);
	strvec_release(&lists->unsafe_annotations);
}

/* The values of an enumeration that SUPPORTED takes, or all with NULL; how many. */
static size_t fill_values(const struct oci_names *names, bool (*supported)(unsigned int),
			  void *values)
{
	unsigned int *out = values;
	size_t n = 0;

	for (unsigned int i = 1; i < names->n; i++)
		if (!supported || supported(i))
			out[n++] = i;
	return n;
}

static bool supports_action(unsigned int value)
{
	return seccomp_supports_action(value);
}

static bool supports_arch(unsigned int value)
{
	return seccomp_supports_arch(value);
}

static bool supports_flag(unsigned int value)
{
	return seccomp_supports_flag(value);
}

static void fill_seccomp(struct lists *lists, struct oci_features_seccomp *out)
{
	out->enabled = &yes;
	out->actions = lists->actions;
	out->n_actions = fill_values(&oci_seccomp_action_names, supports_action, lists->actions);
	out->operators = lists->operators;
	out->n_operators = fill_values(&oci_seccomp_operator_names, NULL, lists->operators);
	out->archs = lists->archs;
	out->n_archs = fill_values(&oci_seccomp_arch_names, supports_arch, lists->archs);
	out->known_flags = lists->known_flags;
	out->n_known_flags = fill_values(&oci_seccomp_flag_names, NULL, lists->known_flags);
	out->supported_flags = lists->supported_flags;
	out->n_supported_flags =
		fill_values(&oci_seccomp_flag_names, supports_flag, lists->supported_flags);
}

static void fill_strings(struct lists *lists)
{
	const char *option;

	for (size_t i = 1; i < oci_hook_names.n; i++)
		strvec_push(&lists->hooks, oci_hook_names.names[i]);
	for (size_t i = 0; (option = mount_options_name(i)); i++)
		strvec_push(&lists->mount_options, option);
	capability_list(&lists->capabilities);
	strvec_push(&lists->unsafe_annotations, PROCESS_KEEP_GROUPS);
	strvec_push(&lists->unsafe_annotations, SYSTEMD_ANNOTATION_PREFIX);
}

int features_json(char **json, struct error *err)
{
	__attribute__((cleanup(lists_fini))) struct lists lists = {
		.hooks = STRVEC_INIT,
		.mount_options = STRVEC_INIT,
		.capabilities = STRVEC_INIT,
		.unsafe_annotations = STRVEC_INIT,
	};
	struct oci_features_cgroup cgroup = {
		.v1 = &no, .v2 = &yes, .rdma = &yes,
		.systemd = DABBA_SYSTEMD ? &yes : &no, .systemd_user = DABBA_SYSTEMD ? &yes : &no,
	};
	struct oci_features_enabled enabled = { .enabled = &yes };
	struct oci_features_intel_rdt intel_rdt = {
		.enabled = &yes, .schemata = &yes, .monitoring = &yes,
	};
	struct oci_features_seccomp seccomp = { 0 };
	struct oci_features_memory_policy memory_policy = {
		.modes = lists.policy_modes,
		.n_modes = fill_values(&oci_memory_policy_mode_names, NULL, lists.policy_modes),
		.flags = lists.policy_flags,
		.n_flags = fill_values(&oci_memory_policy_flag_names, NULL, lists.policy_flags),
	};
	struct oci_features_mount_extensions extensions = { .idmap = &enabled };
	struct oci_features_linux linux = {
		.namespaces = lists.namespaces,
		.n_namespaces = fill_values(&oci_namespace_names, NULL, lists.namespaces),
		.cgroup = &cgroup,
		.seccomp = &seccomp,
		.apparmor = &enabled,
		.selinux = &enabled,
		.intel_rdt = &intel_rdt,
		.memory_policy = &memory_policy,
		.mount_extensions = &extensions,
		.net_devices = &enabled,
	};
	struct oci_features features = {
		.oci_version_min = "1.0.0",
		.oci_version_max = "1.3.0",
		.linux = &linux,
	};
	struct oci_error oci_err = OCI_ERROR_INIT;
	size_t len;

	fill_seccomp(&lists, &seccomp);
	fill_strings(&lists);
	features.hooks = lists.hooks.v;
	features.n_hooks = lists.hooks.n;
	features.mount_options = lists.mount_options.v;
	features.n_mount_options = lists.mount_options.n;
	features.potentially_unsafe_config_annotations = lists.unsafe_annotations.v;
	features.n_potentially_unsafe_config_annotations = lists.unsafe_annotations.n;
	linux.capabilities = lists.capabilities.v;
	linux.n_capabilities = lists.capabilities.n;
	if (oci_write(&oci_features_object, &features, OCI_WRITE_INDENT, json, &len, &oci_err) < 0)
		return error_from_oci(err, &oci_err);
	return 0;
}
