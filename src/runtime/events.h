/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events: what a container uses, and that it ran out of memory, as runc's
 * "events" reports it.  Each event is one JSON object.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"

struct events_request {
	const char *root;
	const char *id;
	/* One event with the statistics of now, and no more. */
	bool once;
	/* Between two events with statistics, in milliseconds. */
	int interval_ms;
	/* Takes LINE, which ends in a newline; a failure ends the stream. */
	int (*emit)(const char *line, struct error *err);
};

/* Returns when the container has no process left. */
int container_events(const struct events_request *request, struct error *err);
