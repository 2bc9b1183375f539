/* SPDX-License-Identifier: Apache-2.0 */
#include "image/life.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "image/bundle-user.h"
#include "image/container-root.h"
#include "image/document.h"
#include "image/interrupt.h"
#include "image/keeper.h"
#include "image/runtime-call.h"
#include "image/timestamp.h"

/* How long a killed container's keeper may take to tidy up. */
enum { TIDY_SECONDS = 10 };

static const char *const forced[] = { "--force", NULL };

/* --- start ------------------------------------------------------------------------- */

static int running(const struct container *c, struct error *err)
{
	return error_set(err, EBUSY, "container %s is running", c->record.name);
}

int start_container(struct container *c, bool attach, bool interactive, int *exit_status,
		    struct error *err)
{
	const struct keeper_request keeper = { .interactive = interactive, .keep_failed = true };
	struct error ignored = ERROR_INIT;

	*exit_status = 0;
	if (container_lock(c, 0, err) < 0)
		return running(c, err);
	/* Its keeper was killed, and it may have outlived that. */
	if (c->record.status == CONTAINER_RUNNING)
		(void)runtime_call(c, "delete", forced, &ignored);
	store_leave(c->store);
	return attach ? keeper_run_in_foreground(c, &keeper, exit_status, err)
		      : keeper_run_in_background(c, &keeper, err);
}

/* --- stop and wait ----------------------------------------------------------------- */

static const char *stop_signal(const struct container *c)
{
	const struct oci_image_run_config *config = c->record.config->config;

	return config && config->stop_signal && *config->stop_signal ? config->stop_signal
								      : "TERM";
}

/* Nobody is there who would write down its end. */
static int end_orphan(struct container *c, struct error *err)
{
	struct error ignored = ERROR_INIT;
	int r = container_lock(c, 0, err);

	if (r < 0)
		return r;
	(void)runtime_call(c, "delete", forced, &ignored);
	r = container_unmount(c, err);
	c->record.status = CONTAINER_EXITED;
	c->record.exit_code = 137;
	c->record.finished = document_strdup(&c->arena, timestamp_now().s);
	return r < 0 ? r : container_save(c, err);
}

int stop_container(struct container *c, unsigned int seconds, struct error *err)
{
	struct error ignored = ERROR_INIT;

	if (c->record.status != CONTAINER_RUNNING)
		return 0;
	if (!container_is_busy(c))
		return end_orphan(c, err);
	/* It may end in this moment by itself. */
	if (seconds > 0 && runtime_signal(c, stop_signal(c), err) < 0 && container_is_busy(c))
		return err->code;
	if (container_lock(c, seconds, &ignored) == 0)
		return 0;
	(void)runtime_signal(c, "KILL", &ignored);
	return container_lock(c, TIDY_SECONDS, err);
}

int wait_for_container(struct container *c, int *exit_status, struct error *err)
{
	cleanup_container struct container after = CONTAINER_INIT;
	int r;

	while (flock(c->dir_fd, LOCK_SH) < 0) {
		if (errno != EINTR)
			return error_sys(err, "flock", "%s", c->path);
		r = interrupt_check(err);
		if (r < 0)
			return r;
	}
	(void)flock(c->dir_fd, LOCK_UN);
	r = container_open(c->store, c->record.id, &after, err);
	if (r == -ENOENT)
		return error_set(err, ENOENT, "container %s was removed when it ended (--rm)",
				 c->record.name);
	if (r == 0)
		*exit_status = after.record.status == CONTAINER_EXITED
				       ? (int)after.record.exit_code
				       : 0;
	return r;
}

/* --- exec -------------------------------------------------------------------------- */

/* "UID:GID" of a name, by the files of the container. */
static int add_user(const struct container *c, const char *text, struct strvec *argv,
		    struct error *err)
{
	cleanup_close int rootfs_fd = openat(c->dir_fd, "rootfs",
					     O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct oci_arena arena = OCI_ARENA_INIT;
	struct oci_user user;
	const char *home;
	int r = rootfs_fd < 0 ? error_sys(err, "open", "%s/rootfs", c->path)
			      : bundle_find_user(rootfs_fd, text, &arena, &user, &home, err);

	if (r == 0) {
		strvec_push(argv, "--user");
		strvec_pushf(argv, "%u:%u", user.uid, user.gid);
		for (size_t i = 0; i < user.n_additional_gids; i++)
			strvec_pushf(argv, "--additional-gids=%u", user.additional_gids[i]);
	}
	oci_arena_release(&arena);
	return r;
}

static int exec_command(const struct container *c, const struct exec_request *request,
			int log_fd, struct strvec *argv, struct error *err)
{
	int r = 0;

	strvec_push(argv, c->record.runtime);
	strvec_pushv(argv, c->record.runtime_flags);
	/* Its own failures are told there too, apart from what the program says. */
	strvec_push(argv, "--log");
	strvec_pushf(argv, "/proc/%d/fd/%d", (int)getpid(), log_fd);
	strvec_push(argv, "exec");
	if (request->terminal)
		strvec_push(argv, "--tty");
	if (request->detach)
		strvec_push(argv, "--detach");
	if (request->working_dir) {
		strvec_push(argv, "--cwd");
		strvec_push(argv, request->working_dir);
	}
	for (char *const *env = request->env; env && *env; env++) {
		strvec_push(argv, "--env");
		strvec_push(argv, *env);
	}
	if (request->user)
		r = add_user(c, request->user, argv, err);
	strvec_push(argv, c->record.id);
	strvec_pushv(argv, request->command);
	return r;
}

/* Runtimes exit with 255, or 1, when they fail themselves; docker tells more. */
static int docker_status(int log_fd, int status)
{
	char said[4096];
	ssize_t n = pread(log_fd, said, sizeof(said) - 1, 0);

	if (n <= 0 || (status != 255 && status != 1))
		return status;
	said[n] = '\0';
	if (strstr(said, "ermission denied") || strstr(said, "is a directory"))
		return RUN_NOT_EXECUTABLE;
	return strstr(said, "not found") || strstr(said, "o such file") ? RUN_NOT_FOUND
									: RUN_FAILED;
}

int exec_in_container(struct container *c, const struct exec_request *request,
		      int *exit_status, struct error *err)
{
	cleanup_close int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	cleanup_close int log_fd = memfd_create("runtime-log", MFD_CLOEXEC);
	struct runtime_streams streams = {
		.in = request->interactive || request->terminal ? -1 : null_fd,
		.out = request->detach ? null_fd : -1,
		.err = request->detach ? null_fd : -1,
	};
	cleanup_strvec struct strvec argv = STRVEC_INIT;
	int r;

	if (c->record.status != CONTAINER_RUNNING || !container_is_busy(c)) {
		(void)error_set(err, ESRCH, "container %s is not running", c->record.name);
		return error_hint(err, "\"start %s\" runs it again", c->record.name);
	}
	if (null_fd < 0 || log_fd < 0)
		return error_sys(err, "open", "/dev/null");
	r = exec_command(c, request, log_fd, &argv, err);
	if (r < 0)
		return r;
	store_leave(c->store);
	r = keeper_run_program(argv.v, &streams, exit_status, err);
	*exit_status = docker_status(log_fd, *exit_status);
	return r;
}

/* --- rm ---------------------------------------------------------------------------- */

int remove_container(struct container *c, bool force, struct error *err)
{
	struct error ignored = ERROR_INIT;
	int r;

	/* Also when its keeper was killed: the container may have outlived it. */
	if (!force && (c->record.status == CONTAINER_RUNNING || container_is_busy(c))) {
		(void)error_set(err, EBUSY, "container %s is running", c->record.name);
		return error_hint(err, "rm -f kills it first");
	}
	if (c->record.status == CONTAINER_RUNNING)
		(void)runtime_call(c, "delete", forced, &ignored);
	r = container_lock(c, force ? TIDY_SECONDS : 0, err);
	return r < 0 ? r : container_remove(c, err);
}
