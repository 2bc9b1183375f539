/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/mem.h"
#include "cli/output.h"
#include "cli/runtime.h"
#include "libocispec/names.h"
#include "runtime/state.h"
#include "runtime/store.h"

struct list_options {
	const char *format;
	bool quiet;
};

static const struct list_options defaults = { .format = "table" };

static const struct option_spec options[] = {
	{ "format", 'f', OPTION_CHOICE, offsetof(struct list_options, format), "table|json",
	  "a table to read, or an array of states" },
	{ "quiet", 'q', OPTION_FLAG, offsetof(struct list_options, quiet), NULL,
	  "the names alone, one on a line" },
	OPTION_END,
};

static int print_names(const char *root, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	cleanup_strvec struct strvec ids = STRVEC_INIT;
	int r = store_list(root, &ids, err);

	for (size_t i = 0; i < ids.n; i++)
		strbuf_addf(&text, "%s\n", ids.v[i]);
	return r < 0 ? r : output_write(text.buf, err);
}

static int wider(int width, const char *text)
{
	int n = (int)strlen(text);

	return n > width ? n : width;
}

static int print_table(const struct state_list *list, struct error *err)
{
	int id_width = 11, bundle_width = 6, created_width = 7;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < list->n; i++) {
		id_width = wider(id_width, list->reports[i].id);
		bundle_width = wider(bundle_width, list->reports[i].bundle);
		created_width = wider(created_width, list->reports[i].created);
	}
	strbuf_addf(&text, "%-*s %-10s %-8s %-*s %-*s OWNER\n", id_width, "ID", "PID", "STATUS",
		    bundle_width, "BUNDLE", created_width, "CREATED");
	for (size_t i = 0; i < list->n; i++) {
		const struct state_report *s = &list->reports[i];

		strbuf_addf(&text, "%-*s %-10d %-8s %-*s %-*s %s\n", id_width, s->id, s->pid,
			    oci_name(&oci_status_names, s->status), bundle_width, s->bundle,
			    created_width, s->created, s->owner);
	}
	return output_write(text.buf, err);
}

static int print_json(const struct state_list *list, struct error *err)
{
	cleanup_free char *json = NULL;
	int r = state_list_json(list, &json, err);

	if (r == 0)
		r = output_write(json, err);
	return r < 0 ? r : output_write("\n", err);
}

static int run(struct invocation *invocation, struct error *err)
{
	const struct list_options *o = invocation->options;
	cleanup_state_list struct state_list list = STATE_LIST_INIT;
	int r;

	if (o->quiet)
		return print_names(runtime_root(invocation), err);
	r = state_list_load(runtime_root(invocation), &list, err);
	if (r < 0)
		return r;
	return streq(o->format, "json") ? print_json(&list, err) : print_table(&list, err);
}

const struct command command_list = {
	.name = "list",
	.arguments = "",
	.summary = "List the containers",
	.options = options,
	.options_size = sizeof(struct list_options),
	.defaults = &defaults,
	.max_args = 0,
	.run = run,
};
