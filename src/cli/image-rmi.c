/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "cli/image.h"
#include "cli/output.h"
#include "image/collect.h"
#include "image/manage.h"

struct rmi_options {
	bool force;
};

static const struct option_spec options[] = {
	{ "force", 'f', OPTION_FLAG, offsetof(struct rmi_options, force), NULL,
	  "even if a container uses the image, or the ID has several names" },
	OPTION_END,
};

/* Those before a failure are gone: they are collected and reported all the same. */
static int remove_all(struct store *store, const struct invocation *invocation,
		      struct strbuf *report, struct error *err)
{
	const struct rmi_options *o = invocation->options;

	for (size_t i = 0; i < invocation->n_args; i++) {
		int r = image_remove(store, invocation->args[i], o->force, report, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int run(struct invocation *invocation, struct error *err)
{
	cleanup_store struct store store = STORE_INIT;
	cleanup_strbuf struct strbuf report = STRBUF_INIT;
	struct error collect_err = ERROR_INIT;
	bool busy = false;
	int r = image_open_store(invocation, &store, err);

	if (r < 0)
		return r;
	r = remove_all(&store, invocation, &report, err);
	if (report.len && store_collect(&store, NULL, &busy, &collect_err) < 0)
		log_warning("%s", collect_err.msg);
	if (busy)
		log_info("the store is in use: a later rmi will remove what nobody needs");
	if (report.len && output_write(report.buf, &collect_err) < 0 && r == 0) {
		*err = collect_err;
		r = err->code;
	}
	return r;
}

const struct command command_rmi = {
	.name = "rmi",
	.arguments = "IMAGE...",
	.summary = "Remove images",
	.description =
		"Takes a name away, and with the last name the image. An ID takes the image.",
	.options = options,
	.options_size = sizeof(struct rmi_options),
	.min_args = 1,
	.max_args = COMMAND_MANY,
	.run = run,
};
