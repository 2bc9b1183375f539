/* SPDX-License-Identifier: Apache-2.0 */
/* Containers come and go: run, rm. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "image/container.h"
#include "image/image.h"
#include "image/store.h"

/* docker's exit codes where no program of the container gave one. */
enum { RUN_FAILED = 125, RUN_NOT_EXECUTABLE = 126, RUN_NOT_FOUND = 127 };

struct run_request {
	/* Its layers are unpacked. */
	const struct image *image;
	/* NULL: chosen. */
	const char *name;
	/* NULL: the image's Cmd. */
	char **command;
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

/* Removes the container; one that runs only with FORCE, which kills it. */
int remove_container(struct container *c, bool force, struct error *err);
