/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds an image from a Containerfile and a context.
 *
 * Each stage that the target needs is built by a process of its own, those
 * that do not need each other at the same time.  A step that changes files is
 * one layer; what it made is remembered under a key of what it was made from
 * (image/build-cache.h), so that only what follows the first change is built.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "image/digest.h"
#include "image/store.h"

enum build_event_type {
	BUILD_STEP = 1,
	/* The step's layer was there already. */
	BUILD_CACHED,
	/* A line of the step's output. */
	BUILD_OUTPUT,
	BUILD_DONE,
	BUILD_WARNING,
	/* Of the step's layer so much is written: "12MB". */
	BUILD_LAYER,
	/* Nothing but time has passed; of no stage. */
	BUILD_TICK,
};

enum { BUILD_TEXT_MAX = 4000 };

struct build_event {
	enum build_event_type type;
	/* Counted from 1; of all stages of the file, and of the steps of this one. */
	unsigned int stage, step, n_steps;
	/* "" when the stage has none. */
	char stage_name[64];
	/* The instruction, the line, what was made; cut where it is too long. */
	char text[BUILD_TEXT_MAX];
};

typedef void (*build_event_fn)(void *ctx, const struct build_event *event);

struct build_request {
	/* A directory. */
	const char *context;
	/* NULL: Containerfile or Dockerfile in the context. */
	const char *file;
	/* All of these NULL-terminated. The new image's names. */
	char *const *names;
	/* "NAME=value", or "NAME" for our own environment's value. */
	char *const *build_args;
	/* "NAME=value" */
	char *const *labels;
	/* "id=ID,src=PATH" */
	char *const *secrets;
	/* A stage's name or number; NULL for the last. */
	const char *target;
	/* Seconds since the epoch for everything that has a time; or NULL. */
	const int64_t *timestamp;
	bool no_cache;
	bool no_network;
	/* Leave the container of a failed RUN. */
	bool keep_failed;
	const char *runtime;
	char **runtime_flags;
	/* Tells of the time too. */
	bool ticks;
	/* Called in the calling process. */
	build_event_fn event;
	void *event_ctx;
};

/* *ID is the new image's. On failure the steps that were done stay in the cache. */
int build_image(struct store *store, const struct build_request *request, struct digest *id,
		struct error *err);
