/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/mem.h"
#include "cli/image.h"
#include "cli/output.h"
#include "image/container-layers.h"

static const struct option_spec options[] = { OPTION_END };

static int add_line(void *ctx, char kind, const char *path, struct error *err)
{
	(void)err;
	strvec_pushf(ctx, "%c %s", kind, path);
	return 0;
}

/* By name, as docker has them. */
static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a + 2, *(char *const *)b + 2);
}

static int run(struct invocation *invocation, struct error *err)
{
	cleanup_store struct store store = STORE_INIT;
	cleanup_container struct container c = CONTAINER_INIT;
	cleanup_strvec struct strvec lines = STRVEC_INIT;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r = image_open_store(invocation, &store, err);

	if (r == 0)
		r = container_open(&store, invocation->args[0], &c, err);
	if (r == 0)
		r = container_changes(&c, add_line, &lines, err);
	if (r < 0)
		return r;
	qsort(lines.v, lines.n, sizeof(*lines.v), compare_lines);
	for (size_t i = 0; i < lines.n; i++)
		strbuf_addf(&text, "%s\n", lines.v[i]);
	return output_write(text.buf, err);
}

const struct command command_diff = {
	.name = "diff",
	.arguments = "CONTAINER",
	.summary = "Show what a container changed in its file system",
	.description = "A line for each name: A for added, C for changed, D for deleted. This is "
		       "what \"commit\" would put into a layer.",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
