/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "cli/output.h"
#include "cli/runtime.h"
#include "runtime/features.h"

static const struct option_spec options[] = {
	OPTION_END,
};

static int run(struct invocation *invocation, struct error *err)
{
	cleanup_free char *json = NULL;
	int r = features_json(&json, err);

	(void)invocation;
	return r < 0 ? r : output_write(json, err);
}

const struct command command_features = {
	.name = "features",
	.arguments = "",
	.summary = "Print what this runtime implements, as JSON",
	.description = "The document is the features structure of the OCI runtime specification.",
	.options = options,
	.run = run,
};
