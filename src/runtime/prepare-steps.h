/* SPDX-License-Identifier: Apache-2.0 */
/* The two halves of runtime/prepare.h, each a table of steps in the order they run. */
#pragma once

#include <stddef.h>

#include "base/error.h"

struct creation;

struct creation_step {
	const char *name;
	int (*run)(struct creation *cr, struct error *err);
};

/* Runs them until one fails, and notes which; with --timing how long each took. */
int creation_run_steps(const char *phase, const struct creation_step *steps, size_t n,
		       struct creation *cr, struct error *err);

/* The first half: reads and checks all there is to read. Fills cr->init. */
int creation_plan(struct creation *cr, struct error *err);
