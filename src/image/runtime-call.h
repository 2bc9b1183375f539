/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime, called by its public command line as any other engine would:
 * what is asked of it is what runc, crun and dabba have in common.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/str.h"
#include "image/container.h"

/* The "dabba" beside our own program, else "dabba" for $PATH: the caller's to free. */
char *runtime_default(void);

/* GIVEN in a form that holds in any directory; the default for NULL. The caller's to free. */
char *runtime_resolve(const char *given);

/* RUNTIME with the container's flags and VERB, to be continued with arguments. */
void runtime_command(const struct container *c, const char *verb, struct strvec *argv);

/* Where a called program's standard streams go: an fd, or -1 for our own. */
struct runtime_streams {
	int in, out, err;
};

/* Starts ARGV; the signals blocked here are not blocked there. */
int runtime_spawn(char *const *argv, const struct runtime_streams *streams, pid_t *pid,
		  struct error *err);

/* Waits for it: its exit status, 128 + n for signal n. */
int runtime_wait(pid_t pid, int *exit_status, struct error *err);

/* Runs "VERB ID" with extra arguments; what it says on stderr becomes the error. */
int runtime_call(const struct container *c, const char *verb, const char *const *arguments,
		 struct error *err);
/* "kill ID SIGNAL". */
int runtime_signal(const struct container *c, const char *signal, struct error *err);
/* The same with STREAMS, which the container inherits; err is one that can be read again. */
int runtime_call_with(const struct container *c, const char *verb, const char *const *arguments,
		      const struct runtime_streams *streams, struct error *err);
