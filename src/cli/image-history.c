/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/mem.h"
#include "cli/image-format.h"
#include "cli/image.h"
#include "cli/output.h"
#include "cli/table.h"
#include "image/human.h"
#include "image/image.h"
#include "image/catalog.h"
#include "image/timestamp.h"

/* As docker cuts CREATED BY. */
enum { CREATED_BY_MAX = 45 };

struct history_options {
	const char *format;
	bool human;
	bool no_trunc;
	bool quiet;
};

static const struct history_options defaults = { .format = "table", .human = true };

static const struct option_spec options[] = {
	{ "format", 0, OPTION_STRING, offsetof(struct history_options, format),
	  "table|json|TEMPLATE",
	  "a table to read, JSON on each line, or as in {{.ID}} {{.Size}}" },
	{ "human", 'H', OPTION_FLAG, offsetof(struct history_options, human), NULL,
	  "sizes and dates for people (default); --human=false for bytes and RFC 3339" },
	{ "no-trunc", 0, OPTION_FLAG, offsetof(struct history_options, no_trunc), NULL,
	  "whole IDs and commands" },
	{ "quiet", 'q', OPTION_FLAG, offsetof(struct history_options, quiet), NULL,
	  "the IDs alone, one on a line" },
	OPTION_END,
};

/* The texts of one row. */
struct cells {
	struct format_id id;
	struct timestamp created_at;
	struct human since;
	struct human size;
	char *created_by;
};

static void cells_release(struct cells *cells)
{
	free(cells->created_by);
}

/* S, cut to CREATED_BY_MAX characters, the last of which is "…" then. */
static char *cut(const char *s)
{
	size_t n_chars = 0, keep = 0;

	for (size_t i = 0; s[i]; i++) {
		if (((unsigned char)s[i] & 0xc0) == 0x80)
			continue;
		if (++n_chars == CREATED_BY_MAX)
			keep = i;
	}
	return n_chars <= CREATED_BY_MAX ? xstrdup(s) : xasprintf("%.*s…", (int)keep, s);
}

static void format_cells(const struct history_row *row, const struct history_options *o,
			 struct cells *cells)
{
	struct timespec time;

	*cells = (struct cells){ .id = { "<missing>" }, .created_at = { "N/A" } };
	if (row->id)
		cells->id = format_id(row->id, o->no_trunc);
	if (row->created && timestamp_parse(row->created, &time))
		cells->created_at = timestamp_format(&time);
	cells->since = human_since(row->created);
	cells->size = human_size(row->size);
	if (!o->human)
		(void)snprintf(cells->size.s, sizeof(cells->size.s), "%" PRIu64, row->size);
	cells->created_by = o->no_trunc ? xstrdup(row->created_by) : cut(row->created_by);
}

/* "docker history --format json" has these keys. */
struct row_document {
	const char *comment;
	const char *created_at;
	const char *created_by;
	const char *created_since;
	const char *id;
	const char *size;
};

static const struct oci_field row_fields[] = {
	OCI_STRING(row_document, comment, "Comment", OCI_REQUIRED),
	OCI_STRING(row_document, created_at, "CreatedAt", OCI_REQUIRED),
	OCI_STRING(row_document, created_by, "CreatedBy", OCI_REQUIRED),
	OCI_STRING(row_document, created_since, "CreatedSince", OCI_REQUIRED),
	OCI_STRING(row_document, id, "ID", OCI_REQUIRED),
	OCI_STRING(row_document, size, "Size", OCI_REQUIRED),
};
static const struct oci_object row_object = OCI_TABLE("step", row_document, row_fields);

static int add_object(const struct history_row *row, const struct cells *cells,
		      struct format_rows *rows, struct strbuf *text, struct error *err)
{
	const struct row_document document = {
		.comment = row->comment,
		.created_at = cells->created_at.s,
		.created_by = cells->created_by,
		.created_since = cells->since.s,
		.id = cells->id.s,
		.size = cells->size.s,
	};

	return format_object(rows, &row_object, &document, text, err);
}

static int format_history(const struct history_row *rows, size_t n,
			  const struct history_options *o, struct strbuf *text, struct error *err)
{
	cleanup_format_rows struct format_rows formatted = FORMAT_ROWS_INIT(o->format);
	cleanup_strvec struct strvec table = STRVEC_INIT;
	static char *heading[] = { "IMAGE", "CREATED", "CREATED BY", "SIZE", "COMMENT", NULL };
	bool is_table = !o->quiet && streq(o->format, "table");
	int r = 0;

	strvec_pushv(&table, heading);
	for (size_t i = 0; r == 0 && i < n; i++) {
		__attribute__((cleanup(cells_release))) struct cells cells;

		format_cells(&rows[i], o, &cells);
		if (o->quiet) {
			strbuf_addf(text, "%s\n", cells.id.s);
		} else if (is_table) {
			strvec_push(&table, cells.id.s);
			strvec_push(&table, o->human ? cells.since.s : cells.created_at.s);
			strvec_push(&table, cells.created_by);
			strvec_push(&table, cells.size.s);
			strvec_push(&table, rows[i].comment);
		} else {
			r = add_object(&rows[i], &cells, &formatted, text, err);
		}
	}
	if (is_table)
		table_format(&table, ARRAY_SIZE(heading) - 1, text);
	return r < 0 || o->quiet || is_table ? r : format_rows_finish(&formatted, text, err);
}

static int run(struct invocation *invocation, struct error *err)
{
	cleanup_store struct store store = STORE_INIT;
	cleanup_image struct image image = IMAGE_INIT;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	cleanup_free struct history_row *rows = NULL;
	size_t n;
	int r = image_open_store(invocation, &store, err);

	if (r == 0)
		r = image_load(&store, invocation->args[0], &image, err);
	if (r < 0)
		return r;
	image_history(&store, &image, &rows, &n);
	r = format_history(rows, n, invocation->options, &text, err);
	return r < 0 ? r : output_write(text.buf, err);
}

const struct command command_history = {
	.name = "history",
	.arguments = "IMAGE",
	.summary = "Show how an image was made",
	.description = "The newest step first. IMAGE is a name, or the beginning of an ID.",
	.options = options,
	.options_size = sizeof(struct history_options),
	.defaults = &defaults,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
