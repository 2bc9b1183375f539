/* SPDX-License-Identifier: Apache-2.0 */
/* Containers that are there already: started again, stopped, waited for, removed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "image/container.h"

/*
 * Runs it again with the same config.json.  ATTACH: in the foreground, with our
 * standard input if INTERACTIVE; *EXIT_STATUS is the program's then.  -EBUSY
 * when it runs.
 */
int start_container(struct container *c, bool attach, bool interactive, int *exit_status,
		    struct error *err);

/*
 * Sends the image's StopSignal (or SIGTERM), and SIGKILL when SECONDS have
 * passed.  One that does not run is fine.
 */
int stop_container(struct container *c, unsigned int seconds, struct error *err);

/* Waits for its end: *EXIT_STATUS is the program's. */
int wait_for_container(struct container *c, int *exit_status, struct error *err);

struct exec_request {
	char *const *command;
	/* "NAME=value" */
	char *const *env;
	const char *working_dir;
	/* As in an image's config; or NULL for the container's own. */
	const char *user;
	bool interactive;
	bool terminal;
	bool detach;
};

/* One more program in a container that runs; exit codes as docker's. */
int exec_in_container(struct container *c, const struct exec_request *request,
		      int *exit_status, struct error *err);

/* Removes the container; one that runs only with FORCE, which kills it. */
int remove_container(struct container *c, bool force, struct error *err);
