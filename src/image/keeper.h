/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whoever runs a container: mounts it, calls the runtime, waits for the end of
 * the program and writes down how it ended.  In the foreground this is the
 * command itself, in the background a process of its own.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "image/container.h"
#include "image/runtime-call.h"

/* docker's exit codes where no program of the container gave one. */
enum { RUN_FAILED = 125, RUN_NOT_EXECUTABLE = 126, RUN_NOT_FOUND = 127 };

struct keeper_request {
	/* Standard input is the container's; without it that reads as empty. */
	bool interactive;
	/* Take the container away when it ends. */
	bool remove;
	/* Keep it when it never came to life: it was there before. */
	bool keep_failed;
};

/*
 * C has the lock.  *EXIT_STATUS is the program's, or one of the above when
 * there was none; then the runtime has said why.
 */
int keeper_run_in_foreground(struct container *c, const struct keeper_request *request,
			     int *exit_status, struct error *err);

/* Returns when the program has been started; what it writes goes to the file "log". */
int keeper_run_in_background(struct container *c, const struct keeper_request *request,
			     struct error *err);

/* Runs ARGV with STREAMS to its end; signals sent to us are passed on to it. */
int keeper_run_program(char *const *argv, const struct runtime_streams *streams,
		       int *exit_status, struct error *err);
