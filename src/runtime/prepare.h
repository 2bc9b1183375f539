/* SPDX-License-Identifier: Apache-2.0 */
/* From a bundle to an init that waits to be started: what create and run share. */
#pragma once

#include "base/error.h"
#include "linux/cgroup.h"
#include "linux/intel-rdt.h"
#include "runtime/container.h"
#include "runtime/create.h"
#include "runtime/init.h"

/* A container under construction; everything in it is undone by creation_fini(). */
struct creation {
	const struct create_request *request;
	struct container container;
	struct init_plan init;
	/* There is going to be a "start": init waits for it at start.sock. */
	bool with_socket;
	struct cgroup cgroup;
	/* With linux.intelRdt: the resctrl file system and the container's groups in it. */
	int rdt_root_fd;
	struct intel_rdt rdt;
	int bundle_fd;
	/* The text of config.json, until it is frozen. */
	struct strbuf config_text;
	/* Our end of the sync pair. */
	int sync_fd;
	/* The pty's master, once init has sent it. */
	int console_fd;
	/* --console-socket, connected. */
	int console_socket_fd;
	pid_t pid;
	int pidfd;
	/* The state directory exists. */
	bool stored;
	/* NULL, or what passes signals on from before init is told to go on. */
	struct relay *relay;
	/* SYNC_START is sent. */
	bool started;
	/* The container stands; creation_fini() leaves it alone. */
	bool done;
};

/*
 * Reads and checks everything, makes state directory, cgroup and init, and
 * returns when init waits for SYNC_WAIT or SYNC_START.  WITH_SOCKET: init gets
 * start.sock to be started by another process.  Without it init may have been told to
 * go on already; then RELAY, if there is one, has been initialized.
 */
int creation_prepare(struct creation *creation, const struct create_request *request,
		     bool with_socket, struct relay *relay, struct error *err);

/* Tells init to go on, unless it knows. */
int creation_start(struct creation *creation, struct error *err);

/* Closes what is open; unless DONE, kills init and removes every trace. */
void creation_fini(struct creation *creation);
#define cleanup_creation __attribute__((cleanup(creation_fini)))
