/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdicts of our seccomp filters, by an interpreter of BPF: for every system call
 * number on every architecture and many arguments they are what seccomp-oracle.c says,
 * and what libseccomp's filter says, for the default profiles of engines and for
 * generated ones.  Where libseccomp says otherwise, it is counted why: rules that
 * contradict each other, bits of a subcall's number that the kernel cuts off, values of 64
 * bits for arguments of 32, a rule that libseccomp lost, or no end.
 */
#include "tests/unit/tap.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "libocispec/arena.h"
#include "libocispec/runtime.h"
#include "linux/seccomp.h"
#include "tests/unit/seccomp-data.h"
#include "tests/unit/seccomp-generate.h"
#include "tests/unit/seccomp-library.h"
#include "tests/unit/seccomp-oracle.h"

/* libseccomp loses memory where rules meet; a build without sanitizers never calls this. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libseccomp";
}

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

/* Two filters of one profile, what it means, and how often they were held together. */
struct pair {
	const struct oci_seccomp *seccomp;
	struct seccomp_program ours;
	struct seccomp_program library;
	/* libseccomp has no filter: it refused, or did not come to an end. */
	int library_result;
	struct oracle oracle;
	unsigned int n_tried;
	/* Ours against the oracle. */
	unsigned int n_wrong;
	/* libseccomp against it: by kind of reason, at most one per call. */
	unsigned int n_disputed, n_cut, n_truncated, n_lost;
};

static void print_call(const char *what, const struct seccomp_data *data, uint32_t want,
		       uint32_t got)
{
	printf("# %s: arch %#x nr %#x (", what, data->arch, data->nr);
	for (size_t i = 0; i < ARRAY_SIZE(data->args); i++)
		printf("%#llx ", (unsigned long long)data->args[i]);
	printf("): want %#x, got %#x\n", want, got);
}

static void try(struct pair *pair, const struct seccomp_data *data)
{
	uint32_t want = oracle_verdict(&pair->oracle, data), got = run(&pair->ours, data), other;

	pair->n_tried++;
	if (want != got && pair->n_wrong++ < 3)
		print_call("ours", data, want, got);
	if (pair->library_result < 0 || oracle_is_newer(&pair->oracle, data))
		return;
	other = run(&pair->library, data);
	if (other == want)
		return;
	if (oracle_is_disputed(&pair->oracle, data))
		pair->n_disputed++;
	else if (oracle_is_cut(&pair->oracle, data))
		pair->n_cut++;
	else if (oracle_is_truncated(&pair->oracle, data))
		pair->n_truncated++;
	else
		pair->n_lost++;
}

/* A value near to one that a condition speaks of, or at an end. */
static uint64_t interesting_value(const struct oci_seccomp *seccomp)
{
	static const uint64_t ends[] = { 0, 1, UINT32_MAX, UINT64_C(1) << 32, UINT64_MAX };
	uint64_t value = ends[random_below(ARRAY_SIZE(ends))];

	if (seccomp->n_syscalls > 0 && random_below(5) > 0) {
		const struct oci_seccomp_syscall *rule =
			&seccomp->syscalls[random_below((uint32_t)seccomp->n_syscalls)];
		const struct oci_seccomp_arg *arg =
			rule->n_args ? &rule->args[random_below((uint32_t)rule->n_args)] : NULL;

		if (arg)
			value = random_below(3) ? arg->value : arg->value_two;
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

/* Argument 0 is often the number of a subcall. */
static void try_arguments(struct pair *pair, uint32_t arch, uint32_t number, int times)
{
	struct seccomp_data data = { .nr = (int)number, .arch = arch };

	for (int i = 0; i < times; i++) {
		for (size_t j = 0; j < ARRAY_SIZE(data.args); j++)
			data.args[j] = interesting_value(pair->seccomp);
		if (random_below(4) == 0)
			data.args[0] = random_below(25) + (random_below(8) ? 0 : 0x10000);
		try(pair, &data);
	}
}

static void try_all_numbers(struct pair *pair, int times)
{
	static const uint32_t odd[] = { 511, 512, 547, 1000, 0x3fffffff, 0x7fffffff, 0x80000000,
					0xf0001, 0xf0005, 0xf0006, UINT32_MAX - 1, UINT32_MAX };

	for (size_t i = 0; i < N_GENERATED_ARCHS; i++) {
		uint32_t token = library_arch(generated_archs[i]), base = oracle_base(token);

		for (uint32_t number = 0; number < 480; number++)
			try_arguments(pair, oracle_audit(token), base + number, times);
		for (size_t j = 0; j < ARRAY_SIZE(odd); j++)
			try_arguments(pair, oracle_audit(token), base | odd[j], 1);
	}
	try_arguments(pair, 0, 0, 1);
}

/* The numbers that rules with conditions are about, with many arguments. */
static void try_rules(struct pair *pair, int times)
{
	for (size_t i = 0; i < pair->oracle.n_archs; i++) {
		const struct oracle_arch *arch = &pair->oracle.archs[i];

		for (size_t j = 0; j < arch->n; j++)
			if (arch->rules[j].rule->n_args > 0 || arch->rules[j].subcall)
				try_arguments(pair, oracle_audit(arch->token),
					      arch->rules[j].number, times);
	}
}

/* What came out for many profiles. */
struct counts {
	unsigned int n_profiles, n_refused, n_wrong;
	/* libseccomp's: the same verdicts, other ones, or none. */
	unsigned int n_equal, n_cut, n_truncated, n_disputed, n_lost, n_endless, n_refused_by_library;
	unsigned long n_tried;
};

static void count(struct counts *counts, const struct pair *pair)
{
	counts->n_tried += pair->n_tried;
	counts->n_wrong += pair->n_wrong > 0;
	if (pair->library_result == -ETIMEDOUT)
		counts->n_endless++;
	else if (pair->library_result < 0)
		counts->n_refused_by_library++;
	else if (pair->n_lost > 0)
		counts->n_lost++;
	else if (pair->n_disputed > 0)
		counts->n_disputed++;
	else if (pair->n_truncated > 0)
		counts->n_truncated++;
	else if (pair->n_cut > 0)
		counts->n_cut++;
	else
		counts->n_equal++;
}

/* True: our verdicts are right. */
static bool compare(const struct oci_seccomp *seccomp, int times, bool all_numbers,
		    struct counts *counts)
{
	struct pair pair = { .seccomp = seccomp };
	struct error err = ERROR_INIT;
	unsigned int wrong_before = counts->n_wrong;

	counts->n_profiles++;
	if (seccomp_compile(seccomp, &pair.ours, &err) < 0) {
		counts->n_refused++;
		printf("# refused: %s\n", err.msg);
		return false;
	}
	oracle_init(&pair.oracle, seccomp);
	pair.library_result = library_compile(seccomp, &pair.library);
	try_rules(&pair, times);
	if (all_numbers)
		try_all_numbers(&pair, 1);
	count(counts, &pair);
	seccomp_program_fini(&pair.ours);
	seccomp_program_fini(&pair.library);
	oracle_fini(&pair.oracle);
	return counts->n_wrong == wrong_before;
}

static void print_counts(const struct counts *counts)
{
	printf("# libseccomp: %u equal; at worst %u looked at bits of ipc(2) that the kernel does "
	       "not, %u cut values to 32 bits, %u took contradicting rules in another order, %u "
	       "lost rules; %u refused, %u without end\n",
	       counts->n_equal, counts->n_cut, counts->n_truncated, counts->n_disputed, counts->n_lost,
	       counts->n_refused_by_library, counts->n_endless);
}

static struct counts test_generated(int n, enum generated_kind kind, const char *what)
{
	static struct generated g;
	struct counts counts = { 0 };
	int shown = 0;

	for (int seed = 1; seed <= n; seed++) {
		generate(&g, kind, seed);
		if (!compare(&g.seccomp, 40, kind != DENSE && seed % 8 == 0, &counts) &&
		    shown++ < 2) {
			printf("# %s, seed %d:\n", what, seed);
			generate_describe(&g);
		}
	}
	ok_named(counts.n_wrong == 0 && counts.n_refused == 0,
		 "%s: the verdicts on %lu calls of %u profiles are right", what, counts.n_tried,
		 counts.n_profiles);
	/* More would mean that the oracle is wrong, not libseccomp. */
	ok_named(counts.n_lost * 5 < counts.n_profiles, "%s: libseccomp lost rules in %u of %u", what,
		 counts.n_lost, counts.n_profiles);
	print_counts(&counts);
	return counts;
}

/* Takes out the names that this libseccomp has not heard of; how many. */
static unsigned int drop_unknown(struct oci_seccomp *seccomp)
{
	unsigned int dropped = 0;

	for (size_t i = 0; i < seccomp->n_syscalls; i++) {
		struct oci_seccomp_syscall *rule = &seccomp->syscalls[i];
		size_t kept = 0;

		for (size_t j = 0; j < rule->n_names; j++)
			if (seccomp_syscall_resolve_name(rule->names[j]) != __NR_SCMP_ERROR)
				rule->names[kept++] = rule->names[j];
		dropped += (unsigned int)(rule->n_names - kept);
		rule->n_names = kept;
	}
	return dropped;
}

/* A real one, for every number; it must be small, for that is what its attaching costs. */
static void test_real(const char *name)
{
	struct oci_arena arena = { .blocks = NULL };
	struct seccomp_program program = SECCOMP_PROGRAM_INIT;
	struct error err = ERROR_INIT;
	struct counts counts = { 0 }, for_all = { 0 };
	struct oci_seccomp seccomp;

	if (ok_named(read_profile(name, &arena, &seccomp), "%s is read", name)) {
		printf("# %u names are newer than libseccomp\n", drop_unknown(&seccomp));
		random_begin(42);
		ok_named(compare(&seccomp, 3000, true, &counts), "%s: the right verdicts", name);
		ok_named(counts.n_equal == 1, "%s: the verdicts of libseccomp (%lu calls)", name,
			 counts.n_tried);
		ok(seccomp_compile(&seccomp, &program, &err) == 0);
		ok_named(program.n_filter < 400, "%s: %u instructions", name, program.n_filter);
		seccomp_program_fini(&program);
		seccomp.architectures = (enum oci_seccomp_arch *)generated_archs;
		seccomp.n_architectures = N_GENERATED_ARCHS;
		/* Of podman's profile libseccomp makes more than the kernel takes. */
		ok_named(compare(&seccomp, 300, true, &for_all) &&
				 for_all.n_equal + for_all.n_refused_by_library == 1,
			 "%s: for all architectures", name);
		print_counts(&for_all);
	}
	oci_arena_release(&arena);
}

/* Calls that this libseccomp may not know have one number everywhere. */
static void test_newer(void)
{
	char *names[] = { "mseal", NULL };
	struct oci_seccomp_syscall rule = { .names = names, .n_names = 1,
					    .action = OCI_SECCOMP_ACTION_ALLOW };
	struct oci_seccomp seccomp = { .default_action = OCI_SECCOMP_ACTION_ERRNO,
				       .architectures = (enum oci_seccomp_arch *)generated_archs,
				       .n_architectures = N_GENERATED_ARCHS,
				       .syscalls = &rule, .n_syscalls = 1 };
	struct seccomp_program program;
	struct error err = ERROR_INIT;

	ok_int(seccomp_compile(&seccomp, &program, &err), 0);
	for (size_t i = 0; i < N_GENERATED_ARCHS; i++) {
		uint32_t token = library_arch(generated_archs[i]);
		struct seccomp_data data = { .nr = (int)oracle_base(token) + 462,
					     .arch = oracle_audit(token) };

		if (token & __AUDIT_ARCH_LE)
			ok_int(run(&program, &data), SECCOMP_RET_ALLOW);
	}
	seccomp_program_fini(&program);
}

int main(void)
{
	struct counts counts;

	if (seccomp_arch_native() != SCMP_ARCH_X86_64)
		tap_skip_all("written for x86_64");
	generate_begin();
	test_newer();
	/* What podman 4.3, docker 20.10 and containerd 1.6 put into config.json. */
	test_real("seccomp-podman.json");
	test_real("seccomp-docker.json");
	test_real("seccomp-docker-cap-add-all.json");
	test_real("seccomp-containerd.json");
	counts = test_generated(800, ONE_ACTION, "one action");
	ok_named(counts.n_disputed == 0, "nothing is contradicted by one action");
	counts = test_generated(600, ONE_ACTION_FEW_NAMES, "one action, few names");
	ok_named(counts.n_disputed == 0, "nothing is contradicted by one action");
	(void)test_generated(400, MANY_ACTIONS, "many actions");
	(void)test_generated(300, MANY_ACTIONS_FEW_NAMES, "many actions, few names");
	(void)test_generated(2000, DENSE, "rules that meet");
	generate_end();
	return tap_done();
}
