/* SPDX-License-Identifier: Apache-2.0 */
/* The problems of a bundle, each of them once and with its place in the file. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "runtime/check.h"

void check_report_fini(struct check_report *report)
{
	free(report->problems);
	strvec_release(&report->left_out);
	*report = (struct check_report)CHECK_REPORT_INIT;
}

static bool is_schema(const char *area)
{
	return streq(area, "schema");
}

/* Whether one of the places A and B is the other, or inside it. */
static bool is_within(const char *a, const char *b)
{
	size_t n = strlen(a) < strlen(b) ? strlen(a) : strlen(b);

	return n > 0 && strncmp(a, b, n) == 0 && (!a[n] || strchr(".[", a[n])) &&
	       (!b[n] || strchr(".[", b[n]));
}

/* What was refused is left out of the document: that it is missing then is no news. */
static bool is_told(const struct check_report *report, const struct error *err)
{
	for (size_t i = 0; i < report->n; i++)
		if (is_schema(report->problems[i].area) &&
		    is_within(err->pointer, report->problems[i].error.pointer))
			return true;
	return false;
}

/* "mounts[2]" becomes "mounts[3]" when an element before it was left out. */
static void restore_place(const struct check_report *report, struct error *err)
{
	for (size_t i = 0; i < report->left_out.n; i++) {
		const char *element = report->left_out.v[i];
		size_t n = (size_t)(strrchr(element, '[') - element) + 1;
		cleanup_free char *rest = NULL;
		unsigned long index;
		char *end;

		if (strncmp(err->pointer, element, n) != 0)
			continue;
		index = strtoul(err->pointer + n, &end, 10);
		if (index < strtoul(element + n, NULL, 10))
			continue;
		rest = xstrdup(end);
		(void)snprintf(err->pointer + n, sizeof(err->pointer) - n, "%lu%s", index + 1,
			       rest);
	}
}

void check_report_left_out(struct check_report *report, const char *path)
{
	const char *last = strrchr(path, '[');

	/* Maps have no places that move. */
	if (last && isdigit((unsigned char)last[1]))
		strvec_push(&report->left_out, path);
}

void check_report_add(struct check_report *report, const char *area, bool is_warning,
		      const struct error *err)
{
	struct error placed = *err;

	if (!is_schema(area)) {
		restore_place(report, &placed);
		if (is_told(report, &placed))
			return;
	}
	report->problems = xrealloc(report->problems, report->n + 1, sizeof(*report->problems));
	report->problems[report->n++] = (struct check_problem){
		.is_warning = is_warning, .area = area, .error = placed,
	};
	report->n_errors += !is_warning;
}
