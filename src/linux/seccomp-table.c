/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/seccomp-table.h"

#include <linux/audit.h>
#include <stdlib.h>

#include "base/mem.h"
#include "linux/seccomp-names.h"

static void note_last(struct seccomp_table *table, uint32_t number)
{
	uint32_t *last = table->arch == AUDIT_ARCH_X86_64 && (number & SECCOMP_X32_BIT)
				 ? &table->last_x32
				 : &table->last;
	uint32_t plain = table->arch == AUDIT_ARCH_ARM ? number : 0;

	if (number > *last && plain < SECCOMP_PRIVATE_CALLS)
		*last = number;
}

static void add(struct seccomp_table *table, struct seccomp_entry entry, uint32_t number)
{
	entry.number = number;
	note_last(table, number);
	table->entries[table->n_entries++] = entry;
}

/* The rule of one call: for its number, for its being a subcall, or for both. */
static void add_rule(struct seccomp_table *table, const struct seccomp_arch *arch,
		     struct seccomp_entry entry)
{
	uint32_t name = entry.rule->name;
	uint8_t subcall = arch->subcalls ? arch->subcalls[name] : 0;

	if (arch->numbers[name] >= 0)
		add(table, entry, (uint32_t)arch->numbers[name]);
	if (subcall == 0)
		return;
	entry.subcall = subcall % 100;
	entry.is_ipc = subcall >= 200;
	add(table, entry, entry.is_ipc ? arch->ipc : arch->socketcall);
}

/* The table of ARCH, made if it is the first of its architectures. */
static struct seccomp_table *find_table(struct seccomp_tables *out,
					const struct seccomp_arch *arch, size_t room)
{
	struct seccomp_table *table;

	for (size_t i = 0; i < out->n; i++)
		if (out->tables[i].arch == arch->audit)
			return &out->tables[i];
	table = &out->tables[out->n++];
	table->arch = arch->audit;
	table->entries = xrealloc(NULL, room, sizeof(*table->entries));
	return table;
}

enum { DIGIT_BITS = 8, DIGITS = 1 << DIGIT_BITS };

/* One pass of a radix sort, by the digit of numbers at SHIFT. False: all have the same one. */
static bool sort_by_digit(const struct seccomp_entry *from, struct seccomp_entry *to, size_t n,
			  unsigned int shift)
{
	size_t starts[DIGITS + 1] = { 0 };

	for (size_t i = 0; i < n; i++)
		starts[(from[i].number >> shift) % DIGITS + 1]++;
	if (n == 0 || starts[(from[0].number >> shift) % DIGITS + 1] == n)
		return false;
	for (size_t i = 0; i < DIGITS; i++)
		starts[i + 1] += starts[i];
	for (size_t i = 0; i < n; i++)
		to[starts[(from[i].number >> shift) % DIGITS]++] = from[i];
	return true;
}

/* By number, and stable; a profile has hundreds of rules, and numbers have few digits. */
static void sort(struct seccomp_table *table)
{
	size_t n = table->n_entries;
	struct seccomp_entry *other = xrealloc(NULL, n, sizeof(*other));

	for (unsigned int shift = 0; shift < 32; shift += DIGIT_BITS) {
		struct seccomp_entry *sorted = other;

		if (!sort_by_digit(table->entries, other, n, shift))
			continue;
		other = table->entries;
		table->entries = sorted;
	}
	free(other);
}

void seccomp_tables_make(const struct seccomp_profile *profile, struct seccomp_tables *out)
{
	uint32_t byte_order = profile->archs[0]->audit & __AUDIT_ARCH_LE;

	out->tables = xcalloc(profile->n_archs, sizeof(*out->tables));
	for (size_t i = 0; i < profile->n_archs; i++) {
		const struct seccomp_arch *arch = profile->archs[i];
		struct seccomp_table *table;

		/* Of the other byte order: nothing of it runs here. */
		if ((arch->audit & __AUDIT_ARCH_LE) != byte_order)
			continue;
		/* Two architectures may share a table, and a rule may make two entries. */
		table = find_table(out, arch, profile->n_rules * 2 + 1);
		table->has_x32 |= arch->base == SECCOMP_X32_BIT;
		for (size_t j = 0; j < profile->n_rules; j++)
			add_rule(table, arch,
				 (struct seccomp_entry){ .rule = &profile->rules[j],
							 .narrow = arch->narrow });
	}
	for (size_t i = 0; i < out->n; i++)
		sort(&out->tables[i]);
}

void seccomp_tables_fini(struct seccomp_tables *tables)
{
	for (size_t i = 0; i < tables->n; i++)
		free(tables->tables[i].entries);
	free(tables->tables);
	*tables = (struct seccomp_tables)SECCOMP_TABLES_INIT;
}

/*
 * What CONDITION says about the lower half of an argument whose upper half is zero.
 * libseccomp cuts the value off instead: a limit of 4 GB then is one of 0.
 */
static struct seccomp_condition narrowed(struct seccomp_condition condition)
{
	const struct seccomp_condition always = { condition.index, OCI_SECCOMP_OPERATOR_GE, 0, 0 };
	const struct seccomp_condition never = { condition.index, OCI_SECCOMP_OPERATOR_LT, 0, 0 };

	bool is_negative = condition.value >= (uint64_t)INT32_MIN;

	/* -1, as whoever thinks of 64 bits writes it. */
	if (is_negative && (condition.op == OCI_SECCOMP_OPERATOR_EQ ||
			    condition.op == OCI_SECCOMP_OPERATOR_NE))
		condition.value &= UINT32_MAX;
	switch (condition.op) {
	case OCI_SECCOMP_OPERATOR_MASKED_EQ:
		condition.value &= UINT32_MAX;
		return condition.value_two > UINT32_MAX ? never : condition;
	case OCI_SECCOMP_OPERATOR_NE:
	case OCI_SECCOMP_OPERATOR_LT:
	case OCI_SECCOMP_OPERATOR_LE:
		return condition.value > UINT32_MAX ? always : condition;
	default:
		return condition.value > UINT32_MAX ? never : condition;
	}
}

size_t seccomp_entry_conditions(const struct seccomp_entry *entry,
				struct seccomp_condition out[SECCOMP_ENTRY_CONDITIONS])
{
	size_t n = 0;

	/*
	 * As libseccomp does: the subcall's number takes the place of argument 0, of which
	 * the kernel looks at 32 bits, and of ipc(2) at 16.
	 */
	if (entry->subcall)
		out[n++] = (struct seccomp_condition){
			.op = OCI_SECCOMP_OPERATOR_MASKED_EQ,
			.value = entry->is_ipc ? UINT16_MAX : UINT32_MAX,
			.value_two = entry->subcall,
		};
	for (uint32_t i = 0; i < entry->rule->n_conditions; i++) {
		struct seccomp_condition condition = entry->rule->conditions[i];

		if (entry->subcall && condition.index == 0)
			continue;
		condition.value_two &= condition.value;
		if (entry->narrow)
			condition = narrowed(condition);
		if (condition.op != OCI_SECCOMP_OPERATOR_MASKED_EQ || condition.value != 0)
			out[n++] = condition;
	}
	return n;
}

bool seccomp_entries_equal(const struct seccomp_entry *a, const struct seccomp_entry *b)
{
	return a->rule->conditions == b->rule->conditions &&
	       a->rule->n_conditions == b->rule->n_conditions &&
	       a->rule->action == b->rule->action && a->narrow == b->narrow &&
	       a->subcall == b->subcall && a->is_ipc == b->is_ipc;
}
