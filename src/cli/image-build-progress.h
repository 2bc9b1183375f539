/* SPDX-License-Identifier: Apache-2.0 */
/* How a build is shown: on stderr, as it goes. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "image/build.h"

struct build_progress;

/*
 * MODE is "plain" (lines), "tty" (a live view of every stage at work), "json"
 * (an object on each line), "quiet", or "auto": tty on a terminal, else plain.
 */
struct build_progress *build_progress_new(const char *mode);
/* Whether it has something to show as time goes by. */
bool build_progress_ticks(const struct build_progress *progress);

/* A build_event_fn. */
void build_progress_event(void *progress, const struct build_event *event);

/* Takes the live view away, leaves what is to stay. */
void build_progress_free(struct build_progress *progress);
