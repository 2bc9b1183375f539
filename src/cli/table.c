/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table.h"

#include "base/mem.h"

enum { GAP = 3 };

/* Characters, not bytes: continuation bytes of UTF-8 take no room. */
static size_t width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* A newline in an image's history must not break the line. */
static void add_cell(struct strbuf *out, const char *s)
{
	for (; *s; s++)
		strbuf_addch(out, (unsigned char)*s < ' ' ? '?' : *s);
}

/* An empty last cell leaves the gap before it. */
static void end_line(struct strbuf *out)
{
	while (out->len > 0 && out->buf[out->len - 1] == ' ')
		out->len--;
	strbuf_addch(out, '\n');
}

void table_format(const struct strvec *cells, size_t n_columns, struct strbuf *out)
{
	cleanup_free size_t *widths = xcalloc(n_columns, sizeof(*widths));

	for (size_t i = 0; i < cells->n; i++) {
		size_t w = width(cells->v[i]);

		if (w > widths[i % n_columns])
			widths[i % n_columns] = w;
	}
	for (size_t i = 0; i < cells->n; i++) {
		bool is_last = i % n_columns == n_columns - 1;
		size_t pad = widths[i % n_columns] + GAP - width(cells->v[i]);

		add_cell(out, cells->v[i]);
		if (is_last)
			end_line(out);
		else
			strbuf_addf(out, "%*s", (int)pad, "");
	}
}
