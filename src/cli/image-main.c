/* SPDX-License-Identifier: Apache-2.0 */
/* dabba-image: images and the containers made from them. */
#include "base/str.h"
#include "cli/image.h"
#include "image/interrupt.h"
#include "image/layer-stream.h"

static const struct command *const commands[] = {
	&command_import, &command_export, &command_convert, &command_list, &command_inspect,
	&command_history, &command_tag, &command_rmi, &command_unpack, &command_run,
	&command_start, &command_stop, &command_exec, &command_logs, &command_wait,
	&command_ps, &command_rm, &command_diff, &command_commit, &command_mount,
	&command_umount, &command_volume, &command_gc, &command_verify, &command_df, &command_build,
	&command_cache, NULL,
};

/* clang-format off */
static const struct option_spec globals[] = {
	GLOBAL_OPTIONS("keep images and containers in DIR (default: /var/lib/dabba-image, "
		       "or $XDG_DATA_HOME/dabba-image for other users than root)"),
	OPTION_END,
};
/* clang-format on */

int image_open_store(const struct invocation *invocation, struct store *store,
		     struct error *err)
{
	const struct image_globals *g = invocation->globals;

	interrupt_catch();
	return store_open(store, g->globals.root, err);
}

int image_limit_ratio(const char *text, const char *hint, struct error *err)
{
	uint64_t ratio = LAYER_STREAM_RATIO;

	if (text && !str_to_u64(text, UINT32_MAX, &ratio))
		return error_set(err, EINVAL, "--max-ratio %s: not a number", text);
	layer_stream_limit_ratio(ratio, hint);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct program dabba_image = {
		.name = "dabba-image",
		.summary = "Imports images, runs containers of them, commits what they changed.",
		.commands = commands,
		.globals = globals,
		.globals_size = sizeof(struct image_globals),
		.version = "dabba-image version " PACKAGE_VERSION "\n"
			   "commit: " DABBA_COMMIT "\n"
			   "image-spec: 1.1.1\n",
	};

	return program_main(&dabba_image, argc, argv);
}
