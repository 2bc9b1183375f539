/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/seccomp-table.h"

#include <linux/audit.h>
#include <seccomp.h>
#include <stdlib.h>

#include "base/mem.h"

/*
 * The architectures of which everything is known here: little-endian, and
 * without calls that share a number, but for i386.
 */
static const struct arch {
	uint32_t token;
	uint32_t audit;
	bool narrow;
} archs[] = {
	{ SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64, false },
	{ SCMP_ARCH_X32, AUDIT_ARCH_X86_64, true },
	{ SCMP_ARCH_X86, AUDIT_ARCH_I386, true },
	{ SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64, false },
	{ SCMP_ARCH_ARM, AUDIT_ARCH_ARM, true },
	{ SCMP_ARCH_RISCV64, AUDIT_ARCH_RISCV64, false },
};

/*
 * i386 has these twice: as a subcall of socketcall or ipc, for which libseccomp
 * gives a negative number, and (since Linux 4.3 and 5.1) by a number of their own.
 */
enum { I386_SOCKETCALL = 102, I386_IPC = 117 };

static const struct {
	uint8_t subcall;
	uint16_t number;
} i386_socket[] = {
	{ 1, 359 },  { 2, 361 },  { 3, 362 },  { 4, 363 },  { 6, 367 },  { 7, 368 },
	{ 8, 360 },  { 11, 369 }, { 12, 371 }, { 13, 373 }, { 14, 366 }, { 15, 365 },
	{ 16, 370 }, { 17, 372 }, { 18, 364 }, { 19, 337 }, { 20, 345 },
}, i386_ipc[] = {
	{ 2, 393 },  { 3, 394 },  { 11, 400 }, { 12, 401 }, { 13, 399 },
	{ 14, 402 }, { 21, 397 }, { 22, 398 }, { 23, 395 }, { 24, 396 },
};

static const struct arch *find_arch(uint32_t token)
{
	for (size_t i = 0; i < ARRAY_SIZE(archs); i++)
		if (archs[i].token == token)
			return &archs[i];
	return NULL;
}

static void note_last(struct seccomp_table *table, uint32_t number)
{
	uint32_t *last = table->arch == AUDIT_ARCH_X86_64 && (number & SECCOMP_X32_BIT)
				 ? &table->last_x32
				 : &table->last;

	if (number > *last)
		*last = number;
}

static void add(struct seccomp_table *table, struct seccomp_entry entry, uint32_t number)
{
	entry.number = number;
	note_last(table, number);
	table->entries[table->n_entries++] = entry;
}

/* PSEUDO is -100 - N for subcall N of socketcall, -200 - N for ipc; others do not exist. */
static void add_subcall(struct seccomp_table *table, struct seccomp_entry entry, int pseudo)
{
	uint16_t direct = 0;

	if (pseudo <= -100 && pseudo >= -120) {
		entry.subcall = (uint8_t)(-pseudo - 100);
		for (size_t i = 0; i < ARRAY_SIZE(i386_socket); i++)
			if (i386_socket[i].subcall == entry.subcall)
				direct = i386_socket[i].number;
		add(table, entry, I386_SOCKETCALL);
	} else if (pseudo <= -200 && pseudo >= -224) {
		entry.subcall = (uint8_t)(-pseudo - 200);
		for (size_t i = 0; i < ARRAY_SIZE(i386_ipc); i++)
			if (i386_ipc[i].subcall == entry.subcall)
				direct = i386_ipc[i].number;
		add(table, entry, I386_IPC);
	}
	entry.subcall = 0;
	if (direct)
		add(table, entry, direct);
}

static void add_arch(struct seccomp_table *table, const struct seccomp_profile *profile,
		     uint32_t token, const struct arch *arch)
{
	for (size_t i = 0; i < profile->n_rules; i++) {
		const struct seccomp_rule *rule = &profile->rules[i];
		int number = seccomp_syscall_resolve_name_arch(token, rule->name);
		struct seccomp_entry entry = {
			.order = (uint32_t)i,
			.rule = rule,
			.narrow = arch && arch->narrow,
		};

		if (!arch && number >= 0)
			note_last(table, (uint32_t)number);
		else if (number >= 0)
			add(table, entry, (uint32_t)number);
		else if (token == SCMP_ARCH_X86)
			add_subcall(table, entry, number);
	}
}

/* The table of AUDIT, made if it is the first of its architectures. */
static struct seccomp_table *find_table(struct seccomp_tables *out, uint32_t audit,
					size_t room)
{
	struct seccomp_table *table;

	for (size_t i = 0; i < out->n; i++)
		if (out->tables[i].arch == audit)
			return &out->tables[i];
	table = &out->tables[out->n++];
	table->arch = audit;
	table->entries = xcalloc(room, sizeof(*table->entries));
	return table;
}

static int compare(const void *left, const void *right)
{
	const struct seccomp_entry *a = left, *b = right;

	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

void seccomp_tables_make(const struct seccomp_profile *profile, struct seccomp_tables *out)
{
	uint32_t byte_order = profile->archs[0] & __AUDIT_ARCH_LE;

	out->tables = xcalloc(profile->n_archs, sizeof(*out->tables));
	for (size_t i = 0; i < profile->n_archs; i++) {
		uint32_t token = profile->archs[i];
		const struct arch *arch = find_arch(token);
		struct seccomp_table *table;

		/* Of the other byte order: nothing of it runs here. */
		if ((token & __AUDIT_ARCH_LE) != byte_order)
			continue;
		out->foreign |= !arch;
		/* Two architectures may share a table, and a rule may make two entries. */
		table = find_table(out, arch ? arch->audit : token, profile->n_rules * 2 + 1);
		table->has_x32 |= token == SCMP_ARCH_X32;
		add_arch(table, profile, token, arch);
	}
	for (size_t i = 0; i < out->n; i++)
		qsort(out->tables[i].entries, out->tables[i].n_entries,
		      sizeof(*out->tables[i].entries), compare);
}

void seccomp_tables_fini(struct seccomp_tables *tables)
{
	for (size_t i = 0; i < tables->n; i++)
		free(tables->tables[i].entries);
	free(tables->tables);
	*tables = (struct seccomp_tables)SECCOMP_TABLES_INIT;
}

size_t seccomp_entry_conditions(const struct seccomp_entry *entry,
				struct seccomp_condition out[SECCOMP_ENTRY_CONDITIONS])
{
	uint64_t width = entry->narrow ? UINT32_MAX : UINT64_MAX;
	size_t n = 0;

	/* As libseccomp does: the subcall's number takes the place of argument 0. */
	if (entry->subcall)
		out[n++] = (struct seccomp_condition){
			.op = SCMP_CMP_EQ,
			.value = entry->subcall,
		};
	for (uint32_t i = 0; i < entry->rule->n_conditions; i++) {
		struct seccomp_condition condition = entry->rule->conditions[i];

		if (entry->subcall && condition.index == 0)
			continue;
		condition.value &= width;
		condition.value_two &= condition.value;
		if (condition.op != SCMP_CMP_MASKED_EQ || condition.value != 0)
			out[n++] = condition;
	}
	return n;
}

static bool holds(const struct seccomp_condition *condition, uint64_t argument)
{
	switch (condition->op) {
	case SCMP_CMP_NE:
		return argument != condition->value;
	case SCMP_CMP_LT:
		return argument < condition->value;
	case SCMP_CMP_LE:
		return argument <= condition->value;
	case SCMP_CMP_EQ:
		return argument == condition->value;
	case SCMP_CMP_GE:
		return argument >= condition->value;
	case SCMP_CMP_GT:
		return argument > condition->value;
	default:
		return (argument & condition->value) == condition->value_two;
	}
}

static bool exclude(const struct seccomp_condition *a, const struct seccomp_condition *b)
{
	if (a->index != b->index)
		return false;
	if (a->op == SCMP_CMP_EQ)
		return !holds(b, a->value);
	if (b->op == SCMP_CMP_EQ)
		return !holds(a, b->value);
	return a->op == SCMP_CMP_MASKED_EQ && b->op == SCMP_CMP_MASKED_EQ &&
	       ((a->value_two ^ b->value_two) & a->value & b->value) != 0;
}

bool seccomp_entries_exclude(const struct seccomp_entry *a, const struct seccomp_entry *b)
{
	struct seccomp_condition as[SECCOMP_ENTRY_CONDITIONS], bs[SECCOMP_ENTRY_CONDITIONS];
	size_t n_a = seccomp_entry_conditions(a, as), n_b = seccomp_entry_conditions(b, bs);

	for (size_t i = 0; i < n_a; i++)
		for (size_t j = 0; j < n_b; j++)
			if (exclude(&as[i], &bs[j]))
				return true;
	return false;
}
