/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "cli/image.h"
#include "cli/output.h"
#include "cli/table.h"
#include "image/container.h"
#include "image/human.h"
#include "image/timestamp.h"

enum { COMMAND_SHOWN = 20 };

struct ps_options {
	bool all;
	bool quiet;
	bool no_trunc;
};

static const struct option_spec options[] = {
	{ "all", 'a', OPTION_FLAG, offsetof(struct ps_options, all), NULL,
	  "also those that do not run" },
	{ "quiet", 'q', OPTION_FLAG, offsetof(struct ps_options, quiet), NULL,
	  "the IDs alone, one on a line" },
	{ "no-trunc", 0, OPTION_FLAG, offsetof(struct ps_options, no_trunc), NULL,
	  "whole IDs and commands" },
	OPTION_END,
};

/* Docker's words; the command line shows in quotes. */
static void add_command(struct strvec *cells, const struct container_record *record,
			bool no_trunc)
{
	const struct oci_image_run_config *config = record->config->config;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	bool own = record->n_command > 0;
	size_t n = own ? record->n_command : config ? config->n_cmd : 0;
	char **v = own ? record->command : config ? config->cmd : NULL;

	for (size_t i = 0; config && i < config->n_entrypoint; i++)
		strbuf_addf(&text, "%s%s", text.len ? " " : "", config->entrypoint[i]);
	for (size_t i = 0; i < n; i++)
		strbuf_addf(&text, "%s%s", text.len ? " " : "", v[i]);
	if (no_trunc || text.len <= COMMAND_SHOWN)
		strvec_pushf(cells, "\"%s\"", text.buf);
	else
		strvec_pushf(cells, "\"%.*s...\"", COMMAND_SHOWN - 3, text.buf);
}

static time_t age_of(const char *timestamp)
{
	struct timespec then, now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (!timestamp || !timestamp_parse(timestamp, &then) || then.tv_sec > now.tv_sec)
		return 0;
	return now.tv_sec - then.tv_sec;
}

static void add_status(struct strvec *cells, const struct container_record *record, bool busy)
{
	if (record->status == CONTAINER_CREATED)
		strvec_push(cells, "Created");
	else if (record->status == CONTAINER_RUNNING && busy)
		strvec_pushf(cells, "Up %s", human_duration(age_of(record->started)).s);
	else if (record->status == CONTAINER_RUNNING)
		strvec_push(cells, "Unknown, its keeper was killed");
	else
		strvec_pushf(cells, "Exited (%d) %s", (int)record->exit_code,
			     human_since(record->finished).s);
}

static int add_container(struct store *store, const char *id, const struct ps_options *o,
			 struct strvec *cells, struct strbuf *ids, struct error *err)
{
	cleanup_container struct container c = CONTAINER_INIT;
	int r = container_open(store, id, &c, err), digits = o->no_trunc ? 64 : CONTAINER_SHORT_ID;
	bool busy;

	/* Removed since it was listed. */
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	busy = container_is_busy(&c);
	if (!o->all && (c.record.status != CONTAINER_RUNNING || !busy))
		return 0;
	strbuf_addf(ids, "%.*s\n", digits, c.record.id);
	strvec_pushf(cells, "%.*s", digits, c.record.id);
	strvec_push(cells, c.record.image);
	add_command(cells, &c.record, o->no_trunc);
	strvec_push(cells, human_since(c.record.created).s);
	add_status(cells, &c.record, busy);
	strvec_push(cells, c.record.name);
	return 0;
}

static int run(struct invocation *invocation, struct error *err)
{
	static char *heading[] = { "CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS",
				   "NAMES", NULL };
	const struct ps_options *o = invocation->options;
	cleanup_store struct store store = STORE_INIT;
	cleanup_strvec struct strvec list = STRVEC_INIT, cells = STRVEC_INIT;
	cleanup_strbuf struct strbuf text = STRBUF_INIT, ids = STRBUF_INIT;
	int r = image_open_store(invocation, &store, err);

	strvec_pushv(&cells, heading);
	if (r == 0)
		r = container_list(&store, &list, err);
	/* The newest first. */
	for (size_t i = list.n; r == 0 && i-- > 0;)
		r = add_container(&store, list.v[i], o, &cells, &ids, err);
	if (r < 0)
		return r;
	if (!o->quiet)
		table_format(&cells, ARRAY_SIZE(heading) - 1, &text);
	return output_write(o->quiet ? ids.buf : text.buf, err);
}

const struct command command_ps = {
	.name = "ps",
	.arguments = "",
	.summary = "List the containers that run",
	.options = options,
	.options_size = sizeof(struct ps_options),
	.run = run,
};
