/* SPDX-License-Identifier: Apache-2.0 */
/* What exec runs: a process document, or the container's own process with changes. */
#pragma once

#include "base/error.h"
#include "base/str.h"
#include "libocispec/runtime.h"
#include "runtime/container.h"
#include "runtime/exec.h"

struct exec_process {
	const struct exec_request *request;
	/* With its configuration; a process document goes into its arena. */
	struct container *container;
	struct oci_process process;
	/* What PROCESS points to when it is not from a file. */
	struct oci_user user;
	struct strvec env;
	uint32_t *additional_gids;
};

#define EXEC_PROCESS_INIT { .env = STRVEC_INIT }

/* Fills p->process from p->request and p->container. */
int exec_process_make(struct exec_process *p, struct error *err);
void exec_process_fini(struct exec_process *p);
