/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/seccomp-oracle.h"

#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "libocispec/runtime.h"
#include "tests/unit/seccomp-library.h"

/* A bit of x86_64's numbers; where the calls that only arm has begin. */
enum { X32_BIT = 0x40000000, PRIVATE = 0xf0000, MAX_NUMBER = 600 };

/* libseccomp's names of the numbers of one architecture, found once. */
static struct names {
	uint32_t token;
	char *names[MAX_NUMBER];
} known_names[OCI_SECCOMP_ARCH_RISCV64 + 1];

uint32_t oracle_audit(uint32_t token)
{
	return token == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : token;
}

uint32_t oracle_base(uint32_t token)
{
	switch (token) {
	case SCMP_ARCH_X32:
		return X32_BIT;
	case SCMP_ARCH_MIPS:
	case SCMP_ARCH_MIPSEL:
		return 4000;
	case SCMP_ARCH_MIPS64:
	case SCMP_ARCH_MIPSEL64:
		return 5000;
	case SCMP_ARCH_MIPS64N32:
	case SCMP_ARCH_MIPSEL64N32:
		return 6000;
	default:
		return 0;
	}
}

static const struct names *names_of(uint32_t token)
{
	struct names *names = known_names;

	while (names->token && names->token != token)
		names++;
	if (!names->token) {
		names->token = token;
		for (int i = 0; i < MAX_NUMBER; i++)
			names->names[i] = seccomp_syscall_resolve_num_arch(
				token, (int)oracle_base(token) + i);
	}
	return names;
}

/* The number of a call's own beside its being a subcall, or -1. */
static int direct_number(uint32_t token, const char *name)
{
	const struct names *names = names_of(token);

	for (int i = 0; i < MAX_NUMBER; i++)
		if (names->names[i] && strcmp(names->names[i], name) == 0)
			return (int)oracle_base(token) + i;
	return -1;
}

static void add(struct oracle_arch *arch, struct oracle_rule rule, int number)
{
	rule.number = (uint32_t)number;
	arch->rules[arch->n++] = rule;
	if (rule.number > arch->last && (arch->token != SCMP_ARCH_ARM || rule.number < PRIVATE))
		arch->last = rule.number;
}

static void add_name(struct oracle_arch *arch, struct oracle_rule rule, const char *name)
{
	int number = seccomp_syscall_resolve_name_arch(arch->token, name);
	int socketcall = seccomp_syscall_resolve_name_arch(arch->token, "socketcall");
	int ipc = seccomp_syscall_resolve_name_arch(arch->token, "ipc");

	if (number == __NR_SCMP_ERROR)
		return;
	if (number >= 0) {
		add(arch, rule, number);
		return;
	}
	number = direct_number(arch->token, name);
	if (number >= 0)
		add(arch, rule, number);
	number = seccomp_syscall_resolve_name_arch(arch->token, name);
	if (number <= -100 && number > -200 && socketcall >= 0) {
		rule.subcall = (uint32_t)-number - 100;
		rule.subcall_mask = UINT32_MAX;
		add(arch, rule, socketcall);
	} else if (number <= -200 && number > -300 && ipc >= 0) {
		rule.subcall = (uint32_t)-number - 200;
		rule.subcall_mask = UINT16_MAX;
		add(arch, rule, ipc);
	}
}

static void add_arch(struct oracle *oracle, const struct oci_seccomp *seccomp,
		     enum oci_seccomp_arch name)
{
	struct oracle_arch *arch = &oracle->archs[oracle->n_archs];
	size_t room = 0;

	arch->name = name;
	arch->token = library_arch(name);
	for (size_t i = 0; i < oracle->n_archs; i++)
		if (oracle->archs[i].name == name)
			return;
	if (!arch->token || !(arch->token & __AUDIT_ARCH_LE))
		return;
	oracle->n_archs++;
	for (size_t i = 0; i < seccomp->n_syscalls; i++)
		room += 2 * seccomp->syscalls[i].n_names;
	arch->rules = xcalloc(room + 1, sizeof(*arch->rules));
	for (size_t i = 0; i < seccomp->n_syscalls; i++) {
		const struct oci_seccomp_syscall *rule = &seccomp->syscalls[i];
		struct oracle_rule one = {
			.rule = rule,
			.action = library_action(rule->action, rule->errno_ret),
		};

		for (size_t j = 0; j < rule->n_names; j++)
			add_name(arch, one, rule->names[j]);
	}
}

void oracle_init(struct oracle *oracle, const struct oci_seccomp *seccomp)
{
	memset(oracle, 0, sizeof(*oracle));
	oracle->other = library_action(seccomp->default_action, seccomp->default_errno_ret);
	add_arch(oracle, seccomp, OCI_SECCOMP_ARCH_X86_64);
	for (size_t i = 0; i < seccomp->n_architectures; i++)
		add_arch(oracle, seccomp, seccomp->architectures[i]);
}

void oracle_fini(struct oracle *oracle)
{
	for (size_t i = 0; i < oracle->n_archs; i++)
		free(oracle->archs[i].rules);
	memset(oracle, 0, sizeof(*oracle));
}

static uint64_t width_of(uint32_t token)
{
	bool is_wide = (token & __AUDIT_ARCH_64BIT) &&
		       !(token & __AUDIT_ARCH_CONVENTION_MIPS64_N32);

	return is_wide ? UINT64_MAX : UINT32_MAX;
}

/* The upper half of an argument does not exist where WIDTH is 32 bits. */
static bool condition_holds(const struct oci_seccomp_arg *arg, uint64_t width, uint64_t argument)
{
	uint64_t a = argument & width, b = arg->value;
	/* Of a 32-bit argument -1 may be written with 64 bits. */
	uint64_t equal = (int64_t)b == (int32_t)b ? b & width : b;

	switch (arg->op) {
	case OCI_SECCOMP_OPERATOR_NE:
		return a != equal;
	case OCI_SECCOMP_OPERATOR_LT:
		return a < b;
	case OCI_SECCOMP_OPERATOR_LE:
		return a <= b;
	case OCI_SECCOMP_OPERATOR_EQ:
		return a == equal;
	case OCI_SECCOMP_OPERATOR_GE:
		return a >= b;
	case OCI_SECCOMP_OPERATOR_GT:
		return a > b;
	default:
		return (a & b) == (arg->value_two & b);
	}
}

/* A mask of nothing, or a condition on what a subcall's number takes the place of. */
static bool is_empty(const struct oracle_rule *one, uint32_t token, const struct oci_seccomp_arg *arg)
{
	bool no_mask = (arg->value & width_of(token)) == 0 &&
		       (arg->value & arg->value_two & ~width_of(token)) == 0;

	return (arg->op == OCI_SECCOMP_OPERATOR_MASKED_EQ && no_mask) ||
	       (one->subcall && arg->index == 0);
}

/* Whatever the arguments are. Of alternatives one is enough. */
static bool holds_always(const struct oracle_rule *one, uint32_t token)
{
	bool split = library_is_split(one->rule);

	if (one->subcall)
		return false;
	for (size_t i = 0; i < one->rule->n_args; i++)
		if (is_empty(one, token, &one->rule->args[i]) == split)
			return split;
	return !split;
}

static bool rule_holds(const struct oracle_rule *one, uint32_t token,
		       const struct seccomp_data *data)
{
	const struct oci_seccomp_syscall *rule = one->rule;
	bool split = library_is_split(rule);

	if (one->subcall && (data->args[0] & one->subcall_mask) != one->subcall)
		return false;
	for (size_t i = 0; i < rule->n_args; i++) {
		const struct oci_seccomp_arg *arg = &rule->args[i];
		bool holds = is_empty(one, token, arg) ||
			     condition_holds(arg, width_of(token), data->args[arg->index]);

		if (holds == split)
			return split;
	}
	return !split;
}

static const struct oracle_arch *find_arch(const struct oracle *oracle,
					   const struct seccomp_data *data)
{
	bool is_x32 = data->arch == AUDIT_ARCH_X86_64 && (uint32_t)data->nr >= X32_BIT;

	for (size_t i = 0; i < oracle->n_archs; i++) {
		const struct oracle_arch *arch = &oracle->archs[i];

		if (oracle_audit(arch->token) == data->arch &&
		    (arch->token == SCMP_ARCH_X32) == is_x32)
			return arch;
	}
	return NULL;
}

/* The Nth rule that says something about DATA's call, in order. */
static const struct oracle_rule *next(const struct oracle *oracle, const struct oracle_arch *arch,
				      const struct seccomp_data *data, size_t *n)
{
	while (*n < arch->n) {
		const struct oracle_rule *one = &arch->rules[(*n)++];

		if (one->number == (uint32_t)data->nr && one->action != oracle->other)
			return one;
	}
	return NULL;
}

static const struct oracle_rule *whole_rule(const struct oracle *oracle,
					    const struct oracle_arch *arch,
					    const struct seccomp_data *data)
{
	const struct oracle_rule *one;

	for (size_t n = 0; (one = next(oracle, arch, data, &n));)
		if (holds_always(one, arch->token))
			return one;
	return NULL;
}

bool oracle_is_newer(const struct oracle *oracle, const struct seccomp_data *data)
{
	const struct oracle_arch *arch = find_arch(oracle, data);
	uint32_t kind = oracle->other & SECCOMP_RET_ACTION_FULL;
	size_t n = 0;

	return arch && arch->last > 0 && (uint32_t)data->nr > arch->last &&
	       !next(oracle, arch, data, &n) && kind != SECCOMP_RET_ALLOW &&
	       kind != SECCOMP_RET_LOG && kind != SECCOMP_RET_TRACE;
}

uint32_t oracle_verdict(const struct oracle *oracle, const struct seccomp_data *data)
{
	const struct oracle_arch *arch = find_arch(oracle, data);
	const struct oracle_rule *one;

	if (!arch && data->arch == AUDIT_ARCH_X86_64 && data->nr == -1)
		return oracle->other;
	if (!arch)
		return SECCOMP_RET_KILL_THREAD;
	if (oracle_is_newer(oracle, data))
		return SECCOMP_RET_ERRNO | ENOSYS;
	one = whole_rule(oracle, arch, data);
	if (one)
		return one->action;
	for (size_t n = 0; (one = next(oracle, arch, data, &n));)
		if (rule_holds(one, arch->token, data))
			return one->action;
	return oracle->other;
}

bool oracle_is_disputed(const struct oracle *oracle, const struct seccomp_data *data)
{
	const struct oracle_arch *arch = find_arch(oracle, data);
	const struct oracle_rule *one, *first = NULL;

	if (!arch || whole_rule(oracle, arch, data))
		return false;
	for (size_t n = 0; (one = next(oracle, arch, data, &n));) {
		if (!rule_holds(one, arch->token, data))
			continue;
		if (first && first->action != one->action)
			return true;
		first = one;
	}
	return false;
}

bool oracle_is_cut(const struct oracle *oracle, const struct seccomp_data *data)
{
	const struct oracle_arch *arch = find_arch(oracle, data);

	for (size_t i = 0; arch && i < arch->n; i++)
		if (arch->rules[i].subcall && arch->rules[i].number == (uint32_t)data->nr &&
		    (data->args[0] & ~(uint64_t)arch->rules[i].subcall_mask) != 0)
			return true;
	return false;
}

/* One bit too many in a value for an argument of 32 bits. */
static bool is_too_wide(const struct oci_seccomp_syscall *rule)
{
	for (size_t i = 0; i < rule->n_args; i++)
		if ((rule->args[i].value | rule->args[i].value_two) > UINT32_MAX)
			return true;
	return false;
}

bool oracle_is_truncated(const struct oracle *oracle, const struct seccomp_data *data)
{
	const struct oracle_arch *arch = find_arch(oracle, data);

	for (size_t i = 0; arch && i < arch->n && width_of(arch->token) == UINT32_MAX; i++)
		if (arch->rules[i].number == (uint32_t)data->nr && is_too_wide(arch->rules[i].rule))
			return true;
	return false;
}
