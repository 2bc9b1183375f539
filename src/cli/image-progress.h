/* SPDX-License-Identifier: Apache-2.0 */
/* image/progress.h on standard error, for commands that have --progress. */
#pragma once

#include "cli/option.h"

#define PROGRESS_OPTION(type)                                                       \
	{ "progress", 0, OPTION_CHOICE, offsetof(type, progress), "auto|tty|plain|json|none", \
	  "show how far it is (default: auto, on a terminal alone)" }

/* HOW is the option's value, or NULL. */
void progress_show(const char *how);

/* Takes what is on the terminal away. */
void progress_hide(void);
