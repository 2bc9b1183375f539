/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "cli/image.h"
#include "cli/image-format.h"
#include "cli/output.h"
#include "cli/table.h"
#include "image/build-cache.h"
#include "image/human.h"
#include "image/timestamp.h"

enum { HOUR = 3600 };

struct cache_options {
	bool no_trunc;
	unsigned int hours;
};

static const struct option_spec options[] = {
	{ "no-trunc", 0, OPTION_FLAG, offsetof(struct cache_options, no_trunc), NULL,
	  "whole keys and instructions" },
	{ "unused-for", 0, OPTION_NUMBER, offsetof(struct cache_options, hours), "HOURS",
	  "of prune: keep what was used since (default: keep nothing)" },
	OPTION_END,
};

enum { KEY_SHORT = 12, INSTRUCTION_SHORT = 60 };

static void add_row(const struct build_cache_entry *entry, bool no_trunc, struct strvec *cells)
{
	const struct timespec used = { .tv_sec = entry->used };

	strvec_pushf(cells, "%.*s", no_trunc ? 64 : KEY_SHORT, digest_hex(&entry->key));
	strvec_push(cells, human_since(timestamp_format(&used).s).s);
	strvec_push(cells, human_size((uint64_t)entry->record.size).s);
	strvec_pushf(cells, "%.*s", no_trunc ? 1 << 20 : INSTRUCTION_SHORT,
		     entry->record.created_by);
}

static int list(struct store *store, const struct cache_options *o, struct error *err)
{
	static char *heading[] = { "STEP", "USED", "SIZE", "CREATED BY", NULL };
	cleanup_strvec struct strvec cells = STRVEC_INIT;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct oci_arena arena = OCI_ARENA_INIT;
	struct build_cache_entry *entries;
	size_t n;
	int r = build_cache_list(store, &arena, &entries, &n, err);

	strvec_pushv(&cells, heading);
	for (size_t i = 0; r == 0 && i < n; i++)
		add_row(&entries[i], o->no_trunc, &cells);
	if (r == 0)
		table_format(&cells, ARRAY_SIZE(heading) - 1, &text);
	oci_arena_release(&arena);
	return r < 0 ? r : output_write(text.buf, err);
}

static int prune(struct store *store, const struct cache_options *o, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	size_t n;
	int r = build_cache_prune(store, (int64_t)o->hours * HOUR, &n, err);

	if (r < 0)
		return r;
	strbuf_addf(&text, "Forgot %zu steps; \"gc\" removes the layers that only they used\n", n);
	return output_write(text.buf, err);
}

static int run(struct invocation *invocation, struct error *err)
{
	const struct cache_options *o = invocation->options;
	cleanup_store struct store store = STORE_INIT;
	const char *verb = invocation->args[0];
	int r;

	if (!streq(verb, "list") && !streq(verb, "prune"))
		return error_set(err, EINVAL, "cache \"%s\": either list or prune", verb);
	r = image_open_store(invocation, &store, err);
	if (r < 0)
		return r;
	return streq(verb, "list") ? list(&store, o, err) : prune(&store, o, err);
}

const struct command command_cache = {
	.name = "cache",
	.arguments = "list|prune",
	.summary = "Show or forget the steps of earlier builds",
	.description = "\"build\" takes a step from here when it was done before.",
	.options = options,
	.options_size = sizeof(struct cache_options),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
