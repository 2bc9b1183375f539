/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/start.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/timing.h"
#include "runtime/create.h"
#include "runtime/delete.h"
#include "runtime/hooks.h"
#include "runtime/process.h"
#include "runtime/sync.h"

static int run_poststart(const struct container *c, struct error *err)
{
	const struct oci_hooks *hooks = c->config->hooks;
	struct hook_list list = { .name = "poststart", .default_env = environ };
	cleanup_free char *state = NULL;
	int r;

	if (!hooks || hooks->n_poststart == 0)
		return 0;
	list.hooks = hooks->poststart;
	list.n = hooks->n_poststart;
	r = container_state_json(c, OCI_STATUS_RUNNING, (pid_t)c->record.pid, &state, err);
	return r < 0 ? r : hooks_run(&list, state, err);
}

int start_await(const struct container *c, int sync_fd, int pidfd, struct error *err)
{
	struct process_await await = {
		.sync_fd = sync_fd,
		.pid = (pid_t)c->record.pid,
		.pidfd = pidfd,
		.container = c,
	};

	if (process_await_exec(&await, err) < 0)
		return error_step(err, "start", "await execve");
	timing_step("start", "await execve");
	if (run_poststart(c, err) < 0)
		return error_step(err, "start", "poststart hooks");
	timing_step("start", "poststart hooks");
	return 0;
}

static int connect_to_init(const struct container *c, struct error *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	cleanup_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return error_sys(err, "socket", "AF_UNIX");
	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/start.sock",
		       path_of_fd(c->dir_fd).s);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return error_sys(err, "connect", "start.sock of container %s", c->id);
	return take_fd(fd);
}

/* The words are runc's: engines look for them. */
static int check_created(const struct container *c, struct error *err)
{
	const char *what = "an already running container";
	enum oci_status status;
	int r = container_status(c, &status, err);

	if (r < 0 || status == OCI_STATUS_CREATED)
		return r;
	if (status == OCI_STATUS_STOPPED)
		what = "a container that has stopped";
	else if (status == OCI_STATUS_CREATING)
		what = "a container that is still being created";
	return error_set(err, EINVAL, "container \"%s\": cannot start %s", c->id, what);
}

/* runtime.md, Lifecycle 8 to 10: a hook that fails ends the container, and it is destroyed. */
static bool failed_in_hook(const struct error *err)
{
	return str_skip_prefix(err->pointer, "hooks.");
}

int container_start(const char *root, const char *id, struct error *err)
{
	cleanup_container struct container c = CONTAINER_INIT;
	cleanup_close int sync_fd = -EBADF, pidfd = -EBADF;
	int r;

	r = container_load(&c, root, id, err);
	if (r == 0)
		r = container_lock_loaded(&c, root, err);
	if (r == 0)
		r = check_created(&c, err);
	if (r == 0)
		r = container_load_config(&c, err);
	if (r < 0)
		return r;
	if (!c.config->process) {
		(void)error_set(err, EINVAL,
				"cannot start: config.json of container %s has no process", id);
		return error_pointer(err, "process");
	}
	pidfd = container_open_pidfd(&c, err);
	if (pidfd < 0)
		return pidfd == -ESRCH ? error_set(err, ESRCH, "container not running") : pidfd;
	sync_fd = connect_to_init(&c, err);
	if (sync_fd < 0)
		return sync_fd;
	/*
	 * From here on it is not "created" any more.  Were we to die before the
	 * next message, init would see the connection end, and end too.
	 */
	if (unlinkat(c.dir_fd, "start.sock", 0) < 0)
		return error_sys(err, "unlink", "start.sock");
	timing_step("start", "find the container");
	/* With --timing init notes its steps in our table. */
	if (timing_fd() >= 0)
		r = sync_send_fd(sync_fd, SYNC_START, (int)c.record.ignored_signals, timing_fd(),
				 err);
	else
		r = sync_send(sync_fd, SYNC_START, (int)c.record.ignored_signals, err);
	if (r == 0)
		r = start_await(&c, sync_fd, pidfd, err);
	if (r < 0 && failed_in_hook(err)) {
		struct error ignored = ERROR_INIT;

		(void)container_kill_and_destroy(&c, root, &ignored);
	}
	return r;
}
