/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/seccomp-tree.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>

#include "base/mem.h"
#include "linux/seccomp-code.h"
#include "linux/seccomp-range.h"
#include "linux/seccomp-table.h"
#include "linux/seccomp.h"

/* Where to go on when a check holds, and when it does not. */
struct targets {
	size_t yes;
	size_t no;
};

/* Little-endian halves of an argument. */
static uint32_t low_offset(uint32_t index)
{
	return (uint32_t)offsetof(struct seccomp_data, args) + 8 * index;
}

static uint32_t high_offset(uint32_t index)
{
	return low_offset(index) + 4;
}

/* One comparison of the 32 bits at OFFSET. */
static size_t write_check(struct seccomp_code *code, uint32_t offset, uint16_t comparison,
			  uint32_t value, struct targets to)
{
	(void)seccomp_code_jump(code, comparison, value, to.yes, to.no);
	return seccomp_code_load(code, offset);
}

static size_t write_masked(struct seccomp_code *code, uint32_t offset, uint32_t mask,
			   uint32_t value, struct targets to)
{
	if (mask == 0)
		return to.yes;
	(void)seccomp_code_jump(code, BPF_JEQ, value, to.yes, to.no);
	if (mask != UINT32_MAX)
		(void)seccomp_code_mask(code, mask);
	return seccomp_code_load(code, offset);
}

/* 64 bits by their halves: a greater upper half decides, an equal one leaves it to the lower. */
static size_t write_order(struct seccomp_code *code, const struct seccomp_condition *condition,
			  uint16_t comparison, bool narrow, struct targets to)
{
	uint32_t low = (uint32_t)condition->value, high = (uint32_t)(condition->value >> 32);
	size_t at = write_check(code, low_offset(condition->index), comparison, low, to);

	if (narrow)
		return at;
	at = seccomp_code_jump(code, BPF_JEQ, high, at, to.no);
	return write_check(code, high_offset(condition->index), BPF_JGT, high,
			   (struct targets){ to.yes, at });
}

static size_t write_equal(struct seccomp_code *code, const struct seccomp_condition *condition,
			  bool narrow, struct targets to)
{
	uint32_t low = (uint32_t)condition->value, high = (uint32_t)(condition->value >> 32);
	size_t at = write_check(code, low_offset(condition->index), BPF_JEQ, low, to);

	if (narrow)
		return at;
	return write_check(code, high_offset(condition->index), BPF_JEQ, high,
			   (struct targets){ at, to.no });
}

static size_t write_condition(struct seccomp_code *code,
			      const struct seccomp_condition *condition, bool narrow,
			      struct targets to)
{
	struct targets opposite = { to.no, to.yes };
	uint64_t mask = condition->value, value = condition->value_two;

	switch (condition->op) {
	case SCMP_CMP_EQ:
		return write_equal(code, condition, narrow, to);
	case SCMP_CMP_NE:
		return write_equal(code, condition, narrow, opposite);
	case SCMP_CMP_GT:
		return write_order(code, condition, BPF_JGT, narrow, to);
	case SCMP_CMP_GE:
		return write_order(code, condition, BPF_JGE, narrow, to);
	case SCMP_CMP_LE:
		return write_order(code, condition, BPF_JGT, narrow, opposite);
	case SCMP_CMP_LT:
		return write_order(code, condition, BPF_JGE, narrow, opposite);
	default:
		to.yes = write_masked(code, low_offset(condition->index), (uint32_t)mask,
				      (uint32_t)value, to);
		return write_masked(code, high_offset(condition->index),
				    (uint32_t)(mask >> 32), (uint32_t)(value >> 32), to);
	}
}

/* An entry: its action when all its conditions hold, otherwise on to NO. */
static size_t write_entry(struct seccomp_code *code, const struct seccomp_entry *entry,
			  size_t no)
{
	struct seccomp_condition conditions[SECCOMP_ENTRY_CONDITIONS];
	size_t n = seccomp_entry_conditions(entry, conditions);
	size_t at = seccomp_code_return(code, entry->rule->action);

	while (n-- > 0)
		at = write_condition(code, &conditions[n], entry->narrow,
				     (struct targets){ at, no });
	return at;
}

static size_t write_leaf(struct seccomp_code *code, const struct seccomp_range *range)
{
	size_t at = seccomp_code_return(code, range->action);

	for (size_t i = range->n_entries; i-- > 0;)
		at = write_entry(code, &range->entries[i], at);
	return at;
}

/* Which of the N ranges holds the number that is loaded. */
static size_t write_tree(struct seccomp_code *code, const struct seccomp_range *ranges, size_t n)
{
	size_t half = n / 2, high, low;

	if (n == 1)
		return write_leaf(code, ranges);
	high = write_tree(code, ranges + half, n - half);
	low = write_tree(code, ranges, half);
	return seccomp_code_jump(code, BPF_JGE, ranges[half].start, high, low);
}

static size_t load_number(struct seccomp_code *code, size_t at)
{
	seccomp_code_continue(code, at);
	return seccomp_code_load(code, offsetof(struct seccomp_data, nr));
}

static int write_table(struct seccomp_code *code, const struct seccomp_profile *profile,
		       struct seccomp_table *table, size_t *at)
{
	struct seccomp_ranges ranges = SECCOMP_RANGES_INIT;
	int r = seccomp_ranges_make(profile, table, &ranges);

	if (r == 0)
		*at = load_number(code, write_tree(code, ranges.v, ranges.n));
	seccomp_ranges_fini(&ranges);
	return r;
}

/*
 * The first instructions: by architecture to one of PLACES; the native one is asked
 * for first, and one that is not in the filter goes to OTHER.
 */
static void write_start(struct seccomp_code *code, const struct seccomp_tables *tables,
			const size_t *places, size_t other)
{
	size_t at = other;

	for (size_t i = tables->n; i-- > 0;)
		at = seccomp_code_jump(code, BPF_JEQ, tables->tables[i].arch, places[i], at);
	(void)seccomp_code_load(code, offsetof(struct seccomp_data, arch));
}

static int write_own(struct seccomp_code *code, const struct seccomp_profile *profile,
		     struct seccomp_tables *tables)
{
	cleanup_free size_t *places = xcalloc(tables->n, sizeof(*places));

	/* The native one last, which is nearest to the start. */
	for (size_t i = tables->n; i-- > 0;) {
		int r = write_table(code, profile, &tables->tables[i], &places[i]);

		if (r < 0)
			return r;
	}
	write_start(code, tables, places, seccomp_code_return(code, SECCOMP_BAD_ARCH));
	return 0;
}

/* Only the tail, in front of a filter of libseccomp that starts at AT. */
static size_t write_tail(struct seccomp_code *code, const struct seccomp_table *table,
			 size_t at)
{
	size_t refuse = seccomp_code_return(code, SECCOMP_NO_SUCH_CALL), low = at, high = at;

	if (table->last_x32 > 0 && table->has_x32)
		high = seccomp_code_jump(code, BPF_JGT, table->last_x32, refuse, at);
	if (table->last > 0)
		low = seccomp_code_jump(code, BPF_JGT, table->last, refuse, at);
	if (table->arch == AUDIT_ARCH_X86_64)
		low = seccomp_code_jump(code, BPF_JGE, SECCOMP_X32_BIT, high, low);
	return load_number(code, low);
}

static void write_library(struct seccomp_code *code, const struct seccomp_program *library,
			  const struct seccomp_tables *tables)
{
	cleanup_free size_t *places = xcalloc(tables->n, sizeof(*places));
	size_t at = seccomp_code_program(code, library->filter, library->n_filter);

	for (size_t i = tables->n; i-- > 0;)
		places[i] = write_tail(code, &tables->tables[i], at);
	write_start(code, tables, places, at);
}

static int finish(const struct seccomp_code *code, struct seccomp_program *out)
{
	out->filter = seccomp_code_finish(code);
	if (!out->filter)
		return -E2BIG;
	out->n_filter = (unsigned short)code->n;
	return 0;
}

int seccomp_tree_compile(const struct seccomp_profile *profile, struct seccomp_program *out)
{
	struct seccomp_tables tables = SECCOMP_TABLES_INIT;
	struct seccomp_code code;
	int r;

	seccomp_tables_make(profile, &tables);
	seccomp_code_init(&code);
	r = tables.foreign ? -ENOTSUP : write_own(&code, profile, &tables);
	if (r == 0 && finish(&code, out) < 0)
		r = -ENOTSUP;
	seccomp_code_fini(&code);
	seccomp_tables_fini(&tables);
	return r;
}

int seccomp_tree_add_tail(const struct seccomp_profile *profile,
			  struct seccomp_program *program)
{
	struct seccomp_program longer = *program;
	struct seccomp_tables tables = SECCOMP_TABLES_INIT;
	struct seccomp_code code;
	int r;

	if (seccomp_tail_action(profile) == profile->default_action)
		return 0;
	seccomp_tables_make(profile, &tables);
	seccomp_code_init(&code);
	write_library(&code, program, &tables);
	r = finish(&code, &longer);
	if (r == 0) {
		seccomp_program_fini(program);
		*program = longer;
	}
	seccomp_code_fini(&code);
	seccomp_tables_fini(&tables);
	return r;
}
