/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

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

static size_t wider(size_t width, const char *text)
{
	size_t n = strlen(text);

	return n > width ? n : width;
}

/* TEXT and at least one blank: printf(3) would take longer than reading the state. */
static void add_cell(struct strbuf *sb, const char *text, size_t width)
{
	size_t n = strlen(text), blanks = wider(width, text) - n + 1;

	strbuf_grow(sb, n + blanks);
	memcpy(sb->buf + sb->len, text, n);
	memset(sb->buf + sb->len + n, ' ', blanks);
	sb->len += n + blanks;
	sb->buf[sb->len] = '\0';
}

struct widths {
	size_t id, bundle, created;
};

static void add_row(struct strbuf *sb, const struct widths *w, const char *const cells[6])
{
	add_cell(sb, cells[0], w->id);
	add_cell(sb, cells[1], 10);
	add_cell(sb, cells[2], 8);
	add_cell(sb, cells[3], w->bundle);
	add_cell(sb, cells[4], w->created);
	strbuf_adds(sb, cells[5]);
	strbuf_addch(sb, '\n');
}

static int print_table(const struct state_list *list, struct error *err)
{
	static const char *const heading[] = {
		"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER",
	};
	struct widths w = { .id = 11, .bundle = 6, .created = 7 };
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < list->n; i++) {
		w.id = wider(w.id, list->reports[i].id);
		w.bundle = wider(w.bundle, list->reports[i].bundle);
		w.created = wider(w.created, list->reports[i].created);
	}
	add_row(&text, &w, heading);
	for (size_t i = 0; i < list->n; i++) {
		const struct state_report *s = &list->reports[i];
		char pid[16];

		(void)snprintf(pid, sizeof(pid), "%d", s->pid);
		add_row(&text, &w, (const char *const[]){
			s->id, pid, oci_name(&oci_status_names, s->status), s->bundle,
			s->created, s->owner });
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
