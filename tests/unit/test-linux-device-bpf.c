/* SPDX-License-Identifier: Apache-2.0 */
/* The device programs, run by an interpreter of the few instructions they use. */
#include "tests/unit/tap.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "linux/device-bpf.h"

enum { R = BPF_DEVCG_ACC_READ, W = BPF_DEVCG_ACC_WRITE, M = BPF_DEVCG_ACC_MKNOD };

static int interpret(const struct bpf_insn *insns, size_t n, const uint32_t ctx[3])
{
	uint64_t r[11] = { 0 };

	for (size_t pc = 0; pc < n; pc++) {
		const struct bpf_insn *i = &insns[pc];
		uint64_t imm = (uint64_t)(int64_t)i->imm;

		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			r[i->dst_reg] = ctx[i->off / 4];
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			r[i->dst_reg] = (uint32_t)r[i->dst_reg] & (uint32_t)imm;
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			r[i->dst_reg] = (uint32_t)r[i->dst_reg] >> imm;
			break;
		case BPF_ALU | BPF_MOV | BPF_K:
			r[i->dst_reg] = (uint32_t)imm;
			break;
		case BPF_ALU | BPF_MOV | BPF_X:
			r[i->dst_reg] = (uint32_t)r[i->src_reg];
			break;
		case BPF_JMP | BPF_JNE | BPF_K:
			pc += r[i->dst_reg] != imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += r[i->dst_reg] == imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_EXIT:
			return (int)r[0];
		default:
			return -1;
		}
	}
	return -2;
}

struct question {
	char type;
	uint32_t major, minor, access;
	int answer;
};

static void ask(const char *name, const struct device_rule *rules, size_t n_rules,
		const struct question *questions, size_t n_questions)
{
	struct bpf_insn *insns;
	size_t n;

	device_program_make(rules, n_rules, &insns, &n);
	for (size_t i = 0; i < n_questions; i++) {
		const struct question *q = &questions[i];
		uint32_t type = q->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
		uint32_t ctx[3] = { q->access << 16 | type, q->major, q->minor };

		ok_named(interpret(insns, n, ctx) == q->answer, "%s: %c %u:%u access %u -> %d",
			 name, q->type, q->major, q->minor, q->access, q->answer);
	}
	free(insns);
}

static void test_deny_then_allow(void)
{
	static const struct device_rule rules[] = {
		{ 'a', DEVICE_ANY, DEVICE_ANY, R | W | M, false },
		{ 'c', 1, 3, R | W, true },
		{ 'c', 1, 3, M, true },
		{ 'c', 136, DEVICE_ANY, R | W, true },
		{ 'b', 8, 0, R, true },
	};
	static const struct question questions[] = {
		{ 'c', 1, 3, R, 1 },	    { 'c', 1, 3, R | W, 1 },   { 'c', 1, 3, R | W | M, 1 },
		{ 'b', 1, 3, R, 0 },	    { 'c', 1, 4, R, 0 },       { 'c', 136, 77, R | W, 1 },
		{ 'c', 136, 77, R | M, 0 }, { 'b', 8, 0, R, 1 },       { 'b', 8, 0, R | W, 0 },
		{ 'b', 8, 1, R, 0 },	    { 'c', 0, 0, M, 0 },
	};

	ask("deny then allow", rules, ARRAY_SIZE(rules), questions, ARRAY_SIZE(questions));
}

static void test_later_rules_win(void)
{
	static const struct device_rule rules[] = {
		{ 'a', DEVICE_ANY, DEVICE_ANY, R | W | M, true },
		{ 'c', 10, DEVICE_ANY, W, false },
		{ 'c', 10, 200, W, true },
	};
	static const struct question questions[] = {
		{ 'c', 10, 1, R, 1 }, { 'c', 10, 1, W, 0 }, { 'c', 10, 1, R | W, 0 },
		{ 'c', 10, 200, W, 1 }, { 'b', 10, 1, W, 1 },
	};

	ask("later rules win", rules, ARRAY_SIZE(rules), questions, ARRAY_SIZE(questions));
}

static void test_nothing_to_do(void)
{
	static const struct device_rule rules[] = {
		{ 'c', 1, 1, R, false },
		{ 'a', DEVICE_ANY, DEVICE_ANY, R | W | M, true },
		{ 'c', 1, 3, R, true },
	};
	static const struct question none = { 'c', 1, 1, R, 0 };
	struct bpf_insn *insns;
	size_t n = 9;

	device_program_make(rules, ARRAY_SIZE(rules), &insns, &n);
	ok(n == 0 && insns == NULL);
	ask("no rules deny", NULL, 0, &none, 1);
}

/* What the header says of rules, one access at a time, from the last rule to the first. */
static int judge(const struct device_rule *rules, size_t n, const struct question *q)
{
	uint32_t left = q->access;

	while (n-- > 0) {
		const struct device_rule *r = &rules[n];

		if ((r->type != 'a' && r->type != q->type) ||
		    (r->major != DEVICE_ANY && r->major != q->major) ||
		    (r->minor != DEVICE_ANY && r->minor != q->minor))
			continue;
		if (!r->allow && (left & r->access))
			return 0;
		/* The start of a list: it also refuses to be asked for nothing, as access(2) does. */
		if (!r->allow && r->type == 'a' && r->major == DEVICE_ANY &&
		    r->minor == DEVICE_ANY && r->access == DEVICE_ACCESS_ALL)
			return 0;
		if (r->allow)
			left &= ~r->access;
		if (r->allow && left == 0)
			return 1;
	}
	return 0;
}

static unsigned int random_below(unsigned int n)
{
	static uint64_t state = 8;

	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned int)(state >> 33) % n;
}

static struct device_rule random_rule(void)
{
	return (struct device_rule){
		.type = "abcc"[random_below(4)],
		.major = (int64_t)random_below(3) - 1,
		.minor = (int64_t)random_below(3) - 1,
		.access = random_below(2) ? DEVICE_ACCESS_ALL : 1 + random_below(7),
		.allow = random_below(3) > 0,
	};
}

/* All types, majors, minors and accesses, with numbers that no rule has; how many differ. */
static int count_differences(const struct device_rule *rules, size_t n_rules)
{
	struct bpf_insn *insns;
	int differences = 0;
	size_t n;

	device_program_make(rules, n_rules, &insns, &n);
	for (unsigned int i = 0; i < 2 * 3 * 3 * 8; i++) {
		struct question q = { "bc"[i % 2], i / 2 % 3, i / 6 % 3, i / 18, 0 };
		uint32_t type = q.type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
		uint32_t ctx[3] = { q.access << 16 | type, q.major, q.minor };

		differences += (n == 0 ? 1 : interpret(insns, n, ctx)) != judge(rules, n_rules, &q);
	}
	free(insns);
	return differences;
}

static void test_any_rules(void)
{
	struct device_rule rules[12];
	int differences = 0;

	for (int i = 0; i < 3000; i++) {
		size_t n = 1 + random_below(ARRAY_SIZE(rules));

		for (size_t j = 0; j < n; j++)
			rules[j] = random_rule();
		differences += count_differences(rules, n);
	}
	ok_int(differences, 0);
}

/* What config.json repeats of the rules that every container has costs nothing. */
static void test_hidden_rules(void)
{
	static const struct device_rule rules[] = {
		{ 'a', DEVICE_ANY, DEVICE_ANY, R | W | M, false },
		{ 'c', 1, 3, R | W, true },
		{ 'c', 1, 3, R | W | M, true },
		{ 'c', 1, 5, R | W | M, true },
	};
	struct bpf_insn *with, *without;
	size_t n_with, n_without;

	device_program_make(rules, 4, &with, &n_with);
	device_program_make(rules + 2, 2, &without, &n_without);
	ok(n_with == n_without && memcmp(with, without, n_with * sizeof(*with)) == 0);
	free(with);
	free(without);
}

/* More of them than one jump can pass. */
static void test_many_rules(void)
{
	enum { MANY = 20000 };
	struct device_rule *rules = xcalloc(MANY, sizeof(*rules));
	const struct question questions[] = {
		{ 'c', 7, 0, R, 1 },   { 'c', 7, MANY - 1, R | W, 1 }, { 'c', 7, MANY, R, 0 },
		{ 'b', 7, 9, R, 0 },   { 'c', 8, 9, R, 0 },	       { 'c', 7, 77, 8, 0 },
	};

	for (int64_t i = 0; i < MANY; i++)
		rules[i] = (struct device_rule){ 'c', 7, i, R | W | M, true };
	ask("many", rules, MANY, questions, ARRAY_SIZE(questions));
	free(rules);
}

int main(void)
{
	ok_int(device_access_parse("rwm"), R | W | M);
	ok_int(device_access_parse("mr"), R | M);
	ok_int(device_access_parse(""), 0);
	ok_int(device_access_parse("rx"), 0);
	test_deny_then_allow();
	test_later_rules_win();
	test_nothing_to_do();
	test_hidden_rules();
	test_any_rules();
	test_many_rules();
	return tap_done();
}
