/* SPDX-License-Identifier: Apache-2.0 */
/* The arguments of a whole build: --build-arg, and the ARGs before the first FROM. */
#pragma once

#include "base/error.h"
#include "base/str.h"
#include "image/build-plan.h"

/* BUILD->build_args: those of the request, with our environment's values where none is given. */
int build_args_take(struct build_plan *build, struct error *err);

/* BUILD->global_args: the platform's, and the ARGs before the first FROM. */
int build_args_global(struct build_plan *build, struct error *err);

/* OUT is WORD with these replaced. */
int build_args_expand(struct build_plan *build, const char *word, struct strbuf *out,
		      struct error *err);

/* Tells of each --build-arg that no ARG of the file or of a trigger takes. */
void build_args_warn(const struct build_plan *build);
