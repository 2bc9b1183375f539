/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/template.h"

#include <ctype.h>

#include "base/mem.h"
#include "cli/json-view.h"
#include "cli/table.h"

#define TABLE "table "

void format_rows_release(struct format_rows *rows)
{
	strvec_release(&rows->cells);
}

/* --- values ------------------------------------------------------------------------ */

static void add_value(struct json_view value, struct strbuf *out);

struct listing {
	struct strbuf *out;
	const char *separator;
};

static void add_element(void *ctx, const struct json_view *name, struct json_view value)
{
	struct listing *listing = ctx;

	strbuf_adds(listing->out, listing->separator);
	listing->separator = " ";
	if (name) {
		json_add_text(*name, listing->out);
		strbuf_addch(listing->out, ':');
	}
	add_value(value, listing->out);
}

/* As Go prints it: "[a b]", "map[a:b]". */
static void add_value(struct json_view value, struct strbuf *out)
{
	struct listing listing = { out, "" };

	if (*value.s != '[' && *value.s != '{') {
		json_add_text(value, out);
		return;
	}
	strbuf_adds(out, *value.s == '{' ? "map[" : "[");
	json_each(value, add_element, &listing);
	strbuf_addch(out, ']');
}

/* --- fields ------------------------------------------------------------------------ */

static void list_name(void *ctx, const struct json_view *name, struct json_view value)
{
	struct strbuf *out = ctx;

	(void)value;
	strbuf_addf(out, "%s.", out->len ? ", " : "");
	if (name)
		json_add_text(*name, out);
}

static int no_field(struct json_view object, const char *path, struct error *err)
{
	cleanup_strbuf struct strbuf names = STRBUF_INIT;

	json_each(object, list_name, &names);
	(void)error_set(err, EINVAL, "--format: there is no field %s", path);
	return error_hint(err, "%s", names.buf);
}

/* PATH is "." or ".A.B"; *FOUND is false where a member of a member is missing. */
static int find_field(struct json_view object, const char *path, struct json_view *value,
		      bool *found, struct error *err)
{
	const char *name = path + 1;

	*value = object;
	*found = true;
	for (bool top = true; *name; top = false) {
		size_t len = strcspn(name, ".");
		struct json_view parent = *value;

		*found = json_member(parent, name, len, value);
		if (!*found && top)
			return no_field(object, path, err);
		if (!*found)
			return 0;
		name += len + (name[len] == '.');
	}
	return 0;
}

/* "CreatedSince" is "CREATED SINCE", "ID" stays. */
static void add_heading(const char *path, struct strbuf *out)
{
	const char *name = strrchr(path, '.') + 1;

	for (const char *p = name; *p; p++) {
		if (p > name && isupper((unsigned char)*p) && islower((unsigned char)p[-1]))
			strbuf_addch(out, ' ');
		strbuf_addch(out, (char)toupper((unsigned char)*p));
	}
}

/* --- templates --------------------------------------------------------------------- */

static int bad_action(const char *action, struct error *err)
{
	(void)error_set(err, EINVAL, "--format: {{%s}} is not known", action);
	return error_hint(err, "{{.Field}}, {{.Field.Member}}, {{json .Field}}, {{.}} and "
			  "{{\"text\"}} are");
}

static bool is_path(const char *s)
{
	return *s == '.' && strspn(s, ".abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789_") == strlen(s) && !strstr(s, "..");
}

/* ACTION is what stands between the braces. OBJECT NULL: its heading is wanted. */
static int add_action(const char *action, const struct json_view *object, struct strbuf *out,
		      struct error *err)
{
	const char *path = str_skip_prefix(action, "json ");
	bool json = path, found;
	struct json_view value;
	int r;

	if (*action == '"' && action[strlen(action) - 1] == '"' && action[1]) {
		json_add_text((struct json_view){ action, strlen(action) }, out);
		return 0;
	}
	path = json ? path + strspn(path, " ") : action;
	if (!is_path(path))
		return bad_action(action, err);
	if (!object) {
		add_heading(path, out);
		return 0;
	}
	r = find_field(*object, path, &value, &found, err);
	if (r < 0)
		return r;
	if (!found)
		strbuf_adds(out, json ? "null" : "<no value>");
	else if (json)
		strbuf_add(out, value.s, value.len);
	else
		add_value(value, out);
	return 0;
}

/* "{{ .ID }}" at P, which is moved behind it. */
static int add_braces(const char **p, const struct json_view *object, struct strbuf *out,
		      struct error *err)
{
	const char *start = *p + 2, *end = strstr(start, "}}");
	cleanup_free char *action = NULL;

	if (!end)
		return error_set(err, EINVAL, "--format: \"%s\" has no end", *p);
	*p = end + 2;
	while (start < end && *start == ' ')
		start++;
	while (end > start && end[-1] == ' ')
		end--;
	action = xstrndup(start, (size_t)(end - start));
	return add_action(action, object, out, err);
}

static int render(const char *template, const struct json_view *object, struct strbuf *out,
		  struct error *err)
{
	const char *p = template;
	int r = 0;

	while (r == 0 && *p) {
		if (p[0] == '{' && p[1] == '{') {
			r = add_braces(&p, object, out, err);
		} else if (p[0] == '\\' && (p[1] == 't' || p[1] == 'n')) {
			strbuf_addch(out, p[1] == 't' ? '\t' : '\n');
			p += 2;
		} else {
			strbuf_addch(out, *p++);
		}
	}
	return r;
}

/* --- rows -------------------------------------------------------------------------- */

/* Missing cells are empty, and what is too much goes into the last. */
static void add_cells(struct format_rows *rows, char *line)
{
	for (size_t i = 0; i < rows->n_columns; i++) {
		char *tab = i + 1 < rows->n_columns ? strchr(line, '\t') : NULL;

		if (tab)
			*tab = '\0';
		strvec_push(&rows->cells, line);
		line = tab ? tab + 1 : line + strlen(line);
	}
}

static int add_table_row(struct format_rows *rows, const struct json_view *object,
			 struct error *err)
{
	cleanup_strbuf struct strbuf line = STRBUF_INIT;
	int r = render(rows->format + strlen(TABLE), object, &line, err);

	if (r < 0)
		return r;
	/* The heading, which is first, says how many there are. */
	if (!object) {
		rows->n_columns = 1;
		for (const char *p = line.buf; *p; p++)
			rows->n_columns += *p == '\t';
	}
	add_cells(rows, line.buf);
	return 0;
}

static int begin_table(struct format_rows *rows, struct error *err)
{
	return rows->n_columns ? 0 : add_table_row(rows, NULL, err);
}

/* A word alone would be printed for each row: nobody means that. */
static int check_format(const struct format_rows *rows, struct error *err)
{
	if (streq(rows->format, "json") || strstr(rows->format, "{{"))
		return 0;
	(void)error_set(err, EINVAL, "--format: \"%s\" is neither json nor a template",
			rows->format);
	return error_hint(err, "a template is like {{.Field}}");
}

int format_rows_add(struct format_rows *rows, const char *json, struct strbuf *out,
		    struct error *err)
{
	struct json_view object = json_view(json);
	int r = check_format(rows, err);

	if (r < 0)
		return r;
	if (streq(rows->format, "json")) {
		strbuf_add(out, object.s, object.len);
		strbuf_addch(out, '\n');
		return 0;
	}
	if (str_skip_prefix(rows->format, TABLE)) {
		r = begin_table(rows, err);
		return r < 0 ? r : add_table_row(rows, &object, err);
	}
	r = render(rows->format, &object, out, err);
	strbuf_addch(out, '\n');
	return r;
}

int format_rows_finish(struct format_rows *rows, struct strbuf *out, struct error *err)
{
	int r = check_format(rows, err);

	if (r < 0 || !str_skip_prefix(rows->format, TABLE))
		return r;
	r = begin_table(rows, err);
	if (r == 0)
		table_format(&rows->cells, rows->n_columns, out);
	return r;
}
