/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/seccomp-range.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdlib.h>

#include "base/mem.h"
#include "linux/seccomp-names.h"
#include "linux/seccomp-table.h"

bool seccomp_ranges_equal(const struct seccomp_range *a, const struct seccomp_range *b)
{
	if (a->action != b->action || a->n_entries != b->n_entries)
		return false;
	for (size_t i = 0; i < a->n_entries; i++)
		if (!seccomp_entries_equal(&a->entries[i], &b->entries[i]))
			return false;
	return true;
}

/* Appends RANGE, in place of one with the same start; equal neighbours become one. */
static void add_range(struct seccomp_ranges *ranges, struct seccomp_range range)
{
	if (ranges->n > 0 && ranges->v[ranges->n - 1].start == range.start)
		ranges->n--;
	if (ranges->n == 0 || !seccomp_ranges_equal(&ranges->v[ranges->n - 1], &range))
		ranges->v[ranges->n++] = range;
}

/*
 * The action for calls newer than all in the profile.  Programs try a new call and
 * fall back on ENOSYS; any other error breaks them.  A tracer is left to decide
 * for itself.
 */
static uint32_t tail_action(const struct seccomp_profile *profile)
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

static bool has_conditions(const struct seccomp_entry *entry)
{
	struct seccomp_condition conditions[SECCOMP_ENTRY_CONDITIONS];

	return seccomp_entry_conditions(entry, conditions) > 0;
}

/*
 * The verdict for the N entries of one number, as seccomp-tree.h has it.  Moves the
 * entries that count to the front.
 */
static struct seccomp_range judge(const struct seccomp_profile *profile,
				  struct seccomp_entry *entries, size_t n)
{
	struct seccomp_range range = { .start = entries[0].number,
				       .action = profile->default_action,
				       .entries = entries };

	for (size_t i = 0; i < n; i++) {
		if (entries[i].rule->action == profile->default_action)
			continue;
		if (!has_conditions(&entries[i])) {
			range.action = entries[i].rule->action;
			range.n_entries = 0;
			break;
		}
		entries[range.n_entries++] = entries[i];
	}
	return range;
}

static size_t count_same_number(const struct seccomp_entry *entries, size_t n)
{
	size_t same = 1;

	while (same < n && entries[same].number == entries[0].number)
		same++;
	return same;
}

/* The numbers from START on, of which LAST is the newest the profile knows. */
static void add_part(const struct seccomp_profile *profile, struct seccomp_entry *entries,
		     size_t n, uint32_t start, uint32_t last, struct seccomp_ranges *out)
{
	struct seccomp_range other = { .start = start, .action = profile->default_action };

	add_range(out, other);
	for (size_t i = 0, same; i < n; i += same) {
		struct seccomp_range range;

		same = count_same_number(&entries[i], n - i);
		range = judge(profile, &entries[i], same);
		add_range(out, range);
		other.start = range.start + 1;
		/* Above the newest there are only the private calls of arm. */
		if (last > 0 && range.start >= last)
			other.action = tail_action(profile);
		add_range(out, other);
	}
}

static void fill(const struct seccomp_profile *profile, struct seccomp_table *table,
		 struct seccomp_ranges *out)
{
	bool is_x86_64 = table->arch == AUDIT_ARCH_X86_64;
	size_t n = 0;

	while (n < table->n_entries &&
	       !(is_x86_64 && (table->entries[n].number & SECCOMP_X32_BIT)))
		n++;
	add_part(profile, table->entries, n, 0, table->last, out);
	if (!is_x86_64)
		return;
	if (table->has_x32) {
		add_part(profile, table->entries + n, table->n_entries - n, SECCOMP_X32_BIT,
			 table->last_x32, out);
		return;
	}
	add_range(out,
		  (struct seccomp_range){ .start = SECCOMP_X32_BIT, .action = SECCOMP_BAD_ARCH });
	/* seccomp(2): a tracer sets the number to -1 to skip the call. */
	add_range(out,
		  (struct seccomp_range){ .start = UINT32_MAX, .action = profile->default_action });
}

void seccomp_ranges_make(const struct seccomp_profile *profile, struct seccomp_table *table,
			 struct seccomp_ranges *out)
{
	/* Each entry ends one range and starts another; ends of parts come on top. */
	out->v = xrealloc(NULL, 2 * table->n_entries + 8, sizeof(*out->v));
	fill(profile, table, out);
	out->v[out->n].start = out->v[out->n - 1].start;
}

void seccomp_ranges_fini(struct seccomp_ranges *ranges)
{
	free(ranges->v);
	*ranges = (struct seccomp_ranges)SECCOMP_RANGES_INIT;
}
