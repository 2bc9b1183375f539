/* SPDX-License-Identifier: Apache-2.0 */
/* All that is wrong with a bundle on this host, at once, without making anything. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

struct check_problem {
	/* It would not keep a container from being made. */
	bool is_warning;
	/* "schema", "config", "kernel", "privilege", "cgroup", "file" or "mapping". */
	const char *area;
	struct error error;
};

struct check_report {
	struct check_problem *problems;
	size_t n;
	size_t n_errors;
	/* Elements of lists that are not in the document that was checked: "mounts[3]". */
	struct strvec left_out;
};

#define CHECK_REPORT_INIT { .left_out = STRVEC_INIT }

/* AREA must outlive the report.  What an error of the schema has told already is not added. */
void check_report_add(struct check_report *report, const char *area, bool is_warning,
		      const struct error *err);

/* The reader left out the element at PATH, so that the places of those behind it moved. */
void check_report_left_out(struct check_report *report, const char *path);

void check_report_fini(struct check_report *report);
#define cleanup_check_report __attribute__((cleanup(check_report_fini)))

/* CONFIG is the name below BUNDLE, NULL for "config.json". */
void check_bundle(const char *bundle, const char *config, struct check_report *report);
