/* SPDX-License-Identifier: Apache-2.0 */
/* The container of a RUN at work. */
#pragma once

#include "base/error.h"
#include "image/build-stage.h"
#include "image/container.h"

/*
 * Runs C, which is mounted, to its end and tells each line of its output.
 * *STATUS is the command's.  When it is interrupted the container is gone.
 */
int build_container_run(struct build_stage *stage, struct container *c, int *status,
			struct error *err);
