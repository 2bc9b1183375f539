/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far a long job is, for whoever wants to show it.  Without a sink, which
 * the command sets, all of this costs next to nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
	/* What it is about: "layer", "file"; and which: a digest or a file name. */
	const char *kind;
	const char *name;
	/* Item N of N_TOTAL; 0 where nobody knows. */
	size_t n, n_total;
	/* Bytes of this item, and of how many; 0 where nobody knows. */
	uint64_t bytes, total;
	/* Nothing had to be done: it was there. */
	bool skipped;
	bool ended;
};

/* Called from the thread that reads, for every megabyte or less. */
typedef void (*progress_sink)(const struct progress *progress);

void progress_set_sink(progress_sink sink);
bool progress_is_shown(void);

/* N_TOTAL items follow. */
void progress_expect(size_t n_total);

/* NAME must stay until the end. */
void progress_begin(const char *kind, const char *name, uint64_t total);
void progress_add(uint64_t bytes);
void progress_end(void);

/* An item that needs no work. */
void progress_skip(const char *kind, const char *name);
