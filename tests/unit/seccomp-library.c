/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/seccomp-library.h"

#include <ctype.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "libocispec/runtime.h"
#include "linux/seccomp.h"

/* libseccomp's "binary tree of system calls": its linear filter says the same, slower. */
enum { OPTIMIZE_TREE = 2, MAX_ARGS = 6 };

static const enum scmp_compare operators[] = {
	[OCI_SECCOMP_OPERATOR_NE] = SCMP_CMP_NE,
	[OCI_SECCOMP_OPERATOR_LT] = SCMP_CMP_LT,
	[OCI_SECCOMP_OPERATOR_LE] = SCMP_CMP_LE,
	[OCI_SECCOMP_OPERATOR_EQ] = SCMP_CMP_EQ,
	[OCI_SECCOMP_OPERATOR_GE] = SCMP_CMP_GE,
	[OCI_SECCOMP_OPERATOR_GT] = SCMP_CMP_GT,
	[OCI_SECCOMP_OPERATOR_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
};

uint32_t library_arch(enum oci_seccomp_arch arch)
{
	const char *name = oci_name(&oci_seccomp_arch_names, arch) + strlen("SCMP_ARCH_");
	char lower[32] = "";

	for (size_t i = 0; name[i] && i < sizeof(lower) - 1; i++)
		lower[i] = (char)tolower((unsigned char)name[i]);
	return seccomp_arch_resolve_name(lower);
}

uint32_t library_action(enum oci_seccomp_action action, const uint32_t *errno_ret)
{
	uint32_t number = errno_ret ? *errno_ret : EPERM;

	switch (action) {
	case OCI_SECCOMP_ACTION_KILL_PROCESS:
		return SECCOMP_RET_KILL_PROCESS;
	case OCI_SECCOMP_ACTION_TRAP:
		return SECCOMP_RET_TRAP;
	case OCI_SECCOMP_ACTION_ERRNO:
		return SECCOMP_RET_ERRNO | number;
	case OCI_SECCOMP_ACTION_TRACE:
		return SECCOMP_RET_TRACE | number;
	case OCI_SECCOMP_ACTION_ALLOW:
		return SECCOMP_RET_ALLOW;
	case OCI_SECCOMP_ACTION_LOG:
		return SECCOMP_RET_LOG;
	case OCI_SECCOMP_ACTION_NOTIFY:
		return SECCOMP_RET_USER_NOTIF;
	default:
		return SECCOMP_RET_KILL_THREAD;
	}
}

bool library_is_split(const struct oci_seccomp_syscall *rule)
{
	for (size_t i = 1; i < rule->n_args; i++)
		for (size_t j = 0; j < i; j++)
			if (rule->args[i].index == rule->args[j].index)
				return true;
	return false;
}

static struct scmp_arg_cmp comparison(const struct oci_seccomp_arg *arg)
{
	return (struct scmp_arg_cmp){
		.arg = arg->index,
		.op = operators[arg->op],
		.datum_a = arg->value,
		.datum_b = arg->value_two,
	};
}

static int add_call(scmp_filter_ctx ctx, const struct oci_seccomp_syscall *rule, int number)
{
	uint32_t action = library_action(rule->action, rule->errno_ret);
	struct scmp_arg_cmp args[MAX_ARGS];
	int r = 0;

	if (library_is_split(rule)) {
		for (size_t i = 0; i < rule->n_args && (r == 0 || r == -EEXIST); i++) {
			args[0] = comparison(&rule->args[i]);
			r = seccomp_rule_add_array(ctx, action, number, 1, args);
		}
	} else {
		for (size_t i = 0; i < rule->n_args; i++)
			args[i] = comparison(&rule->args[i]);
		r = seccomp_rule_add_array(ctx, action, number, (unsigned int)rule->n_args, args);
	}
	return r == -EEXIST ? 0 : r;
}

static int add_rule(scmp_filter_ctx ctx, const struct oci_seccomp_syscall *rule)
{
	int r = 0;

	for (size_t i = 0; i < rule->n_names && r == 0; i++) {
		int number = seccomp_syscall_resolve_name(rule->names[i]);

		if (number != __NR_SCMP_ERROR)
			r = add_call(ctx, rule, number);
	}
	return r;
}

static int fill(scmp_filter_ctx ctx, const struct oci_seccomp *seccomp, uint32_t other)
{
	int r = 0;

	for (size_t i = 0; i < seccomp->n_architectures && r == 0; i++) {
		uint32_t token = library_arch(seccomp->architectures[i]);

		r = token ? seccomp_arch_add(ctx, token) : 0;
		/* EDOM: of the other byte order, so nothing of it runs here. */
		if (r == -EDOM || r == -EEXIST)
			r = 0;
	}
	/* What only repeats the default says nothing; libseccomp refuses it. */
	for (size_t i = 0; i < seccomp->n_syscalls && r == 0; i++)
		if (library_action(seccomp->syscalls[i].action, seccomp->syscalls[i].errno_ret) !=
		    other)
			r = add_rule(ctx, &seccomp->syscalls[i]);
	return r;
}

int library_build(const struct oci_seccomp *seccomp, bool optimized, int fd)
{
	uint32_t other = library_action(seccomp->default_action, seccomp->default_errno_ret);
	scmp_filter_ctx ctx = seccomp_init(other);
	int r;

	if (!ctx)
		return -ENOMEM;
	if (optimized)
		(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, OPTIMIZE_TREE);
	r = fill(ctx, seccomp, other);
	if (r == 0)
		r = seccomp_export_bpf(ctx, fd);
	seccomp_release(ctx);
	return r;
}

static void build_in_child(const struct oci_seccomp *seccomp, int fd)
{
	struct itimerval limit = { .it_value.tv_usec = 500000 };

	(void)setitimer(ITIMER_VIRTUAL, &limit, NULL);
	_exit(-library_build(seccomp, true, fd));
}

int library_compile(const struct oci_seccomp *seccomp, struct seccomp_program *out)
{
	size_t size = (BPF_MAXINSNS + 1) * sizeof(*out->filter), n = 0;
	int fds[2], status;
	ssize_t r;
	pid_t pid;

	if (pipe(fds) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		build_in_child(seccomp, fds[1]);
	(void)close(fds[1]);
	out->filter = xcalloc(1, size);
	while ((r = read(fds[0], (char *)out->filter + n, size - n)) > 0)
		n += (size_t)r;
	(void)close(fds[0]);
	(void)waitpid(pid, &status, 0);
	out->n_filter = (unsigned short)(n / sizeof(*out->filter));
	if (out->n_filter > BPF_MAXINSNS)
		return -E2BIG;
	if (WIFSIGNALED(status))
		return -ETIMEDOUT;
	return -WEXITSTATUS(status);
}
