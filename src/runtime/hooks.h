/* SPDX-License-Identifier: Apache-2.0 */
/* Lifecycle hooks (config.md, POSIX-platform Hooks). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "libocispec/runtime.h"

struct hook_list {
	/* "prestart" and so on, for messages. */
	const char *name;
	const struct oci_hook *hooks;
	size_t n;
	/* Environment of hooks that set none. */
	char *const *default_env;
};

/*
 * Runs the hooks in order, each with STATE (JSON) on standard input.  The
 * first that fails, or outlives its timeout and is killed, ends the list: the
 * message has its path, how it ended, and the end of what it wrote.
 */
int hooks_run(const struct hook_list *list, const char *state, struct error *err);

/* The same for poststop: a failure is a warning and the remaining hooks still run. */
void hooks_run_all(const struct hook_list *list, const char *state);
