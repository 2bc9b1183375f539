/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/seccomp-tree.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <errno.h>
#include <stddef.h>

#include "base/mem.h"
#include "linux/seccomp-code.h"
#include "linux/seccomp-table.h"
#include "linux/seccomp.h"

/* libseccomp's default for an architecture that is not in the filter. */
enum { BAD_ARCH = SECCOMP_RET_KILL_THREAD };

static const uint32_t no_such_call = SECCOMP_RET_ERRNO | ENOSYS;

/* From START to the next range: ACTION, after the conditions of N_ENTRIES. */
struct range {
	uint32_t start;
	uint32_t action;
	const struct seccomp_entry *entries;
	size_t n_entries;
};

struct ranges {
	struct range *v;
	size_t n;
};

/* Appends RANGE, in place of one with the same start; equal neighbours become one. */
static void add_range(struct ranges *ranges, struct range range)
{
	const struct range *last;

	if (ranges->n > 0 && ranges->v[ranges->n - 1].start == range.start)
		ranges->n--;
	last = ranges->n > 0 ? &ranges->v[ranges->n - 1] : NULL;
	if (!last || last->n_entries > 0 || range.n_entries > 0 || last->action != range.action)
		ranges->v[ranges->n++] = range;
}

/*
 * Programs try a new call and fall back on ENOSYS; any other error breaks them.
 * A tracer (TRACE) is left to decide for itself.
 */
static uint32_t tail_action(const struct seccomp_profile *profile)
{
	switch (profile->default_action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
	case SECCOMP_RET_LOG:
	case SECCOMP_RET_TRACE:
		return profile->default_action;
	default:
		return no_such_call;
	}
}

/* What the conditions of an entry are like. */
struct shape {
	size_t n;
	bool has_equal, has_unequal, has_masked, has_order;
};

static struct shape shape_of(const struct seccomp_entry *entry)
{
	struct seccomp_condition conditions[SECCOMP_ENTRY_CONDITIONS];
	struct shape shape = { .n = seccomp_entry_conditions(entry, conditions) };

	for (size_t i = 0; i < shape.n; i++)
		switch (conditions[i].op) {
		case SCMP_CMP_EQ:
			shape.has_equal = true;
			break;
		case SCMP_CMP_NE:
			shape.has_unequal = true;
			break;
		case SCMP_CMP_MASKED_EQ:
			shape.has_masked = true;
			break;
		default:
			shape.has_order = true;
		}
	return shape;
}

static uint32_t action_of(const struct seccomp_entry *entry)
{
	return entry->rule->action;
}

/* No order of the entries could matter: those that overlap agree. */
static bool agree(const struct seccomp_entry *entries, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = 0; j < i; j++)
			if (action_of(&entries[i]) != action_of(&entries[j]) &&
			    !seccomp_entries_exclude(&entries[i], &entries[j]))
				return false;
	return true;
}

/*
 * Engines' "everything but this combination": one action where an argument is
 * not equal to something, another where several of them are.
 */
static bool is_exception(const struct seccomp_entry *entries, size_t n)
{
	const struct seccomp_entry *single = NULL, *several = NULL;

	for (size_t i = 0; i < n; i++) {
		struct shape shape = shape_of(&entries[i]);

		if (shape.n == 1 && shape.has_unequal) {
			if (single && action_of(single) != action_of(&entries[i]))
				return false;
			single = &entries[i];
		} else {
			if (several || shape.has_masked || shape.has_unequal)
				return false;
			several = &entries[i];
		}
	}
	return single && several && action_of(single) != action_of(several);
}

/*
 * libseccomp joins the rules of a call in one tree of half words.  Where more than
 * one has conditions it then loses or changes some; these are the kinds of which
 * that is known not to happen (tests/unit/test-linux-seccomp.c).
 */
static bool is_plain(const struct seccomp_entry *entries, size_t n)
{
	bool one_each = true;

	if (n <= 1)
		return true;
	for (size_t i = 0; i < n; i++) {
		struct shape shape = shape_of(&entries[i]);

		if (shape.has_order)
			return false;
		one_each &= shape.n == 1;
	}
	return one_each || is_exception(entries, n);
}

/*
 * The verdict for the N entries of one number.  The first rule without conditions
 * decides it whatever the others say; without one, those with conditions are
 * checked, and what none of them matches gets the default.  Moves the entries
 * that count to the front.
 */
static int judge(const struct seccomp_profile *profile, struct seccomp_entry *entries,
		 size_t n, struct range *out)
{
	bool is_decided = false;
	size_t kept = 0;

	*out = (struct range){ .start = entries[0].number, .action = profile->default_action };
	for (size_t i = 0; i < n && !is_decided; i++) {
		if (action_of(&entries[i]) == profile->default_action)
			continue;
		is_decided = shape_of(&entries[i]).n == 0;
		if (is_decided)
			out->action = action_of(&entries[i]);
		else
			entries[kept++] = entries[i];
	}
	/* Also of rules that are replaced: libseccomp may have refused them before. */
	if (!is_plain(entries, kept) || !agree(entries, kept))
		return -ENOTSUP;
	if (!is_decided) {
		out->entries = entries;
		out->n_entries = kept;
	}
	return 0;
}

static size_t count_same_number(const struct seccomp_entry *entries, size_t n)
{
	size_t same = 1;

	while (same < n && entries[same].number == entries[0].number)
		same++;
	return same;
}

/* The numbers from START on, of which LAST is the newest the profile knows. */
static int add_part(const struct seccomp_profile *profile, struct seccomp_entry *entries,
		    size_t n, uint32_t start, uint32_t last, struct ranges *out)
{
	struct range other = { .start = start, .action = profile->default_action };

	add_range(out, other);
	for (size_t i = 0, same; i < n; i += same) {
		struct range range = { .start = 0 };
		int r;

		same = count_same_number(&entries[i], n - i);
		r = judge(profile, &entries[i], same, &range);
		if (r < 0)
			return r;
		add_range(out, range);
		other.start = range.start + 1;
		add_range(out, other);
	}
	other.start = last + 1;
	other.action = tail_action(profile);
	if (last > 0)
		add_range(out, other);
	return 0;
}

static int make_ranges(const struct seccomp_profile *profile, struct seccomp_table *table,
		       struct ranges *out)
{
	bool is_x86_64 = table->arch == AUDIT_ARCH_X86_64;
	size_t n = 0;
	int r;

	while (n < table->n_entries &&
	       !(is_x86_64 && (table->entries[n].number & SECCOMP_X32_BIT)))
		n++;
	r = add_part(profile, table->entries, n, 0, table->last, out);
	if (r < 0 || !is_x86_64)
		return r;
	if (table->has_x32)
		return add_part(profile, table->entries + n, table->n_entries - n,
				SECCOMP_X32_BIT, table->last_x32, out);
	add_range(out, (struct range){ .start = SECCOMP_X32_BIT, .action = BAD_ARCH });
	/* seccomp(2): a tracer sets the number to -1 to skip the call. */
	add_range(out, (struct range){ .start = UINT32_MAX, .action = profile->default_action });
	return 0;
}

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

static size_t write_leaf(struct seccomp_code *code, const struct range *range)
{
	size_t at = seccomp_code_return(code, range->action);

	for (size_t i = range->n_entries; i-- > 0;)
		at = write_entry(code, &range->entries[i], at);
	return at;
}

/* Which of the N ranges holds the number that is loaded. */
static size_t write_tree(struct seccomp_code *code, const struct range *ranges, size_t n)
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
	/* Each entry ends one range and starts another; ends of parts come on top. */
	cleanup_free struct range *room = xcalloc(2 * table->n_entries + 8, sizeof(*room));
	struct ranges ranges = { .v = room };
	int r = make_ranges(profile, table, &ranges);

	if (r == 0)
		*at = load_number(code, write_tree(code, ranges.v, ranges.n));
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
	write_start(code, tables, places, seccomp_code_return(code, BAD_ARCH));
	return 0;
}

/* Only the tail, in front of a filter of libseccomp that starts at AT. */
static size_t write_tail(struct seccomp_code *code, const struct seccomp_table *table,
			 size_t at)
{
	size_t refuse = seccomp_code_return(code, no_such_call), low = at, high = at;

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

	if (tail_action(profile) == profile->default_action)
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
