/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "cli/image.h"
#include "cli/image-format.h"
#include "cli/output.h"
#include "cli/table.h"
#include "image/human.h"
#include "image/catalog.h"

struct list_options {
	const char *format;
	bool no_trunc;
	bool quiet;
};

static const struct list_options defaults = { .format = "table" };

static const struct option_spec options[] = {
	{ "format", 'f', OPTION_STRING, offsetof(struct list_options, format),
	  "table|json|TEMPLATE",
	  "a table to read, JSON on each line, or as in {{.ID}} {{.Size}}" },
	{ "no-trunc", 0, OPTION_FLAG, offsetof(struct list_options, no_trunc), NULL,
	  "whole IDs" },
	{ "quiet", 'q', OPTION_FLAG, offsetof(struct list_options, quiet), NULL,
	  "the IDs alone, one on a line" },
	OPTION_END,
};

/* "docker images --format json" has these keys. */
struct row_document {
	const char *created_at;
	const char *created_since;
	const char *digest;
	const char *id;
	const char *repository;
	const char *size;
	const char *tag;
};

static const struct oci_field row_fields[] = {
	OCI_STRING(row_document, created_at, "CreatedAt", OCI_REQUIRED),
	OCI_STRING(row_document, created_since, "CreatedSince", OCI_REQUIRED),
	OCI_STRING(row_document, digest, "Digest", OCI_REQUIRED),
	OCI_STRING(row_document, id, "ID", OCI_REQUIRED),
	OCI_STRING(row_document, repository, "Repository", OCI_REQUIRED),
	OCI_STRING(row_document, size, "Size", OCI_REQUIRED),
	OCI_STRING(row_document, tag, "Tag", OCI_REQUIRED),
};
static const struct oci_object row_object = OCI_TABLE("image", row_document, row_fields);

static int add_object(const struct image_row *row, bool no_trunc, struct format_rows *rows,
		      struct strbuf *text, struct error *err)
{
	struct format_id id = format_id(&row->id, no_trunc);
	struct human since = human_since(row->created), size = human_size(row->size);
	const struct row_document document = {
		.created_at = row->created ? row->created : "N/A",
		.created_since = since.s,
		.digest = row->manifest.s,
		.id = id.s,
		.repository = row->repository,
		.size = size.s,
		.tag = row->tag,
	};

	return format_object(rows, &row_object, &document, text, err);
}

static void add_cells(const struct image_row *row, bool no_trunc, struct strvec *cells)
{
	strvec_push(cells, row->repository);
	strvec_push(cells, row->tag);
	strvec_push(cells, format_id(&row->id, no_trunc).s);
	strvec_push(cells, human_since(row->created).s);
	strvec_push(cells, human_size(row->size).s);
}

/* An ID with several names shows once. */
static bool is_repeated(const struct image_list *list, size_t i)
{
	for (size_t before = 0; before < i; before++)
		if (digest_equal(&list->rows[before].id, &list->rows[i].id))
			return true;
	return false;
}

static int format_list(const struct image_list *list, const struct list_options *o,
		       struct strbuf *text, struct error *err)
{
	cleanup_format_rows struct format_rows rows = FORMAT_ROWS_INIT(o->format);
	cleanup_strvec struct strvec cells = STRVEC_INIT;
	static char *heading[] = { "REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE", NULL };
	bool is_table = streq(o->format, "table");
	int r = 0;

	strvec_pushv(&cells, heading);
	for (size_t i = 0; r == 0 && i < list->n; i++) {
		const struct image_row *row = &list->rows[i];

		if (o->quiet && !is_repeated(list, i))
			strbuf_addf(text, "%s\n", format_id(&row->id, o->no_trunc).s);
		else if (!o->quiet && is_table)
			add_cells(row, o->no_trunc, &cells);
		else if (!o->quiet)
			r = add_object(row, o->no_trunc, &rows, text, err);
	}
	if (r < 0 || o->quiet)
		return r;
	if (!is_table)
		return format_rows_finish(&rows, text, err);
	table_format(&cells, ARRAY_SIZE(heading) - 1, text);
	return 0;
}

static int run(struct invocation *invocation, struct error *err)
{
	cleanup_store struct store store = STORE_INIT;
	cleanup_image_list struct image_list list = { .n = 0 };
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r = image_open_store(invocation, &store, err);

	if (r == 0)
		r = image_list_load(&store, &list, err);
	if (r == 0)
		r = format_list(&list, invocation->options, &text, err);
	return r < 0 ? r : output_write(text.buf, err);
}

const struct command command_list = {
	.name = "list",
	.arguments = "",
	.summary = "List the images",
	.options = options,
	.options_size = sizeof(struct list_options),
	.defaults = &defaults,
	.run = run,
};
