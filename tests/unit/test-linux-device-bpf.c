/* SPDX-License-Identifier: Apache-2.0 */
/* The device programs, run by an interpreter of the few instructions they use. */
#include "tests/unit/tap.h"

#include <stdlib.h>

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

	device_bpf_compile(rules, n_rules, &insns, &n);
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

	device_bpf_compile(rules, ARRAY_SIZE(rules), &insns, &n);
	ok(n == 0 && insns == NULL);
	ask("no rules deny", NULL, 0, &none, 1);
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
	return tap_done();
}
