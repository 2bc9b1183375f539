/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "libocispec/oci-error.h"
#include "libocispec/write.h"
#include "linux/cgroup.h"
#include "linux/document.h"

void container_fini(struct container *c)
{
	fd_close(&c->dir_fd);
	fd_close(&c->root_fd);
	oci_arena_release(&c->arena);
	free(c->id);
	*c = (struct container)CONTAINER_INIT;
}

int container_lock(struct container *c, bool wait, struct error *err)
{
	if (TEMP_FAILURE_RETRY(flock(c->dir_fd, LOCK_EX | (wait ? 0 : LOCK_NB))) == 0) {
		c->locked = true;
		return 0;
	}
	if (errno == EWOULDBLOCK)
		return error_set(err, EBUSY, "container %s is in use by another command", c->id);
	return error_sys(err, "flock", "the state directory of %s", c->id);
}

/* Whether init is there: its pid is taken, by the same process, and that one still runs. */
static int is_alive(const struct container *c, bool *out, struct error *err)
{
	struct proc_stat stat;
	int r;

	*out = c->record.pid > 0 && proc_has_mark((pid_t)c->record.pid, &c->record.pid_mark);
	if (c->record.pid <= 0 || *out)
		return 0;
	r = proc_read_stat((pid_t)c->record.pid, &stat, err);
	if (r == -ESRCH)
		return 0;
	if (r < 0)
		return r;
	*out = stat.start_time == c->record.pid_start_time && stat.state != 'Z' &&
	       stat.state != 'X';
	return 0;
}

static bool is_frozen(const struct container *c)
{
	cleanup_cgroup struct cgroup cg = CGROUP_INIT;
	struct error ignored = ERROR_INIT;
	bool frozen = false;

	if (!c->record.cgroup_path || cgroup_open(c->record.cgroup_path, &cg, &ignored) < 0)
		return false;
	return cgroup_is_frozen(&cg, &frozen, &ignored) == 0 && frozen;
}

/* Init waits for "start" as long as there is a start.sock. */
static bool has_start_socket(const struct container *c)
{
	char path[sizeof(((struct dirent *)NULL)->d_name) + sizeof("/start.sock")];

	if (c->dir_fd >= 0)
		return faccessat(c->dir_fd, "start.sock", F_OK, 0) == 0;
	(void)snprintf(path, sizeof(path), "%s/start.sock", c->id);
	return faccessat(c->root_fd, path, F_OK, 0) == 0;
}

/* A create at work holds the lock; one that died left it free. */
static bool is_being_created(const struct container *c)
{
	if (c->locked)
		return false;
	if (flock(c->dir_fd, LOCK_SH | LOCK_NB) < 0)
		return errno == EWOULDBLOCK;
	(void)flock(c->dir_fd, LOCK_UN);
	return false;
}

int container_status(const struct container *c, enum oci_status *out, struct error *err)
{
	/* First the socket: whose process then is alive, its directory cannot be a later one's. */
	bool waits = has_start_socket(c), alive;
	int r = is_alive(c, &alive, err);

	if (r < 0)
		return r;
	if (c->record.pid == 0)
		*out = is_being_created(c) ? OCI_STATUS_CREATING : OCI_STATUS_STOPPED;
	else if (!alive)
		*out = OCI_STATUS_STOPPED;
	else if (waits)
		*out = OCI_STATUS_CREATED;
	else
		*out = is_frozen(c) ? OCI_STATUS_PAUSED : OCI_STATUS_RUNNING;
	return 0;
}

int container_open_pidfd(const struct container *c, struct error *err)
{
	cleanup_close int fd = -EBADF;
	bool alive;
	int r;

	if (c->record.pid <= 0)
		return -ESRCH;
	/* First the fd, then the check: what it refers to cannot change any more. */
	fd = pidfd_open((pid_t)c->record.pid, 0);
	/* EINVAL: init is gone, but its number still names a session or process group. */
	if (fd < 0 && (errno == ESRCH || errno == EINVAL))
		return -ESRCH;
	if (fd < 0)
		return error_sys(err, "pidfd_open", "%lld", (long long)c->record.pid);
	r = is_alive(c, &alive, err);
	if (r < 0)
		return r;
	return alive ? take_fd(fd) : -ESRCH;
}

static struct oci_state make_state(const struct container *c, enum oci_status status, pid_t pid)
{
	return (struct oci_state){
		.oci_version = c->record.oci_version,
		.id = c->record.id,
		.status = status,
		.pid = pid,
		.bundle = c->record.bundle,
		.annotations = c->record.annotations,
	};
}

int container_state_json(const struct container *c, enum oci_status status, pid_t pid,
			 char **out, struct error *err)
{
	struct oci_error oci_err = OCI_ERROR_INIT;
	struct oci_state state = make_state(c, status, pid);
	size_t len;

	if (oci_write(&oci_state_object, &state, 0, out, &len, &oci_err) < 0)
		return error_from_oci(err, &oci_err);
	return 0;
}

int container_seccomp_state_json(const struct container *c, pid_t pid, char **out,
				 struct error *err)
{
	struct oci_error oci_err = OCI_ERROR_INIT;
	struct oci_state state = make_state(c, OCI_STATUS_CREATING, (pid_t)c->record.pid);
	char *fds[] = { (char *)"seccompFd", NULL };
	struct oci_container_process_state process = {
		.oci_version = c->record.oci_version,
		.fds = fds,
		.n_fds = 1,
		.pid = pid,
		.metadata = c->config->linux->seccomp->listener_metadata,
		.state = &state,
	};
	size_t len;

	if (oci_write(&oci_container_process_state_object, &process, 0, out, &len, &oci_err) < 0)
		return error_from_oci(err, &oci_err);
	return 0;
}
