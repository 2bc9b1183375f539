/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands of dabba-image share. */
#pragma once

#include "cli/command.h"
#include "image/store.h"

struct image_globals {
	struct globals globals;
};

/*
 * Opens the store that --root or the default names; from here on signals are
 * errors, so that everybody takes his temporary files away.
 */
int image_open_store(const struct invocation *invocation, struct store *store,
		     struct error *err);

#define RATIO_OPTION(type)                                                                  \
	{ "max-ratio", 0, OPTION_STRING, offsetof(type, max_ratio), "N",                    \
	  "refuse what inflates, beyond a GiB, to more than N times its size; 0: never "    \
	  "(default: 200)" }

/* TEXT is that option's value, or NULL; HINT see layer_stream_limit_ratio(). */
int image_limit_ratio(const char *text, const char *hint, struct error *err);

extern const struct command command_build;
extern const struct command command_cache;
extern const struct command command_commit;
extern const struct command command_convert;
extern const struct command command_df;
extern const struct command command_diff;
extern const struct command command_exec;
extern const struct command command_export;
extern const struct command command_gc;
extern const struct command command_history;
extern const struct command command_import;
extern const struct command command_inspect;
extern const struct command command_list;
extern const struct command command_logs;
extern const struct command command_mount;
extern const struct command command_ps;
extern const struct command command_rm;
extern const struct command command_rmi;
extern const struct command command_run;
extern const struct command command_start;
extern const struct command command_stop;
extern const struct command command_tag;
extern const struct command command_umount;
extern const struct command command_unpack;
extern const struct command command_verify;
extern const struct command command_volume;
extern const struct command command_wait;
