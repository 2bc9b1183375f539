/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "cli/image.h"
#include "cli/output.h"
#include "image/volume.h"

static const struct option_spec options[] = { OPTION_END };

static int list(struct store *store, struct error *err)
{
	cleanup_strvec struct strvec names = STRVEC_INIT;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r = volume_list(store, &names, err);

	for (size_t i = 0; r == 0 && i < names.n; i++)
		strbuf_addf(&text, "%s\n", names.v[i]);
	return r < 0 ? r : output_write(text.buf, err);
}

static int run(struct invocation *invocation, struct error *err)
{
	cleanup_store struct store store = STORE_INIT;
	const char *verb = invocation->args[0];
	bool lists = streq(verb, "list");
	int r;

	if (!lists && !streq(verb, "rm"))
		return error_set(err, EINVAL, "volume \"%s\": either list or rm", verb);
	if (lists != (invocation->n_args == 1))
		return error_set(err, EINVAL, "volume %s: %s", verb,
				 lists ? "takes no names" : "which one?");
	r = image_open_store(invocation, &store, err);
	if (r == 0 && lists)
		return list(&store, err);
	for (size_t i = 1; r == 0 && i < invocation->n_args; i++)
		r = volume_remove(&store, invocation->args[i], err);
	return r;
}

const struct command command_volume = {
	.name = "volume",
	.arguments = "list|rm [VOLUME...]",
	.summary = "Show or remove volumes with a name",
	.description = "\"run -v NAME:DIR\" makes them. They stay when their containers go.",
	.options = options,
	.min_args = 1,
	.max_args = 1000,
	.run = run,
};
