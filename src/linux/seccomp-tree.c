/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/seccomp-tree.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
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

/* The halves of an argument; the filter runs on a machine with our byte order. */
enum { LOW_HALF = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0, HIGH_HALF = 4 - LOW_HALF };

static uint32_t low_offset(uint32_t index)
{
	return (uint32_t)offsetof(struct seccomp_data, args) + 8 * index + LOW_HALF;
}

static uint32_t high_offset(uint32_t index)
{
	return (uint32_t)offsetof(struct seccomp_data, args) + 8 * index + HIGH_HALF;
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
	case OCI_SECCOMP_OPERATOR_EQ:
		return write_equal(code, condition, narrow, to);
	case OCI_SECCOMP_OPERATOR_NE:
		return write_equal(code, condition, narrow, opposite);
	case OCI_SECCOMP_OPERATOR_GT:
		return write_order(code, condition, BPF_JGT, narrow, to);
	case OCI_SECCOMP_OPERATOR_GE:
		return write_order(code, condition, BPF_JGE, narrow, to);
	case OCI_SECCOMP_OPERATOR_LE:
		return write_order(code, condition, BPF_JGT, narrow, opposite);
	case OCI_SECCOMP_OPERATOR_LT:
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

/* The entry asks for one value of one argument: *VALUE is all it has. */
static bool is_one_value(const struct seccomp_entry *entry, struct seccomp_condition *value)
{
	struct seccomp_condition conditions[SECCOMP_ENTRY_CONDITIONS];

	if (seccomp_entry_conditions(entry, conditions) != 1 ||
	    conditions[0].op != OCI_SECCOMP_OPERATOR_EQ)
		return false;
	*value = conditions[0];
	return true;
}

/* How many of the N entries at the end ask for values of one argument with one upper half. */
static size_t count_values(const struct seccomp_entry *entries, size_t n)
{
	struct seccomp_condition last, value;
	size_t count = 0;

	if (!is_one_value(&entries[n - 1], &last))
		return 0;
	while (count < n && is_one_value(&entries[n - 1 - count], &value) &&
	       value.index == last.index && value.value >> 32 == last.value >> 32)
		count++;
	return count;
}

/* Such entries: each half of the argument is loaded once. */
static size_t write_values(struct seccomp_code *code, const struct seccomp_entry *entries,
			   size_t n, size_t no)
{
	struct seccomp_condition value = { .index = 0 };
	size_t at = no;

	while (n-- > 0) {
		(void)is_one_value(&entries[n], &value);
		at = seccomp_code_jump(code, BPF_JEQ, (uint32_t)value.value,
				       seccomp_code_return(code, entries[n].rule->action), at);
	}
	at = seccomp_code_load(code, low_offset(value.index));
	if (entries[0].narrow)
		return at;
	return write_check(code, high_offset(value.index), BPF_JEQ,
			   (uint32_t)(value.value >> 32), (struct targets){ at, no });
}

/* The leaves that were written, so that calls with the same rules share one. */
struct writer {
	struct seccomp_code code;
	const struct seccomp_profile *profile;
	struct leaf {
		struct seccomp_range range;
		size_t at;
	} *leaves;
	size_t n_leaves, room;
};

static void note_leaf(struct writer *writer, const struct seccomp_range *range, size_t at)
{
	if (writer->n_leaves == writer->room) {
		writer->room = writer->room * 2 + 16;
		writer->leaves = xrealloc(writer->leaves, writer->room, sizeof(*writer->leaves));
	}
	writer->leaves[writer->n_leaves++] = (struct leaf){ *range, at };
}

static size_t write_leaf(struct writer *writer, const struct seccomp_range *range)
{
	size_t at;

	if (range->n_entries == 0)
		return seccomp_code_return(&writer->code, range->action);
	/* The latest is the nearest. */
	for (size_t i = writer->n_leaves; i-- > 0;)
		if (seccomp_ranges_equal(&writer->leaves[i].range, range))
			return writer->leaves[i].at;
	at = seccomp_code_return(&writer->code, range->action);
	for (size_t left = range->n_entries, n; left > 0; left -= n) {
		n = count_values(range->entries, left);
		if (n > 1) {
			at = write_values(&writer->code, &range->entries[left - n], n, at);
			continue;
		}
		n = 1;
		at = write_entry(&writer->code, &range->entries[left - 1], at);
	}
	note_leaf(writer, range, at);
	return at;
}

/* Exceptions that are asked for one by one; more of them are split. */
enum { MAX_EXCEPTIONS = 4 };

static bool is_single(const struct seccomp_range *range)
{
	return range[1].start == range->start + 1;
}

/*
 * The verdict that all of the N ranges have but for a few single numbers, or NULL.
 * One such number costs one comparison; as two borders it would cost two.
 */
static const struct seccomp_range *find_rule(const struct seccomp_range *ranges, size_t n)
{
	const struct seccomp_range *rule = NULL;
	size_t n_exceptions = 0;

	for (size_t i = 0; i < n && !rule; i++)
		if (!is_single(&ranges[i]) || i == n - 1)
			rule = &ranges[i];
	for (size_t i = 0; i < n; i++) {
		if (seccomp_ranges_equal(&ranges[i], rule))
			continue;
		if (!is_single(&ranges[i]) || ++n_exceptions > MAX_EXCEPTIONS)
			return NULL;
	}
	return rule;
}

static size_t write_exceptions(struct writer *writer, const struct seccomp_range *ranges, size_t n,
			       const struct seccomp_range *rule)
{
	size_t at = write_leaf(writer, rule);

	while (n-- > 0)
		if (!seccomp_ranges_equal(&ranges[n], rule))
			at = seccomp_code_jump(&writer->code, BPF_JEQ, ranges[n].start,
					       write_leaf(writer, &ranges[n]), at);
	return at;
}

/* Which of the N ranges holds the number that is loaded; one more stands behind them. */
static size_t write_tree(struct writer *writer, const struct seccomp_range *ranges, size_t n)
{
	const struct seccomp_range *rule = find_rule(ranges, n);
	size_t half = n / 2, high, low;

	if (rule)
		return write_exceptions(writer, ranges, n, rule);
	high = write_tree(writer, ranges + half, n - half);
	low = write_tree(writer, ranges, half);
	return seccomp_code_jump(&writer->code, BPF_JGE, ranges[half].start, high, low);
}

static size_t load_number(struct seccomp_code *code, size_t at)
{
	seccomp_code_continue(code, at);
	return seccomp_code_load(code, offsetof(struct seccomp_data, nr));
}

static size_t write_table(struct writer *writer, struct seccomp_table *table)
{
	struct seccomp_ranges ranges = SECCOMP_RANGES_INIT;
	size_t at;

	seccomp_ranges_make(writer->profile, table, &ranges);
	at = load_number(&writer->code, write_tree(writer, ranges.v, ranges.n));
	seccomp_ranges_fini(&ranges);
	return at;
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

static void write_all(struct writer *writer, const struct seccomp_tables *tables)
{
	cleanup_free size_t *places = xcalloc(tables->n, sizeof(*places));

	/* The native one last, which is nearest to the start. */
	for (size_t i = tables->n; i-- > 0;)
		places[i] = write_table(writer, &tables->tables[i]);
	write_start(&writer->code, tables, places,
		    seccomp_code_return(&writer->code, SECCOMP_BAD_ARCH));
}

static int finish(const struct writer *writer, struct seccomp_program *out, struct error *err)
{
	size_t n = writer->code.n;

	if (n > BPF_MAXINSNS) {
		(void)error_set(err, E2BIG,
				"the filter has %zu instructions, but the kernel takes %d at most",
				n, BPF_MAXINSNS);
		(void)error_hint(err, "conditions on arguments need the most: %zu for %zu architectures",
				 writer->profile->n_conditions, writer->profile->n_archs);
		return error_pointer(err, "linux.seccomp.syscalls");
	}
	out->filter = seccomp_code_finish(&writer->code);
	out->n_filter = (unsigned short)n;
	return 0;
}

int seccomp_tree_compile(const struct seccomp_profile *profile, struct seccomp_program *out,
			 struct error *err)
{
	struct writer writer = { .profile = profile };
	struct seccomp_tables tables = SECCOMP_TABLES_INIT;
	int r;

	seccomp_tables_make(profile, &tables);
	seccomp_code_init(&writer.code);
	write_all(&writer, &tables);
	r = finish(&writer, out, err);
	seccomp_code_fini(&writer.code);
	free(writer.leaves);
	seccomp_tables_fini(&tables);
	return r;
}
