/* SPDX-License-Identifier: Apache-2.0 */
/* create and start in one process: init is told to go on over the sync pair itself. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/timing.h"
#include "linux/relay.h"
#include "runtime/create.h"
#include "runtime/delete.h"
#include "runtime/prepare.h"
#include "runtime/start.h"
#include "runtime/sync.h"

static int wait_for_end(struct creation *cr, struct relay *relay, int *exit_status,
			struct error *err)
{
	int status, r;

	r = relay_run(relay, cr->pidfd, err);
	if (r < 0)
		return r;
	if (TEMP_FAILURE_RETRY(waitpid(cr->pid, &status, 0)) < 0)
		return error_sys(err, "waitpid", "%d", (int)cr->pid);
	cr->pid = 0;
	*exit_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return 0;
}

int container_run(const struct create_request *request, int *exit_status, struct error *err)
{
	cleanup_creation struct creation creation;
	/* Declared later, undone first: the terminal is ours again before hooks run. */
	__attribute__((cleanup(relay_fini))) struct relay relay = RELAY_INIT;
	struct relay *foreground = request->detach ? NULL : &relay;
	int r;

	*exit_status = 0;
	r = creation_prepare(&creation, request, /* with_socket= */ false, foreground, err);
	/* After the clone, so that init keeps the signal mask as it was. */
	if (r == 0 && foreground && !creation.started)
		r = relay_init(foreground, err);
	if (r == 0 && creation.console_fd >= 0)
		r = relay_attach(&relay, creation.console_fd, err);
	if (r == 0)
		r = creation_start(&creation, err);
	if (r == 0)
		r = start_await(&creation.container, creation.sync_fd, creation.pidfd, err);
	if (r == 0 && request->detach)
		creation.done = true;
	if (r == 0 && !request->detach)
		r = wait_for_end(&creation, &relay, exit_status, err);
	timing_step("run", request->detach ? "detach" : "wait for the end");
	if (r == 0 && request->keep)
		creation.done = true;
	return r;
}
