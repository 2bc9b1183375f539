/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "cli/image-format.h"
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
	const char *format;
};

static const struct ps_options defaults = { .format = "table" };

static const struct option_spec options[] = {
	{ "all", 'a', OPTION_FLAG, offsetof(struct ps_options, all), NULL,
	  "also those that do not run" },
	{ "quiet", 'q', OPTION_FLAG, offsetof(struct ps_options, quiet), NULL,
	  "the IDs alone, one on a line" },
	{ "no-trunc", 0, OPTION_FLAG, offsetof(struct ps_options, no_trunc), NULL,
	  "whole IDs and commands" },
	{ "format", 0, OPTION_STRING, offsetof(struct ps_options, format),
	  "table|json|TEMPLATE",
	  "a table to read, JSON on each line, or as in {{.ID}} {{.Size}}" },
	OPTION_END,
};

/* "docker ps --format json" has these keys. */
struct row_document {
	const char *command;
	const char *created_at;
	const char *id;
	const char *image;
	const char *names;
	const char *running_for;
	const char *state;
	const char *status;
};

static const struct oci_field row_fields[] = {
	OCI_STRING(row_document, command, "Command", OCI_REQUIRED),
	OCI_STRING(row_document, created_at, "CreatedAt", OCI_REQUIRED),
	OCI_STRING(row_document, id, "ID", OCI_REQUIRED),
	OCI_STRING(row_document, image, "Image", OCI_REQUIRED),
	OCI_STRING(row_document, names, "Names", OCI_REQUIRED),
	OCI_STRING(row_document, running_for, "RunningFor", OCI_REQUIRED),
	OCI_STRING(row_document, state, "State", OCI_REQUIRED),
	OCI_STRING(row_document, status, "Status", OCI_REQUIRED),
};
static const struct oci_object row_object = OCI_TABLE("container", row_document, row_fields);

/* In quotes; cut to a few words unless NO_TRUNC. */
static char *command_text(const struct container_record *record, bool no_trunc)
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
		return xasprintf("\"%s\"", text.buf);
	return xasprintf("\"%.*s...\"", COMMAND_SHOWN - 3, text.buf);
}

static time_t age_of(const char *timestamp)
{
	struct timespec then, now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (!timestamp || !timestamp_parse(timestamp, &then) || then.tv_sec > now.tv_sec)
		return 0;
	return now.tv_sec - then.tv_sec;
}

/* Docker's words; *STATE is one of them. */
static char *status_text(const struct container_record *record, bool busy, const char **state)
{
	*state = "created";
	if (record->status == CONTAINER_CREATED)
		return xstrdup("Created");
	*state = "running";
	if (record->status == CONTAINER_RUNNING && busy)
		return xasprintf("Up %s", human_duration(age_of(record->started)).s);
	*state = "dead";
	if (record->status == CONTAINER_RUNNING)
		return xstrdup("Unknown, its keeper was killed");
	*state = "exited";
	return xasprintf("Exited (%d) %s", (int)record->exit_code,
			 human_since(record->finished).s);
}

/* What is printed, in one of its three ways. */
struct listing {
	const struct ps_options *o;
	struct strvec cells;
	struct format_rows rows;
	struct strbuf text;
};

static void add_cells(struct listing *listing, const struct row_document *row)
{
	strvec_push(&listing->cells, row->id);
	strvec_push(&listing->cells, row->image);
	strvec_push(&listing->cells, row->command);
	strvec_push(&listing->cells, row->running_for);
	strvec_push(&listing->cells, row->status);
	strvec_push(&listing->cells, row->names);
}

static int add_row(struct listing *listing, const struct row_document *row, struct error *err)
{
	if (listing->o->quiet)
		strbuf_addf(&listing->text, "%s\n", row->id);
	else if (streq(listing->o->format, "table"))
		add_cells(listing, row);
	else
		return format_object(&listing->rows, &row_object, row, &listing->text, err);
	return 0;
}

static int add_container(struct store *store, const char *id, struct listing *listing,
			 struct error *err)
{
	const struct ps_options *o = listing->o;
	cleanup_container struct container c = CONTAINER_INIT;
	cleanup_free char *command = NULL, *status = NULL, *shown_id = NULL;
	int r = container_open(store, id, &c, err);
	struct row_document row;
	struct human since;
	bool busy;

	/* Removed since it was listed. */
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	busy = container_is_busy(&c);
	if (!o->all && (c.record.status != CONTAINER_RUNNING || !busy))
		return 0;
	command = command_text(&c.record, o->no_trunc);
	status = status_text(&c.record, busy, &row.state);
	shown_id = xstrndup(c.record.id, o->no_trunc ? 64 : CONTAINER_SHORT_ID);
	since = human_since(c.record.created);
	row.command = command;
	row.created_at = c.record.created;
	row.id = shown_id;
	row.image = c.record.image;
	row.names = c.record.name;
	row.running_for = since.s;
	row.status = status;
	return add_row(listing, &row, err);
}

static void listing_release(struct listing *listing)
{
	strvec_release(&listing->cells);
	format_rows_release(&listing->rows);
	strbuf_release(&listing->text);
}

static int run(struct invocation *invocation, struct error *err)
{
	static char *heading[] = { "CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS",
				   "NAMES", NULL };
	const struct ps_options *o = invocation->options;
	__attribute__((cleanup(listing_release))) struct listing listing = {
		.o = o,
		.cells = STRVEC_INIT,
		.rows = FORMAT_ROWS_INIT(o->format),
		.text = STRBUF_INIT,
	};
	cleanup_store struct store store = STORE_INIT;
	cleanup_strvec struct strvec list = STRVEC_INIT;
	int r = image_open_store(invocation, &store, err);

	strvec_pushv(&listing.cells, heading);
	if (r == 0)
		r = container_list(&store, &list, err);
	/* The newest first. */
	for (size_t i = list.n; r == 0 && i-- > 0;)
		r = add_container(&store, list.v[i], &listing, err);
	if (r == 0 && !o->quiet && streq(o->format, "table"))
		table_format(&listing.cells, ARRAY_SIZE(heading) - 1, &listing.text);
	else if (r == 0 && !o->quiet)
		r = format_rows_finish(&listing.rows, &listing.text, err);
	return r < 0 ? r : output_write(listing.text.buf, err);
}

const struct command command_ps = {
	.name = "ps",
	.arguments = "",
	.summary = "List the containers that run",
	.options = options,
	.options_size = sizeof(struct ps_options),
	.defaults = &defaults,
	.run = run,
};
