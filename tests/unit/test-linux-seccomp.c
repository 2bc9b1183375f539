/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seccomp filters: what the parser refuses, that the kernel takes what we make,
 * and, by an interpreter of BPF, that our own filters and libseccomp's give every
 * call the same verdict, for generated profiles and for a real one.
 */
#include "tests/unit/tap.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/sock.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "libocispec/oci-error.h"
#include "libocispec/read.h"
#include "libocispec/runtime.h"
#include "linux/seccomp-library.h"
#include "linux/seccomp-profile.h"
#include "linux/seccomp-tree.h"
#include "linux/seccomp.h"

/* libseccomp loses memory where rules meet; a build without sanitizers never calls this. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libseccomp";
}

/* How often libseccomp's filter stood in for ours. */
static int n_stand_ins;

/* The kernel's verdict: the subset of BPF that seccomp(2) accepts and filters use. */
static uint32_t run(const struct seccomp_program *program, const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < program->n_filter; pc++) {
		const struct sock_filter *i = &program->filter[pc];

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (i->k > sizeof(*data) - 4 || i->k % 4 != 0)
				return 0xdead0001;
			memcpy(&a, (const char *)data + i->k, 4);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			break;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += a == i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			pc += a > i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			pc += a >= i->k ? i->jt : i->jf;
			break;
		case BPF_RET | BPF_K:
			return i->k;
		default:
			return 0xdead0002;
		}
	}
	return 0xdead0003;
}

/* Two filters of one profile, and what to try them with. */
struct pair {
	const struct oci_seccomp *seccomp;
	struct seccomp_profile profile;
	struct seccomp_program ours;
	struct seccomp_program library;
	/* The newest call of each part: x86_64, x32, i386, aarch64, arm, riscv64. */
	uint32_t last[6];
	int n_wrong;
};

static const struct {
	enum oci_seccomp_arch name;
	uint32_t token;
	uint32_t audit;
} archs[] = {
	{ OCI_SECCOMP_ARCH_X86_64, SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64 },
	{ OCI_SECCOMP_ARCH_X32, SCMP_ARCH_X32, AUDIT_ARCH_X86_64 },
	{ OCI_SECCOMP_ARCH_X86, SCMP_ARCH_X86, AUDIT_ARCH_I386 },
	{ OCI_SECCOMP_ARCH_AARCH64, SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64 },
	{ OCI_SECCOMP_ARCH_ARM, SCMP_ARCH_ARM, AUDIT_ARCH_ARM },
	{ OCI_SECCOMP_ARCH_RISCV64, SCMP_ARCH_RISCV64, AUDIT_ARCH_RISCV64 },
};

/* i386: what each number is called. */
static char *i386_names[450];

/* The number that stands for subcall PSEUDO of socketcall or ipc, or the one of its own. */
static int i386_number(const char *name, int pseudo)
{
	int number = pseudo <= -200 ? 117 : 102;

	for (int direct = number; direct < (int)ARRAY_SIZE(i386_names); direct++)
		if (i386_names[direct] && strcmp(i386_names[direct], name) == 0)
			return direct;
	return number;
}

static uint32_t newest(const struct pair *pair, uint32_t token)
{
	uint32_t last = 0;

	for (size_t i = 0; i < pair->profile.n_rules; i++) {
		const char *name = pair->profile.rules[i].name;
		int number = seccomp_syscall_resolve_name_arch(token, name);

		if (number <= -100 && number >= -224 && token == SCMP_ARCH_X86)
			number = i386_number(name, number);
		if (number > 0 && (uint32_t)number > last)
			last = (uint32_t)number;
	}
	return last;
}

static bool has_arch(const struct pair *pair, uint32_t token)
{
	for (size_t i = 0; i < pair->profile.n_archs; i++)
		if (pair->profile.archs[i] == token)
			return true;
	return false;
}

/* libseccomp's verdict, with ENOSYS in place of the default beyond the newest call. */
static uint32_t expected(const struct pair *pair, const struct seccomp_data *data)
{
	uint32_t verdict = run(&pair->library, data), number = (uint32_t)data->nr;
	uint32_t kind = pair->profile.default_action & SECCOMP_RET_ACTION_FULL;
	size_t i = 0;

	if (verdict != pair->profile.default_action || kind == SECCOMP_RET_ALLOW ||
	    kind == SECCOMP_RET_LOG || kind == SECCOMP_RET_TRACE)
		return verdict;
	while (i < ARRAY_SIZE(archs) && archs[i].audit != data->arch)
		i++;
	if (i == ARRAY_SIZE(archs))
		return verdict;
	if (i == 0 && number >= 0x40000000)
		i = 1;
	if (!has_arch(pair, archs[i].token) || pair->last[i] == 0 || number <= pair->last[i])
		return verdict;
	return SECCOMP_RET_ERRNO | ENOSYS;
}

static void try(struct pair *pair, const struct seccomp_data *data)
{
	uint32_t want = expected(pair, data), got = run(&pair->ours, data);

	if (want == got)
		return;
	if (pair->n_wrong++ < 3)
		printf("# arch %#x nr %#x (%#llx %#llx %#llx %#llx %#llx %#llx): want %#x, got %#x\n",
		       data->arch, data->nr, (unsigned long long)data->args[0],
		       (unsigned long long)data->args[1], (unsigned long long)data->args[2],
		       (unsigned long long)data->args[3], (unsigned long long)data->args[4],
		       (unsigned long long)data->args[5], want, got);
}

/* A fixed sequence, so that a failure can be had again. */
static uint64_t random_state;

static uint32_t random_below(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 33) % n;
}

/* A value near to one that a condition speaks of, or at an end. */
static uint64_t interesting_value(const struct pair *pair)
{
	static const uint64_t ends[] = { 0, 1, UINT32_MAX, UINT64_C(1) << 32, UINT64_MAX };
	uint64_t value = ends[random_below(ARRAY_SIZE(ends))];

	if (pair->profile.n_conditions > 0 && random_below(5) > 0) {
		const struct seccomp_condition *condition =
			&pair->profile.conditions[random_below(
				(uint32_t)pair->profile.n_conditions)];

		value = random_below(3) ? condition->value : condition->value_two;
	}
	switch (random_below(8)) {
	case 0:
		return value + 1;
	case 1:
		return value - 1;
	case 2:
		return value ^ UINT64_C(1) << random_below(64);
	case 3:
		return (uint32_t)value;
	default:
		return value;
	}
}

static void try_arguments(struct pair *pair, uint32_t arch, uint32_t number, int times)
{
	struct seccomp_data data = { .nr = (int)number, .arch = arch };

	for (int i = 0; i < times; i++) {
		for (size_t j = 0; j < ARRAY_SIZE(data.args); j++)
			data.args[j] = interesting_value(pair);
		try(pair, &data);
	}
}

static void try_all_numbers(struct pair *pair, int times)
{
	static const uint32_t odd[] = { 511, 512, 547, 1000, 0x3fffffff, 0x7fffffff,
					0x80000000, 0xf0005, UINT32_MAX - 1, UINT32_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(archs); i++) {
		uint32_t bit = archs[i].token == SCMP_ARCH_X32 ? 0x40000000 : 0;

		for (uint32_t number = 0; number < 480; number++)
			try_arguments(pair, archs[i].audit, bit | number, times);
		for (size_t j = 0; j < ARRAY_SIZE(odd); j++)
			try_arguments(pair, archs[i].audit, bit | odd[j], 1);
	}
	try_arguments(pair, AUDIT_ARCH_S390X, 1, 1);
	try_arguments(pair, 0, 0, 1);
}

/* The numbers that rules are about, with many arguments. */
static void try_rules(struct pair *pair, int times)
{
	for (size_t i = 0; i < pair->profile.n_rules; i++) {
		if (pair->profile.rules[i].n_conditions == 0)
			continue;
		for (size_t j = 0; j < ARRAY_SIZE(archs); j++) {
			int number = seccomp_syscall_resolve_name_arch(
				archs[j].token, pair->profile.rules[i].name);

			if (number >= 0)
				try_arguments(pair, archs[j].audit, (uint32_t)number, times);
		}
	}
	try_arguments(pair, AUDIT_ARCH_I386, 102, times);
	try_arguments(pair, AUDIT_ARCH_I386, 117, times);
}

enum outcome { EQUAL, DIFFERENT, BOTH_REFUSE, ONE_REFUSES, NOT_OURS };

/* ONLY_OURS: where our compiler has no opinion, libseccomp's is not asked for. */
static enum outcome compare(const struct oci_seccomp *seccomp, int times, bool all_numbers,
			    bool only_ours)
{
	struct pair pair = { .seccomp = seccomp };
	struct error err = ERROR_INIT, library_err = ERROR_INIT;
	enum outcome outcome;
	int ours, library;

	if (seccomp_profile_parse(seccomp, &pair.profile, &err) < 0) {
		seccomp_profile_fini(&pair.profile);
		return BOTH_REFUSE;
	}
	ours = seccomp_tree_compile(&pair.profile, &pair.ours);
	if (ours < 0 && only_ours) {
		seccomp_profile_fini(&pair.profile);
		return NOT_OURS;
	}
	if (ours < 0) {
		n_stand_ins++;
		ours = seccomp_compile(seccomp, &pair.ours, &err);
	}
	library = seccomp_library_compile(&pair.profile, &pair.library, &library_err);
	if (ours < 0 || library < 0) {
		outcome = ours == library ? BOTH_REFUSE : ONE_REFUSES;
	} else {
		for (size_t i = 0; i < ARRAY_SIZE(archs); i++)
			pair.last[i] = newest(&pair, archs[i].token);
		try_rules(&pair, times);
		if (all_numbers)
			try_all_numbers(&pair, 1);
		outcome = pair.n_wrong ? DIFFERENT : EQUAL;
	}
	if (outcome == ONE_REFUSES)
		printf("# ours %d %s, libseccomp %d %s\n", ours, err.msg, library, library_err.msg);
	seccomp_program_fini(&pair.ours);
	seccomp_program_fini(&pair.library);
	seccomp_profile_fini(&pair.profile);
	return outcome;
}

/* A generated profile and the memory of its parts. */
enum { MAX_ENTRIES = 24, MAX_NAMES = 6, MAX_CONDITIONS = 3 };

struct generated {
	struct oci_seccomp seccomp;
	struct oci_seccomp_syscall syscalls[MAX_ENTRIES];
	struct oci_seccomp_arg args[MAX_ENTRIES][MAX_CONDITIONS];
	char *names[MAX_ENTRIES][MAX_NAMES + 1];
	uint32_t errnos[MAX_ENTRIES];
	enum oci_seccomp_arch archs[ARRAY_SIZE(archs)];
};

static char *pool[512];
static size_t n_pool;

/* Names of calls: a few that many rules will share, those i386 multiplexes, and all others. */
static void fill_pool(void)
{
	static const char *const special[] = { "no_such_call", "socketcall", "ipc", "semop",
					       "send", "recvmmsg", "semtimedop", "shmat",
					       "time64_call", "clock_settime64", "umount" };

	for (size_t i = 0; i < ARRAY_SIZE(special); i++)
		pool[n_pool++] = xstrdup(special[i]);
	for (int number = 0; number < (int)ARRAY_SIZE(i386_names); number++)
		i386_names[number] = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86, number);
	for (int number = 0; number < 450; number++) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, number);

		if (name && strcmp(name, "write") != 0)
			pool[n_pool++] = name;
		else
			free(name);
	}
}

static void drain_pool(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(i386_names); i++)
		free(i386_names[i]);
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
static void generate(struct generated *g, bool few_actions, bool few_names)
{
	static const enum oci_seccomp_action actions[] = {
		OCI_SECCOMP_ACTION_ALLOW, OCI_SECCOMP_ACTION_ERRNO, OCI_SECCOMP_ACTION_LOG,
		OCI_SECCOMP_ACTION_TRAP, OCI_SECCOMP_ACTION_KILL_PROCESS,
		OCI_SECCOMP_ACTION_KILL_THREAD, OCI_SECCOMP_ACTION_TRACE,
	};
	size_t common = random_below(ARRAY_SIZE(actions)), n_archs = 0;
	uint32_t first_name = random_below((uint32_t)n_pool - 5);

	memset(g, 0, sizeof(*g));
	g->seccomp.default_action = actions[random_below(ARRAY_SIZE(actions))];
	for (size_t i = 0; i < ARRAY_SIZE(archs); i++)
		if (random_below(2))
			g->archs[n_archs++] = archs[i].name;
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

static void describe(const struct generated *g)
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

enum kind { ONE_ACTION, ONE_ACTION_FEW_NAMES, MANY_ACTIONS, MANY_ACTIONS_FEW_NAMES, DENSE };

static void test_generated(int n, enum kind kind, const char *what)
{
	static struct generated g;
	int counts[5] = { 0 }, before = n_stand_ins;

	for (int seed = 1; seed <= n; seed++) {
		enum outcome outcome;

		random_state = UINT64_C(0x9e3779b97f4a7c15) * (uint64_t)seed;
		if (kind == DENSE)
			generate_dense(&g);
		else
			generate(&g, kind == ONE_ACTION || kind == ONE_ACTION_FEW_NAMES,
				 kind == ONE_ACTION_FEW_NAMES || kind == MANY_ACTIONS_FEW_NAMES);
		outcome = compare(&g.seccomp, 40, kind != DENSE && seed % 8 == 0,
				  kind == DENSE);
		counts[outcome]++;
		if ((outcome == DIFFERENT || outcome == ONE_REFUSES) && counts[outcome] <= 2) {
			printf("# %s, seed %d:\n", what, seed);
			describe(&g);
		}
	}
	ok_named(counts[DIFFERENT] == 0 && counts[ONE_REFUSES] == 0,
		 "%s: %d profiles equal, %d refused, by libseccomp's own filter %d (wrong: %d, %d)",
		 what, counts[EQUAL], counts[BOTH_REFUSE], n_stand_ins - before,
		 counts[DIFFERENT], counts[ONE_REFUSES]);
	ok_named(counts[EQUAL] - (n_stand_ins - before) > n / 8, "%s: many are our own", what);
}

/* A profile as it stands in a file of tests/data; the arena holds what OUT points to. */
static bool read_profile(const char *name, struct oci_arena *arena, struct oci_seccomp *out)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct oci_error oci_err = OCI_ERROR_INIT;
	struct error err = ERROR_INIT;
	const char *srcdir = getenv("srcdir");
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/tests/data/%s", srcdir ? srcdir : ".", name);
	if (file_read_at(AT_FDCWD, path, 1 << 20, &text, &err) < 0 ||
	    oci_read(arena, &oci_seccomp_object, text.buf, text.len, name, out, &oci_err) < 0) {
		printf("# %s%s\n", err.msg, oci_err.msg);
		return false;
	}
	return true;
}

/* A real one, for every number; it must be small, for that is what its attaching costs. */
static void test_real(const char *name)
{
	struct oci_arena arena = { .blocks = NULL };
	struct seccomp_program program = SECCOMP_PROGRAM_INIT;
	struct error err = ERROR_INIT;
	struct oci_seccomp seccomp;

	if (ok_named(read_profile(name, &arena, &seccomp), "%s is read", name)) {
		random_state = 42;
		ok_named(compare(&seccomp, 3000, true, true) == EQUAL,
			 "%s: our own filter, and the verdicts of libseccomp", name);
		ok(seccomp_compile(&seccomp, &program, &err) == 0);
		ok_named(program.n_filter < 400, "%s: %u instructions", name, program.n_filter);
		seccomp_program_fini(&program);
	}
	oci_arena_release(&arena);
}

/* What a profile of one rule (unless N_ARGS says more) is refused for. */
static void refused(const struct oci_seccomp *seccomp, const char *pointer)
{
	struct seccomp_program program;
	struct error err = ERROR_INIT;

	ok_int(seccomp_compile(seccomp, &program, &err) < 0, true);
	ok_str(err.pointer, pointer);
	seccomp_program_fini(&program);
}

static void test_refusals(void)
{
	static const uint32_t number = 1, large = 4096;
	char *names[] = { "getpid", "write", NULL };
	struct oci_seccomp_arg arg = { .index = 6, .op = OCI_SECCOMP_OPERATOR_EQ };
	struct oci_seccomp_syscall rule = { .names = names, .n_names = 1,
					    .action = OCI_SECCOMP_ACTION_ERRNO };
	struct oci_seccomp seccomp = { .default_action = OCI_SECCOMP_ACTION_ALLOW,
				       .syscalls = &rule, .n_syscalls = 1 };

	seccomp.default_errno_ret = &number;
	refused(&seccomp, "linux.seccomp.defaultErrnoRet");
	seccomp.default_errno_ret = NULL;
	rule.errno_ret = &large;
	refused(&seccomp, "linux.seccomp.syscalls[0].errnoRet");
	rule.errno_ret = &number;
	rule.action = OCI_SECCOMP_ACTION_KILL;
	refused(&seccomp, "linux.seccomp.syscalls[0].errnoRet");
	rule.errno_ret = NULL;
	rule.args = &arg;
	rule.n_args = 1;
	refused(&seccomp, "linux.seccomp.syscalls[0].args[0].index");
	rule.n_args = 0;
	rule.action = OCI_SECCOMP_ACTION_NOTIFY;
	refused(&seccomp, "linux.seccomp.listenerPath");
	seccomp.listener_path = "relative";
	refused(&seccomp, "linux.seccomp.listenerPath");
	seccomp.listener_path = "/run/agent.sock";
	rule.n_names = 2;
	refused(&seccomp, "linux.seccomp.syscalls[0].names[1]");
	rule.n_names = 1;
	seccomp.default_action = OCI_SECCOMP_ACTION_NOTIFY;
	refused(&seccomp, "linux.seccomp.defaultAction");
	seccomp.default_action = OCI_SECCOMP_ACTION_ALLOW;
	rule.action = OCI_SECCOMP_ACTION_ERRNO;
	seccomp.listener_path = NULL;
	seccomp.listener_metadata = "{}";
	refused(&seccomp, "linux.seccomp.listenerMetadata");
}

static struct oci_arena real_arena;
static struct oci_seccomp real;

/* The kernel takes the filter and gives the verdicts the interpreter gave. */
static int live_under_real(void)
{
	struct seccomp_program program;
	struct error err = ERROR_INIT;

	if (seccomp_compile(&real, &program, &err) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    seccomp_install(&program, NULL, &err) < 0)
		return 1;
	if (syscall(SYS_acct, NULL) != -1 || errno != EPERM)
		return 2;
	if (syscall(SYS_socket, 16, 2, 9) != -1 || errno != EINVAL)
		return 3;
	if (syscall(SYS_socket, 16, 3, 0) < 0 || syscall(SYS_getpid) != getpid())
		return 4;
	return syscall(5000) == -1 && errno == ENOSYS ? 0 : 5;
}

static int kill_process(void)
{
	char *names[] = { "getppid", NULL };
	struct oci_seccomp_syscall rule = { .names = names, .n_names = 1,
					    .action = OCI_SECCOMP_ACTION_KILL_PROCESS };
	enum oci_seccomp_flag flags[] = { OCI_SECCOMP_FLAG_LOG, OCI_SECCOMP_FLAG_SPEC_ALLOW,
					  OCI_SECCOMP_FLAG_TSYNC,
					  OCI_SECCOMP_FLAG_WAIT_KILLABLE_RECV };
	struct oci_seccomp seccomp = { .default_action = OCI_SECCOMP_ACTION_ALLOW,
				       .syscalls = &rule, .n_syscalls = 1,
				       .flags = flags, .n_flags = ARRAY_SIZE(flags) };
	struct seccomp_program program;
	struct error err = ERROR_INIT;

	if (seccomp_compile(&seccomp, &program, &err) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    seccomp_install(&program, NULL, &err) < 0)
		return 1;
	(void)syscall(SYS_getppid);
	return 2;
}

/* The child's getppid() is answered here; what the agent is sent goes through a socket. */
static int answer(int listener_fd)
{
	struct seccomp_notif request = { .id = 0 };
	struct seccomp_notif_resp response = { .val = 4711 };

	if (ioctl(listener_fd, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0 ||
	    request.data.nr != SYS_getppid)
		return -1;
	response.id = request.id;
	return ioctl(listener_fd, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static int notified(const struct seccomp_program *program, const char *path)
{
	int listener_fd = -EBADF;
	struct error err = ERROR_INIT;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    seccomp_install(program, &listener_fd, &err) < 0 || listener_fd < 0 ||
	    seccomp_send_listener(path, "{\"fds\":[\"seccompFd\"]}", listener_fd, &err) < 0)
		return 1;
	return syscall(SYS_getppid) == 4711 ? 0 : 2;
}

static int notify(void)
{
	char *names[] = { "getppid", NULL };
	struct oci_seccomp_syscall rule = { .names = names, .n_names = 1,
					    .action = OCI_SECCOMP_ACTION_NOTIFY };
	struct oci_seccomp seccomp = { .default_action = OCI_SECCOMP_ACTION_ALLOW,
				       .syscalls = &rule, .n_syscalls = 1 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char text[64] = "", dir[] = "/tmp/test-linux-seccomp.XXXXXX";
	struct seccomp_program program;
	struct error err = ERROR_INIT;
	int server, client, listener_fd = -EBADF, status;
	size_t n_fds = 1;

	if (!mkdtemp(dir))
		return 10;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/agent", dir);
	server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(server, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(server, 1) < 0)
		return 11;
	seccomp.listener_path = address.sun_path;
	if (seccomp_compile(&seccomp, &program, &err) < 0 || !program.notifies)
		return 12;
	if (fork() == 0)
		_exit(notified(&program, address.sun_path));
	client = accept(server, NULL, NULL);
	(void)unlink(address.sun_path);
	(void)rmdir(dir);
	if (sock_recv(client, text, sizeof(text), &listener_fd, &n_fds, &err) <= 0 || n_fds != 1)
		return 13;
	if (strcmp(text, "{\"fds\":[\"seccompFd\"]}") != 0 || answer(listener_fd) < 0)
		return 14;
	(void)wait(&status);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 15;
}

static void test_support(void)
{
	ok(seccomp_supports_action(OCI_SECCOMP_ACTION_ERRNO));
	ok(seccomp_supports_action(OCI_SECCOMP_ACTION_NOTIFY));
	ok(seccomp_supports_arch(OCI_SECCOMP_ARCH_AARCH64));
	ok(seccomp_supports_flag(OCI_SECCOMP_FLAG_LOG));
	ok(seccomp_supports_flag(OCI_SECCOMP_FLAG_WAIT_KILLABLE_RECV));
}

int main(void)
{
	test_refusals();
	test_support();
	ok_int(tap_in_child(kill_process), 128 + SIGSYS);
	ok_int(tap_in_child(notify), 0);
	if (seccomp_arch_native() != SCMP_ARCH_X86_64) {
		tap_skip("comparison with libseccomp", "written for x86_64");
		return tap_done();
	}
	fill_pool();
	test_real("seccomp-podman.json");
	if (read_profile("seccomp-podman.json", &real_arena, &real))
		ok_int(tap_in_child(live_under_real), 0);
	oci_arena_release(&real_arena);
	test_generated(800, ONE_ACTION, "one action");
	test_generated(600, ONE_ACTION_FEW_NAMES, "one action, few names");
	test_generated(400, MANY_ACTIONS, "many actions");
	test_generated(300, MANY_ACTIONS_FEW_NAMES, "many actions, few names");
	test_generated(8000, DENSE, "rules that meet");
	drain_pool();
	return tap_done();
}
