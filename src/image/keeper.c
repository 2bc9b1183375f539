/* SPDX-License-Identifier: Apache-2.0 */
#include "image/keeper.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "image/console.h"
#include "image/container-root.h"
#include "image/document.h"
#include "image/interrupt.h"
#include "image/timestamp.h"

/* --- the keeper's work ------------------------------------------------------------- */

static int begin(struct container *c, struct error *err)
{
	int r = container_mount(c, err);

	if (r == 0 && unlinkat(c->dir_fd, "pid", 0) < 0 && errno != ENOENT)
		r = error_sys(err, "unlink", "%s/pid", c->path);
	if (r < 0)
		return r;
	c->record.status = CONTAINER_RUNNING;
	c->record.started = document_strdup(&c->arena, timestamp_now().s);
	return container_save(c, err);
}

/* After the program's end, however that came about. */
static int end(struct container *c, int exit_status, bool remove, struct error *err)
{
	int r = container_unmount(c, err);

	c->record.status = CONTAINER_EXITED;
	c->record.exit_code = exit_status;
	c->record.finished = document_strdup(&c->arena, timestamp_now().s);
	if (r == 0)
		r = remove ? container_remove(c, err) : container_save(c, err);
	return r;
}

/* The runtime writes the pid file when there is a process to speak of. */
static bool came_to_life(const struct container *c)
{
	return faccessat(c->dir_fd, "pid", F_OK, 0) == 0;
}

/* --- foreground -------------------------------------------------------------------- */

/*
 * The terminal's signals reach the runtime by themselves; those sent to us are
 * passed on, so that whoever stops us stops the container.
 */
static int wait_and_forward(pid_t pid, const sigset_t *signals, int *exit_status,
			    struct error *err)
{
	for (;;) {
		siginfo_t info;

		if (sigwaitinfo(signals, &info) < 0)
			continue;
		if (info.si_signo != SIGCHLD) {
			if (info.si_code != SI_KERNEL)
				(void)kill(pid, info.si_signo);
			continue;
		}
		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		    info.si_pid == pid)
			return runtime_wait(pid, exit_status, err);
	}
}

static void block_signals(sigset_t *signals)
{
	static const int ours[] = { SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };

	sigemptyset(signals);
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		sigaddset(signals, ours[i]);
	(void)sigprocmask(SIG_BLOCK, signals, NULL);
}

int keeper_run_program(char *const *argv, const struct runtime_streams *streams,
		       int *exit_status, struct error *err)
{
	sigset_t signals;
	pid_t pid;
	int r;

	block_signals(&signals);
	r = runtime_spawn(argv, streams, &pid, err);
	return r < 0 ? r : wait_and_forward(pid, &signals, exit_status, err);
}

static int run_runtime(struct container *c, const struct keeper_request *request,
		       int *exit_status, struct error *err)
{
	cleanup_close int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	cleanup_free char *pid_file = container_path(c, "pid");
	bool own_input = request->interactive || c->record.terminal;
	struct runtime_streams streams = { own_input ? -1 : null_fd, -1, -1 };
	cleanup_strvec struct strvec argv = STRVEC_INIT;

	runtime_command(c, "run", &argv);
	strvec_push(&argv, "--bundle");
	strvec_push(&argv, c->path);
	strvec_push(&argv, "--pid-file");
	strvec_push(&argv, pid_file);
	strvec_push(&argv, c->record.id);
	return keeper_run_program(argv.v, &streams, exit_status, err);
}

int keeper_run_in_foreground(struct container *c, const struct keeper_request *request,
			     int *exit_status, struct error *err)
{
	bool alive;
	int r = begin(c, err);

	if (r == 0)
		r = run_runtime(c, request, exit_status, err);
	alive = r == 0 && came_to_life(c);
	/* The runtime has said on stderr why. */
	if (r == 0 && !alive && *exit_status != RUN_NOT_EXECUTABLE &&
	    *exit_status != RUN_NOT_FOUND)
		*exit_status = RUN_FAILED;
	if (r < 0) {
		struct error ignored = ERROR_INIT;

		(void)end(c, RUN_FAILED, !request->keep_failed, &ignored);
		return r;
	}
	return end(c, *exit_status, request->remove || (!alive && !request->keep_failed), err);
}

/* --- background -------------------------------------------------------------------- */

/* What the keeper of a container in the background has open. */
struct background {
	struct console console;
	int log_fd;
	/* Standard input: /dev/null, or a pipe that nobody writes to but that never ends. */
	int in_fd;
	int in_held_fd;
};

static int open_streams(struct container *c, const struct keeper_request *request,
			struct background *background, struct error *err)
{
	int fds[2];

	background->log_fd = openat(c->dir_fd, "log",
				    O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	if (background->log_fd < 0)
		return error_sys(err, "open", "%s/log", c->path);
	if (c->record.terminal)
		return console_listen(&background->console, c->dir_fd, err);
	if (!request->interactive) {
		background->in_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		return background->in_fd < 0 ? error_sys(err, "open", "/dev/null") : 0;
	}
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_sys(err, "pipe2", "standard input");
	background->in_fd = fds[0];
	background->in_held_fd = fds[1];
	return 0;
}

static int create_in_background(struct container *c, struct background *background,
				struct error *err)
{
	cleanup_free char *pid_file = container_path(c, "pid");
	const char *options[] = { "--bundle", c->path, "--pid-file", pid_file,
				  "--console-socket", background->console.path, NULL };
	struct runtime_streams streams = { background->in_fd, background->log_fd,
					   background->log_fd };
	int r;

	if (!c->record.terminal) {
		options[4] = NULL;
		return runtime_call_with(c, "create", options, &streams, err);
	}
	/* The streams are the terminal's. */
	r = runtime_call(c, "create", options, err);
	return r < 0 ? r : console_receive(&background->console, c->dir_fd, err);
}

static int start_in_background(struct container *c, const struct keeper_request *request,
			       struct background *background, struct error *err)
{
	int r = begin(c, err);

	if (r == 0)
		r = open_streams(c, request, background, err);
	if (r == 0)
		r = create_in_background(c, background, err);
	return r < 0 ? r : runtime_call(c, "start", NULL, err);
}

static int read_pid(const struct container *c, pid_t *pid, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	uint64_t value;
	int r = file_read_at(c->dir_fd, "pid", 32, &text, err);

	if (r < 0)
		return r;
	text.buf[strcspn(text.buf, "\n")] = '\0';
	if (!str_to_u64(text.buf, INT32_MAX, &value) || value == 0)
		return error_set(err, EPROTO, "%s/pid: \"%s\" is no pid", c->path, text.buf);
	*pid = (pid_t)value;
	return 0;
}

/*
 * The keeper: init becomes our child when "create" ends, since we are a
 * subreaper, so that its exit status comes to us.
 */
static void keep(struct container *c, const struct keeper_request *request, int ready_fd)
{
	static const char *const forced[] = { "--force", NULL };
	struct background background = { .console = CONSOLE_INIT, .log_fd = -EBADF,
					 .in_fd = -1, .in_held_fd = -EBADF };
	struct error err = ERROR_INIT, ignored = ERROR_INIT;
	int exit_status = RUN_FAILED, r;
	pid_t pid = 0;

	(void)setsid();
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	r = start_in_background(c, request, &background, &err);
	if (r == 0)
		r = read_pid(c, &pid, &err);
	if (write(ready_fd, &err, sizeof(err)) != sizeof(err))
		log_debug("nobody waits for container %s to start", c->record.name);
	(void)close(ready_fd);
	if (r == 0 && c->record.terminal)
		console_copy(&background.console, background.log_fd, pid);
	if (r == 0)
		r = runtime_wait(pid, &exit_status, &err);
	(void)runtime_call(c, "delete", forced, &ignored);
	(void)end(c, exit_status, request->remove || (r < 0 && !request->keep_failed), &ignored);
	_exit(0);
}

/* Our streams go back to whoever waits for their end. */
static void let_go_of_streams(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; fd >= 0 && i <= STDERR_FILENO; i++)
		(void)dup2(fd, i);
	fd_close(&fd);
}

int keeper_run_in_background(struct container *c, const struct keeper_request *request,
			     struct error *err)
{
	int pipe_fds[2];
	struct error started = ERROR_INIT;
	ssize_t n;
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return error_sys(err, "pipe2", "to the keeper");
	pid = fork();
	if (pid < 0)
		return error_sys(err, "fork", "the keeper of %s", c->record.name);
	if (pid == 0) {
		(void)close(pipe_fds[0]);
		let_go_of_streams();
		interrupt_release();
		keep(c, request, pipe_fds[1]);
	}
	(void)close(pipe_fds[1]);
	n = TEMP_FAILURE_RETRY(read(pipe_fds[0], &started, sizeof(started)));
	(void)close(pipe_fds[0]);
	if (n != sizeof(started))
		return error_set(err, EPIPE, "the keeper of container %s was killed",
				 c->record.name);
	if (started.code == 0)
		return 0;
	/* It tidies up, and then the container can be started again. */
	(void)TEMP_FAILURE_RETRY(waitpid(pid, NULL, 0));
	*err = started;
	return started.code;
}
