/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/validate.h"

#include <sched.h>
#include <string.h>

#include "base/str.h"
#include "linux/hostname.h"
#include "linux/idmap.h"
#include "linux/intel-rdt.h"
#include "linux/mask.h"
#include "linux/netdev.h"
#include "linux/oom.h"
#include "linux/sysctl.h"

static const char *skip_number(const char *s)
{
	if (s[0] == '0')
		return s + 1;
	while (*s >= '0' && *s <= '9')
		s++;
	return s;
}

/* Dot-separated identifiers of [0-9A-Za-z-]; NULL if there is none or an empty one. */
static const char *skip_identifiers(const char *s)
{
	static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ-";

	for (;;) {
		size_t n = strspn(s, letters);

		if (n == 0)
			return NULL;
		s += n;
		if (*s != '.')
			return s;
		s++;
	}
}

bool validate_version(const char *version)
{
	const char *s = str_skip_prefix(version, "1.");

	for (int part = 0; s && part < 2; part++) {
		const char *end = skip_number(s);

		if (end == s || (part == 0 && *end != '.'))
			return false;
		s = part == 0 ? end + 1 : end;
	}
	if (s && *s == '-')
		s = skip_identifiers(s + 1);
	if (s && *s == '+')
		s = skip_identifiers(s + 1);
	return s && *s == '\0';
}

static int check_hooks(const struct oci_hook *hooks, size_t n, const char *name, struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		if (hooks[i].path[0] != '/') {
			(void)error_set(err, EINVAL, "hooks.%s[%zu].path: \"%s\" is not absolute",
					name, i, hooks[i].path);
			return error_pointer(err, "hooks.%s[%zu].path", name, i);
		}
		if (hooks[i].timeout && *hooks[i].timeout <= 0) {
			(void)error_set(err, EINVAL,
					"hooks.%s[%zu].timeout: %lld is not greater than zero",
					name, i, (long long)*hooks[i].timeout);
			return error_pointer(err, "hooks.%s[%zu].timeout", name, i);
		}
	}
	return 0;
}

static int check_all_hooks(const struct oci_hooks *hooks, struct error *err)
{
	int r;

	if (!hooks)
		return 0;
	r = check_hooks(hooks->prestart, hooks->n_prestart, "prestart", err);
	if (r == 0)
		r = check_hooks(hooks->create_runtime, hooks->n_create_runtime, "createRuntime",
				err);
	if (r == 0)
		r = check_hooks(hooks->create_container, hooks->n_create_container,
				"createContainer", err);
	if (r == 0)
		r = check_hooks(hooks->start_container, hooks->n_start_container,
				"startContainer", err);
	if (r == 0)
		r = check_hooks(hooks->poststart, hooks->n_poststart, "poststart", err);
	if (r == 0)
		r = check_hooks(hooks->poststop, hooks->n_poststop, "poststop", err);
	return r;
}

static bool asks_for_user_namespace(const struct oci_linux *linux)
{
	for (size_t i = 0; i < linux->n_namespaces; i++)
		if (linux->namespaces[i].type == OCI_NAMESPACE_USER)
			return true;
	return false;
}

/*
 * Mappings go with a new user namespace.  Engines also send them beside a path, even
 * one that is our own namespace (podman --userns=container:NAME), where they mean nothing.
 */
static int check_mappings(const struct oci_linux *linux, const struct namespace_plan *ns,
			  struct error *err)
{
	struct idmap map = {
		.uids = linux->uid_mappings,
		.n_uids = linux->n_uid_mappings,
		.gids = linux->gid_mappings,
		.n_gids = linux->n_gid_mappings,
	};

	if (ns->new_flags & CLONE_NEWUSER) {
		if (map.n_uids == 0 || map.n_gids == 0) {
			(void)error_set(err, EINVAL,
					"linux.%s: a new user namespace needs a mapping",
					map.n_uids ? "gidMappings" : "uidMappings");
			return error_pointer(err, "linux.%s",
					     map.n_uids ? "gidMappings" : "uidMappings");
		}
		return idmap_check(&map, "linux", err);
	}
	if (map.n_uids + map.n_gids > 0 && !asks_for_user_namespace(linux)) {
		(void)error_set(err, EINVAL,
				"linux.uidMappings: there is no user namespace to map");
		(void)error_hint(err, "add {\"type\": \"user\"} to linux.namespaces");
		return error_pointer(err, "linux.uidMappings");
	}
	return 0;
}

static int check_version(const struct oci_config *config, const struct namespace_plan *ns,
			 struct error *err)
{
	(void)ns;
	if (validate_version(config->oci_version))
		return 0;
	(void)error_set(err, EINVAL, "ociVersion: \"%s\" is not a version of 1.x",
			config->oci_version);
	return error_pointer(err, "ociVersion");
}

static int check_root(const struct oci_config *config, const struct namespace_plan *ns,
		      struct error *err)
{
	(void)ns;
	if (config->root)
		return 0;
	(void)error_set(err, EINVAL, "root: missing, a Linux container needs one");
	return error_pointer(err, "root");
}

static int check_hook_lists(const struct oci_config *config, const struct namespace_plan *ns,
			    struct error *err)
{
	(void)ns;
	return check_all_hooks(config->hooks, err);
}

static int check_hostname(const struct oci_config *config, const struct namespace_plan *ns,
			  struct error *err)
{
	uint64_t own = ns->new_flags | ns->join_flags;

	return hostname_check(config->hostname, config->domainname, own & CLONE_NEWUTS, err);
}

static int check_oom_score(const struct oci_config *config, const struct namespace_plan *ns,
			   struct error *err)
{
	(void)ns;
	return config->process && config->process->oom_score_adj
		       ? oom_check(*config->process->oom_score_adj, err)
		       : 0;
}

static int check_id_mappings(const struct oci_config *config, const struct namespace_plan *ns,
			     struct error *err)
{
	return config->linux ? check_mappings(config->linux, ns, err) : 0;
}

static int check_sysctl(const struct oci_config *config, const struct namespace_plan *ns,
			struct error *err)
{
	const struct oci_linux *linux = config->linux;
	struct sysctl_request sysctl = {
		.map = linux ? &linux->sysctl : NULL,
		.namespaces = linux ? linux->namespaces : NULL,
		.n_namespaces = linux ? linux->n_namespaces : 0,
		.has_domainname = config->domainname,
	};

	(void)ns;
	return linux ? sysctl_check(&sysctl, err) : 0;
}

static int check_net_devices(const struct oci_config *config, const struct namespace_plan *ns,
			     struct error *err)
{
	const struct oci_linux *linux = config->linux;
	uint64_t own = ns->new_flags | ns->join_flags;

	return linux && linux->n_net_devices > 0
		       ? netdev_check(linux->net_devices, linux->n_net_devices,
				      own & CLONE_NEWNET, err)
		       : 0;
}

static int check_intel_rdt(const struct oci_config *config, const struct namespace_plan *ns,
			   struct error *err)
{
	const struct oci_linux *linux = config->linux;

	(void)ns;
	return linux && linux->intel_rdt ? intel_rdt_check(linux->intel_rdt, err) : 0;
}

static int check_masks(const struct oci_config *config, const struct namespace_plan *ns,
		       struct error *err)
{
	(void)ns;
	return config->linux ? mask_check(config->linux, err) : 0;
}

const validation_check validation_checks[] = {
	check_version,	   check_root,	 check_hook_lists,  check_hostname,  check_oom_score,
	check_id_mappings, check_sysctl, check_net_devices, check_intel_rdt, check_masks,
	NULL,
};

int validate_config(const struct oci_config *config, const struct namespace_plan *namespaces,
		    struct error *err)
{
	for (const validation_check *check = validation_checks; *check; check++) {
		int r = (*check)(config, namespaces, err);

		if (r < 0)
			return r;
	}
	return 0;
}
