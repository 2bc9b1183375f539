/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/seccomp-generate.h"

#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

const enum oci_seccomp_arch generated_archs[N_GENERATED_ARCHS] = {
	OCI_SECCOMP_ARCH_X86_64,   OCI_SECCOMP_ARCH_X32,       OCI_SECCOMP_ARCH_X86,
	OCI_SECCOMP_ARCH_AARCH64,  OCI_SECCOMP_ARCH_ARM,       OCI_SECCOMP_ARCH_RISCV64,
	OCI_SECCOMP_ARCH_MIPSEL,   OCI_SECCOMP_ARCH_MIPSEL64,  OCI_SECCOMP_ARCH_MIPSEL64N32,
	OCI_SECCOMP_ARCH_PPC64LE,  OCI_SECCOMP_ARCH_S390X,     OCI_SECCOMP_ARCH_LOONGARCH64,
};

static uint64_t random_state;

void random_begin(uint64_t seed)
{
	random_state = seed;
}

uint32_t random_below(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 33) % n;
}

static char *pool[512];
static size_t n_pool;

/* Names of calls: a few that many rules will share, those i386 multiplexes, and all others. */
void generate_begin(void)
{
	static const char *const special[] = { "no_such_call", "socketcall", "ipc", "semop",
					       "send", "recvmmsg", "semtimedop", "shmat",
					       "time64_call", "clock_settime64", "umount" };

	for (size_t i = 0; i < ARRAY_SIZE(special); i++)
		pool[n_pool++] = xstrdup(special[i]);
	for (int number = 0; number < 450; number++) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, number);

		if (name && strcmp(name, "write") != 0)
			pool[n_pool++] = name;
		else
			free(name);
	}
}

void generate_end(void)
{
	for (size_t i = 0; i < n_pool; i++)
		free(pool[i]);
}

static uint64_t random_value(void)
{
	uint64_t value = random_below(4);

	switch (random_below(6)) {
	case 0:
		return value << 32 | random_below(3);
	case 1:
		return UINT32_MAX - value;
	case 2:
		return UINT64_MAX - value;
	case 3:
		return UINT64_C(1) << random_below(64);
	default:
		return value;
	}
}

/* FEW_ACTIONS: one besides the default, so that rules seldom contradict each other. */
static void generate_mixed(struct generated *g, bool few_actions, bool few_names)
{
	static const enum oci_seccomp_action actions[] = {
		OCI_SECCOMP_ACTION_ALLOW, OCI_SECCOMP_ACTION_ERRNO, OCI_SECCOMP_ACTION_LOG,
		OCI_SECCOMP_ACTION_TRAP, OCI_SECCOMP_ACTION_KILL_PROCESS,
		OCI_SECCOMP_ACTION_KILL_THREAD, OCI_SECCOMP_ACTION_TRACE,
		OCI_SECCOMP_ACTION_NOTIFY,
	};
	size_t common = random_below(ARRAY_SIZE(actions)), n_archs = 0;
	uint32_t first_name = random_below((uint32_t)n_pool - 5);

	memset(g, 0, sizeof(*g));
	/* All but the last, which cannot be the default. */
	g->seccomp.default_action = actions[random_below(ARRAY_SIZE(actions) - 1)];
	g->seccomp.listener_path = (char *)"/run/agent.sock";
	for (size_t i = 0; i < ARRAY_SIZE(generated_archs); i++)
		if (random_below(3) == 0)
			g->archs[n_archs++] = generated_archs[i];
	g->seccomp.architectures = g->archs;
	g->seccomp.n_architectures = n_archs;
	g->seccomp.syscalls = g->syscalls;
	g->seccomp.n_syscalls = random_below(MAX_ENTRIES);
	for (size_t i = 0; i < g->seccomp.n_syscalls; i++) {
		struct oci_seccomp_syscall *entry = &g->syscalls[i];

		entry->action = actions[few_actions ? common : random_below(ARRAY_SIZE(actions))];
		g->errnos[i] = random_below(3);
		if (entry->action == OCI_SECCOMP_ACTION_ERRNO && !few_actions)
			entry->errno_ret = &g->errnos[i];
		entry->names = g->names[i];
		entry->n_names = 1 + random_below(MAX_NAMES);
		for (size_t j = 0; j < entry->n_names; j++)
			g->names[i][j] = pool[few_names ? first_name + random_below(5)
							: random_below((uint32_t)n_pool)];
		entry->args = g->args[i];
		entry->n_args = random_below(3) ? random_below(MAX_CONDITIONS + 1) : 0;
		for (size_t j = 0; j < entry->n_args; j++)
			g->args[i][j] = (struct oci_seccomp_arg){
				.index = random_below(few_names ? 3 : 6),
				.op = 1 + random_below(OCI_SECCOMP_OPERATOR_MASKED_EQ),
				.value = random_value(),
				.value_two = random_value(),
			};
	}
}

/* As in podman's profile for socket: a combination refused, all others allowed. */
static void generate_exception(struct generated *g)
{
	size_t at = random_below((uint32_t)g->seccomp.n_syscalls), n = 1 + random_below(3);

	for (size_t i = 0; i < g->seccomp.n_syscalls; i++) {
		struct oci_seccomp_syscall *entry = &g->syscalls[i];

		entry->action = i == at ? OCI_SECCOMP_ACTION_ERRNO : OCI_SECCOMP_ACTION_ALLOW;
		g->names[i][0] = "socket";
		entry->n_args = i == at ? n : 1;
		for (size_t j = 0; j < entry->n_args; j++) {
			g->args[i][j].index = i == at ? (uint32_t)j : random_below((uint32_t)n);
			g->args[i][j].op = i == at ? OCI_SECCOMP_OPERATOR_EQ
						   : OCI_SECCOMP_OPERATOR_NE;
		}
	}
	for (size_t i = 0; i < g->seccomp.n_syscalls; i++)
		if (i != at && random_below(8))
			g->args[i][0].value = g->args[at][g->args[i][0].index].value;
}

/* A few rules with small values on two calls: they meet each other in every way. */
static void generate_dense(struct generated *g)
{
	static const enum oci_seccomp_action actions[] = { OCI_SECCOMP_ACTION_ALLOW,
							   OCI_SECCOMP_ACTION_LOG };
	static const enum oci_seccomp_operator operators[] = {
		OCI_SECCOMP_OPERATOR_EQ, OCI_SECCOMP_OPERATOR_EQ, OCI_SECCOMP_OPERATOR_NE,
		OCI_SECCOMP_OPERATOR_NE, OCI_SECCOMP_OPERATOR_MASKED_EQ,
		OCI_SECCOMP_OPERATOR_MASKED_EQ, OCI_SECCOMP_OPERATOR_GT, OCI_SECCOMP_OPERATOR_LE,
	};
	bool mixed = random_below(3) == 0;

	memset(g, 0, sizeof(*g));
	g->seccomp.default_action = OCI_SECCOMP_ACTION_TRAP;
	g->archs[0] = OCI_SECCOMP_ARCH_X86;
	g->archs[1] = OCI_SECCOMP_ARCH_X32;
	g->seccomp.architectures = g->archs;
	g->seccomp.n_architectures = 2;
	g->seccomp.syscalls = g->syscalls;
	g->seccomp.n_syscalls = 2 + random_below(4);
	for (size_t i = 0; i < g->seccomp.n_syscalls; i++) {
		struct oci_seccomp_syscall *entry = &g->syscalls[i];

		entry->action = actions[mixed && random_below(2)];
		entry->names = g->names[i];
		entry->n_names = 1;
		g->names[i][0] = random_below(4) ? "kexec_load" : "socket";
		entry->args = g->args[i];
		entry->n_args = random_below(12) ? 1 + random_below(MAX_CONDITIONS) : 0;
		for (size_t j = 0; j < entry->n_args; j++)
			g->args[i][j] = (struct oci_seccomp_arg){
				.index = random_below(8) ? (uint32_t)j : random_below(3),
				.op = operators[random_below(random_below(6) ? 6 : 8)],
				.value = random_below(4) + ((uint64_t)!random_below(4) << 32),
				.value_two = random_below(4) + ((uint64_t)!random_below(4) << 32),
			};
	}
	if (random_below(5) == 0)
		generate_exception(g);
}

void generate_describe(const struct generated *g)
{
	printf("# default %s\n", oci_name(&oci_seccomp_action_names, g->seccomp.default_action));
	for (size_t i = 0; i < g->seccomp.n_syscalls; i++) {
		const struct oci_seccomp_syscall *entry = &g->syscalls[i];

		printf("#  %s:", oci_name(&oci_seccomp_action_names, entry->action));
		for (size_t j = 0; j < entry->n_names; j++)
			printf(" %s", entry->names[j]);
		for (size_t j = 0; j < entry->n_args; j++)
			printf(" [%u %s %#llx %#llx]", entry->args[j].index,
			       oci_name(&oci_seccomp_operator_names, entry->args[j].op),
			       (unsigned long long)entry->args[j].value,
			       (unsigned long long)entry->args[j].value_two);
		printf("\n");
	}
}

void generate(struct generated *g, enum generated_kind kind, int seed)
{
	random_state = UINT64_C(0x9e3779b97f4a7c15) * (uint64_t)seed;
	if (kind == DENSE)
		generate_dense(g);
	else
		generate_mixed(g, kind == ONE_ACTION || kind == ONE_ACTION_FEW_NAMES,
			       kind == ONE_ACTION_FEW_NAMES || kind == MANY_ACTIONS_FEW_NAMES);
}
