/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program looks at the rules from the last to the first:
 *
 *	r2 = type, r3 = access still asked for, r4 = major, r5 = minor
 *	for each rule that matches type, major and minor:
 *		deny:   any of r3 in the rule's access  -> return 0
 *		allow:  r3 &= ~access; nothing left     -> return 1
 *	return 0
 *
 * so that one open(2) for reading and writing may be granted by two rules.
 *
 * The kernel follows every way through a program when it is loaded, which costs
 * more than all else about it: neighbours share the tests of their type and major,
 * rules that grant everything look at nothing, and rules that later ones hide
 * are left out.
 */
#include "linux/device-program.h"

#include <linux/bpf_common.h>

#include "base/mem.h"

enum {
	/* Tests of type, major and minor, three for the verdict, two to return. */
	MAX_INSNS_PER_RULE = 8,
	MAX_INSNS_AROUND = 16,
	/* Far below what the offset of a jump can hold. */
	MAX_JUMP = 30000,
	/* The last rules, those every container has among them, are held against the others. */
	MAX_COMPARED = 256,
};

/* clang-format off */
#define INSN(c, d, s, o, i) ((struct bpf_insn){ \
	.code = (c), .dst_reg = (d), .src_reg = (s), .off = (int16_t)(o), .imm = (int32_t)(i) })
#define LOAD_WORD(d, s, o)    INSN(BPF_LDX | BPF_MEM | BPF_W, d, s, o, 0)
#define AND_IMM(d, i)         INSN(BPF_ALU | BPF_AND | BPF_K, d, 0, 0, i)
#define RSH_IMM(d, i)         INSN(BPF_ALU | BPF_RSH | BPF_K, d, 0, 0, i)
#define MOV_IMM(d, i)         INSN(BPF_ALU | BPF_MOV | BPF_K, d, 0, 0, i)
#define MOV_REG(d, s)         INSN(BPF_ALU | BPF_MOV | BPF_X, d, s, 0, 0)
#define JUMP_NE(d, i, o)      INSN(BPF_JMP | BPF_JNE | BPF_K, d, 0, o, i)
#define JUMP_EQ(d, i, o)      INSN(BPF_JMP | BPF_JEQ | BPF_K, d, 0, o, i)
#define RETURN()              INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
/* clang-format on */

struct builder {
	struct bpf_insn *insns;
	size_t n;
	/* The rule whose type and major were tested last; NULL: none was. */
	const struct device_rule *tested;
	/* Where that is left when the type or the major is another; 0: they were not asked. */
	size_t type_jump, major_jump;
};

static bool matches_everything(const struct device_rule *rule)
{
	return rule->type == 'a' && rule->major == DEVICE_ANY && rule->minor == DEVICE_ANY &&
	       rule->access == DEVICE_ACCESS_ALL;
}

static bool allow_everything(const struct device_rule *rules, size_t n)
{
	while (n > 0 && rules[n - 1].allow)
		if (matches_everything(&rules[--n]))
			return true;
	return false;
}

static bool covers(const struct device_rule *a, const struct device_rule *b)
{
	return (a->type == 'a' || a->type == b->type) &&
	       (a->major == DEVICE_ANY || a->major == b->major) &&
	       (a->minor == DEVICE_ANY || a->minor == b->minor) && !(b->access & ~a->access);
}

/*
 * A later rule has said all of it.  One that denies leaves to an earlier one that allows
 * the question for no access at all, which access(2) asks.
 */
static bool is_hidden(const struct device_rule *rules, size_t n, size_t i)
{
	size_t j = n > MAX_COMPARED ? n - MAX_COMPARED : 0;

	for (j = j > i ? j : i + 1; j < n; j++)
		if (covers(&rules[j], &rules[i]) && (rules[j].allow || !rules[i].allow))
			return true;
	return false;
}

static void emit(struct builder *b, struct bpf_insn insn)
{
	b->insns[b->n++] = insn;
}

static void emit_return(struct builder *b, bool allow)
{
	emit(b, MOV_IMM(BPF_REG_0, allow));
	emit(b, RETURN());
}

/* Lets the jump at *AT, if there is one, lead here. */
static void land(struct builder *b, size_t *at)
{
	if (*at > 0)
		b->insns[*at].off = (int16_t)(b->n - *at - 1);
	*at = 0;
}

/* The tests of RULE's type and major, as far as the rule before has not made them. */
static void emit_tests(struct builder *b, const struct device_rule *rule)
{
	const struct device_rule *tested = b->tested;
	bool same_type = tested && tested->type == rule->type && b->n - b->type_jump < MAX_JUMP;
	int type = rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;

	if (same_type && tested->major == rule->major)
		return;
	land(b, &b->major_jump);
	if (!same_type) {
		land(b, &b->type_jump);
		b->type_jump = b->n;
		if (rule->type == 'a')
			b->type_jump = 0;
		else
			emit(b, JUMP_NE(BPF_REG_2, type, 0));
	}
	if (rule->major != DEVICE_ANY) {
		b->major_jump = b->n;
		emit(b, JUMP_NE(BPF_REG_4, rule->major, 0));
	}
	b->tested = rule;
}

static void emit_verdict(struct builder *b, const struct device_rule *rule)
{
	bool all = rule->access == DEVICE_ACCESS_ALL;

	if (rule->allow && !all) {
		emit(b, AND_IMM(BPF_REG_3, ~rule->access));
		emit(b, JUMP_NE(BPF_REG_3, 0, 2));
	} else if (!rule->allow) {
		emit(b, MOV_REG(BPF_REG_1, BPF_REG_3));
		emit(b, AND_IMM(BPF_REG_1, rule->access));
		emit(b, JUMP_EQ(BPF_REG_1, 0, 2));
	}
	emit_return(b, rule->allow);
}

static void emit_rule(struct builder *b, const struct device_rule *rule)
{
	size_t minor_jump = 0;

	emit_tests(b, rule);
	if (rule->minor != DEVICE_ANY) {
		minor_jump = b->n;
		emit(b, JUMP_NE(BPF_REG_5, rule->minor, 0));
	}
	emit_verdict(b, rule);
	land(b, &minor_jump);
}

/* struct bpf_cgroup_dev_ctx: access_type is access << 16 | type, then major, minor. */
static void emit_start(struct builder *b)
{
	emit(b, LOAD_WORD(BPF_REG_2, BPF_REG_1, 0));
	emit(b, LOAD_WORD(BPF_REG_4, BPF_REG_1, 4));
	emit(b, LOAD_WORD(BPF_REG_5, BPF_REG_1, 8));
	emit(b, MOV_REG(BPF_REG_3, BPF_REG_2));
	emit(b, AND_IMM(BPF_REG_2, 0xffff));
	emit(b, RSH_IMM(BPF_REG_3, 16));
	/* A kind of access that no rule can name. */
	emit(b, MOV_REG(BPF_REG_1, BPF_REG_3));
	emit(b, AND_IMM(BPF_REG_1, ~DEVICE_ACCESS_ALL));
	emit(b, JUMP_EQ(BPF_REG_1, 0, 2));
	emit_return(b, false);
}

void device_program_make(const struct device_rule *rules, size_t n_rules, struct bpf_insn **out,
			 size_t *n)
{
	struct builder b = { 0 };

	*out = NULL;
	*n = 0;
	if (allow_everything(rules, n_rules))
		return;
	b.insns = xcalloc(n_rules * MAX_INSNS_PER_RULE + MAX_INSNS_AROUND, sizeof(*b.insns));
	emit_start(&b);
	for (size_t i = n_rules; i > 0; i--) {
		const struct device_rule *rule = &rules[i - 1];

		/* What stands before a rule that denies everything has no say. */
		if (matches_everything(rule) && !rule->allow)
			break;
		if (!is_hidden(rules, n_rules, i - 1))
			emit_rule(&b, rule);
	}
	land(&b, &b.major_jump);
	land(&b, &b.type_jump);
	emit_return(&b, false);
	*out = b.insns;
	*n = b.n;
}
