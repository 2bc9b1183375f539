/* SPDX-License-Identifier: Apache-2.0 */
#include "image/progress.h"

static progress_sink sink;
static struct progress now = { .ended = true };

void progress_set_sink(progress_sink new_sink)
{
	sink = new_sink;
}

bool progress_is_shown(void)
{
	return sink;
}

static void tell(void)
{
	if (sink)
		sink(&now);
}

void progress_expect(size_t n_total)
{
	now = (struct progress){ .n_total = n_total, .ended = true };
}

static void next(const char *kind, const char *name, uint64_t total)
{
	now = (struct progress){
		.kind = kind,
		.name = name,
		.n = now.n_total ? now.n + 1 : 0,
		.n_total = now.n_total,
		.total = total,
	};
}

void progress_begin(const char *kind, const char *name, uint64_t total)
{
	next(kind, name, total);
	tell();
}

void progress_add(uint64_t bytes)
{
	/* Others read layers too, and say nothing of it. */
	if (now.ended)
		return;
	now.bytes += bytes;
	tell();
}

void progress_end(void)
{
	if (now.ended)
		return;
	now.ended = true;
	tell();
}

void progress_skip(const char *kind, const char *name)
{
	next(kind, name, 0);
	now.skipped = true;
	progress_end();
}
