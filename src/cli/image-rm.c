/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/image.h"
#include "image/life.h"

struct rm_options {
	bool force;
};

static const struct option_spec options[] = {
	{ "force", 'f', OPTION_FLAG, offsetof(struct rm_options, force), NULL,
	  "kill a container that runs; one that does not exist is no error" },
	OPTION_END,
};

static int remove_one(struct store *store, const char *name, bool force, struct error *err)
{
	cleanup_container struct container c = CONTAINER_INIT;
	int r = container_open(store, name, &c, err);

	if (r == -ENOENT && force)
		return 0;
	return r < 0 ? r : remove_container(&c, force, err);
}

/* Goes on after a failure, and tells the first. */
static int run(struct invocation *invocation, struct error *err)
{
	const struct rm_options *o = invocation->options;
	cleanup_store struct store store = STORE_INIT;
	int first = image_open_store(invocation, &store, err);

	for (size_t i = 0; store.fd >= 0 && i < invocation->n_args; i++) {
		struct error here = ERROR_INIT;
		int r = remove_one(&store, invocation->args[i], o->force, &here);

		if (r < 0 && first == 0) {
			first = r;
			*err = here;
		}
	}
	return first;
}

const struct command command_rm = {
	.name = "rm",
	.arguments = "CONTAINER...",
	.summary = "Remove containers",
	.options = options,
	.options_size = sizeof(struct rm_options),
	.min_args = 1,
	.max_args = COMMAND_MANY,
	.run = run,
};
