/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/seccomp-profile.h"

#include <linux/seccomp.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "libocispec/runtime.h"
#include "linux/seccomp-names.h"

/* errno values end here (the kernel cuts larger ones down); a tracer's message may be longer. */
enum { MAX_ERRNO = 4095, MAX_TRACE = 65535 };

static const uint32_t actions[] = {
	[OCI_SECCOMP_ACTION_KILL] = SECCOMP_RET_KILL_THREAD,
	[OCI_SECCOMP_ACTION_KILL_PROCESS] = SECCOMP_RET_KILL_PROCESS,
	[OCI_SECCOMP_ACTION_KILL_THREAD] = SECCOMP_RET_KILL_THREAD,
	[OCI_SECCOMP_ACTION_TRAP] = SECCOMP_RET_TRAP,
	[OCI_SECCOMP_ACTION_ERRNO] = SECCOMP_RET_ERRNO,
	[OCI_SECCOMP_ACTION_TRACE] = SECCOMP_RET_TRACE,
	[OCI_SECCOMP_ACTION_ALLOW] = SECCOMP_RET_ALLOW,
	[OCI_SECCOMP_ACTION_LOG] = SECCOMP_RET_LOG,
	[OCI_SECCOMP_ACTION_NOTIFY] = SECCOMP_RET_USER_NOTIF,
};

static const unsigned int filter_flags[] = {
	[OCI_SECCOMP_FLAG_TSYNC] = SECCOMP_FILTER_FLAG_TSYNC,
	[OCI_SECCOMP_FLAG_LOG] = SECCOMP_FILTER_FLAG_LOG,
	[OCI_SECCOMP_FLAG_SPEC_ALLOW] = SECCOMP_FILTER_FLAG_SPEC_ALLOW,
	[OCI_SECCOMP_FLAG_WAIT_KILLABLE_RECV] = SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
};

/* The kernel's action word; ERRNO_RET NULL is EPERM where the action wants one. */
static int parse_action(enum oci_seccomp_action action, const uint32_t *errno_ret,
			uint32_t *out, struct error *err)
{
	uint32_t max = action == OCI_SECCOMP_ACTION_ERRNO   ? MAX_ERRNO
		       : action == OCI_SECCOMP_ACTION_TRACE ? MAX_TRACE
							    : 0;

	if (errno_ret && max == 0)
		return error_set(err, EINVAL, "%s takes no errno",
				 oci_name(&oci_seccomp_action_names, action));
	if (errno_ret && *errno_ret > max)
		return error_set(err, ERANGE, "the errno %u is above %u", *errno_ret, max);
	*out = actions[action];
	if (max > 0)
		*out |= errno_ret ? *errno_ret : EPERM;
	return 0;
}

static int parse_default(const struct oci_seccomp *seccomp, struct seccomp_profile *out,
			 struct error *err)
{
	if (parse_action(seccomp->default_action, seccomp->default_errno_ret,
			 &out->default_action, err) < 0)
		return error_pointer(err, "linux.seccomp.defaultErrnoRet");
	if (seccomp->default_action != OCI_SECCOMP_ACTION_NOTIFY)
		return 0;
	(void)error_set(err, EINVAL, "SCMP_ACT_NOTIFY cannot be the default action: handing the "
			"listener over would itself be notified");
	return error_pointer(err, "linux.seccomp.defaultAction");
}

static void add_arch(struct seccomp_profile *out, const struct seccomp_arch *arch)
{
	for (size_t i = 0; i < out->n_archs; i++)
		if (out->archs[i] == arch)
			return;
	out->archs[out->n_archs++] = arch;
}

/* The native one always belongs to a filter, or nothing could run. */
static int parse_archs(const struct oci_seccomp *seccomp, struct seccomp_profile *out,
		       struct error *err)
{
	const struct seccomp_arch *native = seccomp_names_native();

	if (!native)
		return error_set(err, ENOTSUP, "the libseccomp that dabba was built with does "
				 "not know this machine's architecture");
	out->archs = xcalloc(seccomp->n_architectures + 1, sizeof(*out->archs));
	add_arch(out, native);
	for (size_t i = 0; i < seccomp->n_architectures; i++) {
		const struct seccomp_arch *arch = seccomp_names_arch(seccomp->architectures[i]);

		if (arch)
			add_arch(out, arch);
		else
			log_debug("linux.seccomp.architectures[%zu]: %s is not known here", i,
				  oci_name(&oci_seccomp_arch_names, seccomp->architectures[i]));
	}
	return 0;
}

/* Appends the conditions of one entry to the profile's list. */
static int parse_conditions(const struct oci_seccomp_syscall *syscall, size_t index,
			    struct seccomp_profile *out, struct error *err)
{
	for (size_t i = 0; i < syscall->n_args; i++) {
		const struct oci_seccomp_arg *arg = &syscall->args[i];

		if (arg->index >= SECCOMP_MAX_ARGS) {
			(void)error_set(err, EINVAL,
					"a system call has no argument %u, only 0 to %d",
					arg->index, SECCOMP_MAX_ARGS - 1);
			return error_pointer(err, "linux.seccomp.syscalls[%zu].args[%zu].index",
					     index, i);
		}
		out->conditions[out->n_conditions++] = (struct seccomp_condition){
			.index = arg->index,
			.op = arg->op,
			.value = arg->value,
			.value_two = arg->value_two,
		};
	}
	return 0;
}

/* Two conditions on one argument are alternatives, and then all of them are: as in runc. */
static bool are_alternatives(const struct oci_seccomp_syscall *syscall)
{
	unsigned int seen = 0;

	for (size_t i = 0; i < syscall->n_args; i++) {
		if (seen & (1u << syscall->args[i].index))
			return true;
		seen |= 1u << syscall->args[i].index;
	}
	return false;
}

/* The rules of one entry: for each of its names one, or one per alternative. */
static void add_rules(const struct oci_seccomp_syscall *syscall, size_t index,
		      struct seccomp_rule *rule, struct seccomp_profile *out)
{
	const struct seccomp_condition *conditions = rule->conditions;
	bool split = are_alternatives(syscall);
	size_t n = split ? syscall->n_args : 1;

	rule->n_conditions = split ? 1 : (uint32_t)syscall->n_args;
	for (size_t i = 0; i < syscall->n_names; i++) {
		int name = seccomp_names_find(syscall->names[i]);

		if (name < 0)
			log_debug("linux.seccomp.syscalls[%zu]: unknown system call \"%s\" skipped",
				  index, syscall->names[i]);
		rule->name = (uint32_t)name;
		for (size_t j = 0; name >= 0 && j < n; j++) {
			rule->conditions = conditions + j;
			out->rules[out->n_rules++] = *rule;
		}
	}
}

/* Init reports through write(2) that it has a listener: nobody could answer that yet. */
static int check_notify(const struct oci_seccomp_syscall *syscall, size_t index,
			struct error *err)
{
	for (size_t i = 0; i < syscall->n_names; i++) {
		if (!streq(syscall->names[i], "write"))
			continue;
		(void)error_set(err, EINVAL, "SCMP_ACT_NOTIFY cannot be used for write: the "
				"listener could not be handed over");
		return error_pointer(err, "linux.seccomp.syscalls[%zu].names[%zu]", index, i);
	}
	return 0;
}

static int parse_syscall(const struct oci_seccomp_syscall *syscall, size_t index,
			 struct seccomp_profile *out, struct error *err)
{
	struct seccomp_rule rule = {
		.conditions = out->conditions + out->n_conditions,
	};
	int r;

	if (parse_action(syscall->action, syscall->errno_ret, &rule.action, err) < 0)
		return error_pointer(err, "linux.seccomp.syscalls[%zu].errnoRet", index);
	r = parse_conditions(syscall, index, out, err);
	if (r == 0 && syscall->action == OCI_SECCOMP_ACTION_NOTIFY) {
		out->notifies = true;
		r = check_notify(syscall, index, err);
	}
	if (r == 0)
		add_rules(syscall, index, &rule, out);
	return r;
}

/* Room for all that parse_syscall() will add. */
static void make_room(const struct oci_seccomp *seccomp, struct seccomp_profile *out)
{
	size_t n_rules = 0, n_conditions = 0;

	for (size_t i = 0; i < seccomp->n_syscalls; i++) {
		const struct oci_seccomp_syscall *syscall = &seccomp->syscalls[i];

		n_rules += syscall->n_names * (syscall->n_args + 1);
		n_conditions += syscall->n_args;
	}
	out->rules = xcalloc(n_rules + 1, sizeof(*out->rules));
	out->conditions = xcalloc(n_conditions + 1, sizeof(*out->conditions));
}

/* The kernel refuses some flags without a listener, and TSYNC with one but for TSYNC_ESRCH. */
static void parse_flags(const struct oci_seccomp *seccomp, struct seccomp_profile *out)
{
	for (size_t i = 0; i < seccomp->n_flags; i++)
		out->flags |= filter_flags[seccomp->flags[i]];
	if (!out->notifies)
		out->flags &= ~(unsigned int)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	else
		out->flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	if (out->notifies && (out->flags & SECCOMP_FILTER_FLAG_TSYNC))
		out->flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
}

static int check_listener(const struct oci_seccomp *seccomp, bool notifies, struct error *err)
{
	bool has_path = seccomp->listener_path && seccomp->listener_path[0];

	if (notifies && !has_path) {
		(void)error_set(err, EINVAL, "SCMP_ACT_NOTIFY needs linux.seccomp.listenerPath: "
				"nobody would answer");
		return error_pointer(err, "linux.seccomp.listenerPath");
	}
	if (has_path && seccomp->listener_path[0] != '/') {
		(void)error_set(err, EINVAL, "\"%s\" is not an absolute path",
				seccomp->listener_path);
		return error_pointer(err, "linux.seccomp.listenerPath");
	}
	if (seccomp->listener_metadata && seccomp->listener_metadata[0] && !has_path) {
		(void)error_set(err, EINVAL, "listenerMetadata without listenerPath");
		return error_pointer(err, "linux.seccomp.listenerMetadata");
	}
	return 0;
}

int seccomp_profile_parse(const struct oci_seccomp *seccomp, struct seccomp_profile *out,
			  struct error *err)
{
	int r = parse_default(seccomp, out, err);

	if (r == 0)
		r = parse_archs(seccomp, out, err);
	if (r < 0)
		return r;
	make_room(seccomp, out);
	for (size_t i = 0; i < seccomp->n_syscalls && r == 0; i++)
		r = parse_syscall(&seccomp->syscalls[i], i, out, err);
	if (r == 0)
		r = check_listener(seccomp, out->notifies, err);
	if (r < 0)
		return r;
	parse_flags(seccomp, out);
	return 0;
}

void seccomp_profile_fini(struct seccomp_profile *profile)
{
	free(profile->archs);
	free(profile->rules);
	free(profile->conditions);
	*profile = (struct seccomp_profile)SECCOMP_PROFILE_INIT;
}

uint32_t seccomp_profile_action(enum oci_seccomp_action action)
{
	return actions[action];
}

unsigned int seccomp_profile_flag(enum oci_seccomp_flag flag)
{
	return filter_flags[flag];
}
