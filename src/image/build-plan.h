/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to be built: the Containerfile and the context are read, the stages
 * that the target needs are found, and the images that they are FROM.
 */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "base/str.h"
#include "image/build-stage.h"
#include "image/build.h"
#include "image/containerfile.h"
#include "image/ignore.h"
#include "image/list.h"
#include "image/store.h"
#include "libocispec/arena.h"

struct build_plan {
	struct store *store;
	const struct build_request *request;
	/* Everything below lives in it. */
	struct oci_arena arena;
	struct containerfile file;
	int context_fd;
	struct ignore ignore;
	/* The build arguments with the values of those that came from our environment. */
	struct strvec build_args;
	/* The values of ARG before the first FROM. */
	struct list global_args;
	/* One for each stage of the file; the images are what they are FROM. */
	struct stage_plan *plans;
	struct image *images;
	size_t n_images;
	/* The index of the stage that becomes the image. */
	size_t target;
};

#define BUILD_PLAN_INIT { .context_fd = -EBADF, .build_args = STRVEC_INIT }

/* Reads everything and decides everything; the images' layers are unpacked. */
int build_plan_make(struct build_plan *plan, struct store *store,
		    const struct build_request *request, struct error *err);
void build_plan_release(struct build_plan *plan);
