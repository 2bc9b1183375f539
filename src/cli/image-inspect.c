/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "cli/image.h"
#include "cli/output.h"
#include "cli/template.h"
#include "image/inspect.h"

struct inspect_options {
	const char *format;
};

static const struct option_spec options[] = {
	{ "format", 'f', OPTION_STRING, offsetof(struct inspect_options, format), "json|TEMPLATE",
	  "one line for each image: JSON, or as in {{.Id}} {{json .Config.Cmd}}" },
	OPTION_END,
};

static int format_each(struct store *store, const struct strvec *names, const char *format,
		       struct strbuf *text, struct error *err)
{
	cleanup_format_rows struct format_rows rows = FORMAT_ROWS_INIT(format);
	cleanup_strvec struct strvec objects = STRVEC_INIT;
	int r = image_inspect(store, names, &objects, err);

	for (size_t i = 0; r == 0 && i < objects.n; i++)
		r = format_rows_add(&rows, objects.v[i], text, err);
	return r < 0 ? r : format_rows_finish(&rows, text, err);
}

static int run(struct invocation *invocation, struct error *err)
{
	const struct inspect_options *o = invocation->options;
	cleanup_store struct store store = STORE_INIT;
	cleanup_strvec struct strvec names = STRVEC_INIT;
	cleanup_strbuf struct strbuf lines = STRBUF_INIT;
	cleanup_free char *text = NULL;
	int r = image_open_store(invocation, &store, err);

	strvec_pushv(&names, invocation->args);
	if (r == 0)
		r = o->format ? format_each(&store, &names, o->format, &lines, err)
			      : image_inspect_list(&store, &names, &text, err);
	return r < 0 ? r : output_write(text ? text : lines.buf, err);
}

const struct command command_inspect = {
	.name = "inspect",
	.arguments = "IMAGE...",
	.summary = "Show everything about images as JSON",
	.options = options,
	.options_size = sizeof(struct inspect_options),
	.min_args = 1,
	.max_args = COMMAND_MANY,
	.run = run,
};
