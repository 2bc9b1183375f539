/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/seccomp-range.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>

#include "base/mem.h"
#include "linux/seccomp-table.h"

/* Appends RANGE, in place of one with the same start; equal neighbours become one. */
static void add_range(struct seccomp_ranges *ranges, struct seccomp_range range)
{
	const struct seccomp_range *last;

	if (ranges->n > 0 && ranges->v[ranges->n - 1].start == range.start)
		ranges->n--;
	last = ranges->n > 0 ? &ranges->v[ranges->n - 1] : NULL;
	if (!last || last->n_entries > 0 || range.n_entries > 0 || last->action != range.action)
		ranges->v[ranges->n++] = range;
}

uint32_t seccomp_tail_action(const struct seccomp_profile *profile)
{
	switch (profile->default_action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
	case SECCOMP_RET_LOG:
	case SECCOMP_RET_TRACE:
		return profile->default_action;
	default:
		return SECCOMP_NO_SUCH_CALL;
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
		 size_t n, struct seccomp_range *out)
{
	bool is_decided = false;
	size_t kept = 0;

	*out = (struct seccomp_range){ .start = entries[0].number,
				       .action = profile->default_action };
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
		    size_t n, uint32_t start, uint32_t last, struct seccomp_ranges *out)
{
	struct seccomp_range other = { .start = start, .action = profile->default_action };

	add_range(out, other);
	for (size_t i = 0, same; i < n; i += same) {
		struct seccomp_range range = { .start = 0 };
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
	other.action = seccomp_tail_action(profile);
	if (last > 0)
		add_range(out, other);
	return 0;
}

static int fill(const struct seccomp_profile *profile, struct seccomp_table *table,
		struct seccomp_ranges *out)
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
	add_range(out,
		  (struct seccomp_range){ .start = SECCOMP_X32_BIT, .action = SECCOMP_BAD_ARCH });
	/* seccomp(2): a tracer sets the number to -1 to skip the call. */
	add_range(out,
		  (struct seccomp_range){ .start = UINT32_MAX, .action = profile->default_action });
	return 0;
}

int seccomp_ranges_make(const struct seccomp_profile *profile, struct seccomp_table *table,
			struct seccomp_ranges *out)
{
	/* Each entry ends one range and starts another; ends of parts come on top. */
	out->v = xcalloc(2 * table->n_entries + 8, sizeof(*out->v));
	return fill(profile, table, out);
}

void seccomp_ranges_fini(struct seccomp_ranges *ranges)
{
	free(ranges->v);
	*ranges = (struct seccomp_ranges)SECCOMP_RANGES_INIT;
}
