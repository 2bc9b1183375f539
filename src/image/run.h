/* SPDX-License-Identifier: Apache-2.0 */
/* A new container from an image. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "image/container-root.h"
#include "image/container.h"
#include "image/image.h"
#include "image/keeper.h"
#include "image/store.h"

struct run_request {
	/* Its layers are unpacked. */
	const struct image *image;
	/* NULL: chosen. */
	const char *name;
	/* NULL: the image's Cmd. */
	char **command;
	/* In place of the image's: NULL where nothing was asked for. */
	char *const *env;
	const char *working_dir;
	const char *user;
	/* Without the image's Cmd; "" for none. */
	const char *entrypoint;
	struct container_setup setup;
	bool terminal;
	/* Standard input is the container's; without it that reads as empty. */
	bool interactive;
	bool detach;
	/* Take the container away when it ends. */
	bool remove;
	/* See struct container_record. */
	const char *runtime;
	char **runtime_flags;
};

/*
 * Makes a container and runs it to its end, or in the background.  Then the
 * container stays, unless it never came to life.  *EXIT_STATUS is the
 * program's, or one of the above; the runtime has said why.
 */
int run_image(struct store *store, const struct run_request *request, char **id,
	      int *exit_status, struct error *err);
