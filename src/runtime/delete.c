/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/delete.h"

#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "libocispec/names.h"
#include "linux/cgroup.h"
#include "linux/intel-rdt.h"
#include "linux/namespace.h"
#include "linux/rootfs-place.h"
#include "runtime/hooks.h"
#include "runtime/store.h"

/* A killed process ends at once unless the kernel holds it in a slow system call. */
enum { KILL_TIMEOUT_MS = 10000 };

/*
 * A create that was killed early has not noted its cgroup.  Its init ends by
 * itself; whatever else is in that cgroup is not ours to kill.
 */
static int destroy_unnoted_cgroup(const struct container *c, struct error *err)
{
	const struct oci_linux *linux = c->config ? c->config->linux : NULL;
	struct cgroup_request request = {
		.id = c->id,
		.path = linux ? linux->cgroups_path : NULL,
	};
	cleanup_free char *path = NULL;
	int r;

	if (!c->config || cgroup_request_path(&request, &path, err) < 0)
		return 0;
	r = cgroup_remove(NULL, path, err);
	/* A host without cgroup2 has nothing to leave behind. */
	return r == -ENODEV ? 0 : r;
}

static int destroy_cgroup(const struct container *c, struct error *err)
{
	cleanup_cgroup struct cgroup cg = CGROUP_INIT;
	bool populated = false;
	int r;

	if (!c->record.created)
		return destroy_unnoted_cgroup(c, err);
	if (!c->record.cgroup_path ||
	    cgroup_remove_empty(c->record.cgroup_driver, c->record.cgroup_path))
		return 0;
	r = cgroup_open(c->record.cgroup_path, &cg, err);
	if (r == -ENOENT || r == -ENODEV)
		return 0;
	if (r == 0)
		r = cgroup_is_populated(&cg, &populated, err);
	if (r == 0 && populated)
		r = cgroup_kill(&cg, err);
	/* systemd may have taken an empty scope away since. */
	if (r == -ENODEV) {
		error_clear(err);
		return 0;
	}
	if (r < 0)
		return r;
	return cgroup_remove(c->record.cgroup_driver, c->record.cgroup_path, err);
}

/* The groups that create made: a monitoring group goes before the one it is in. */
static int destroy_rdt_groups(const struct container *c, struct error *err)
{
	const struct container_record *record = &c->record;
	cleanup_close int root_fd = -EBADF;
	int r = 0;

	if (!record->rdt_monitor && !record->rdt_group_is_ours)
		return 0;
	root_fd = intel_rdt_open_root(err);
	/* Unmounted since: all groups are gone. */
	if (root_fd < 0)
		return root_fd == -ENODEV ? 0 : root_fd;
	if (record->rdt_monitor)
		r = intel_rdt_remove(root_fd, record->rdt_monitor, err);
	if (r == 0 && record->rdt_group_is_ours)
		r = intel_rdt_remove(root_fd, record->rdt_group, err);
	return r;
}

/* Of a create that was killed before it had a config.json nobody knows. */
static int destroy_place(const struct container *c, struct error *err)
{
	if (c->config && namespace_has_own_mounts(c->config->linux))
		return 0;
	return rootfs_place_remove(c->dir_fd, err);
}

static void run_poststop(const struct container *c)
{
	struct hook_list list = { .name = "poststop", .default_env = environ };
	cleanup_free char *state = NULL;
	struct error err = ERROR_INIT;

	if (!c->config || !c->config->hooks || c->config->hooks->n_poststop == 0)
		return;
	list.hooks = c->config->hooks->poststop;
	list.n = c->config->hooks->n_poststop;
	if (container_state_json(c, OCI_STATUS_STOPPED, 0, &state, &err) < 0)
		log_warning("poststop hooks are left out: %s", err.msg);
	else
		hooks_run_all(&list, state);
}

int container_destroy(struct container *c, const char *root, struct error *err)
{
	struct error unread = ERROR_INIT;
	int r;

	/* What the hooks need is gone with the directory. */
	if (!c->config && container_load_config(c, &unread) < 0 && unread.code != -ENOENT)
		log_warning("poststop hooks are left out: %s", unread.msg);
	r = destroy_cgroup(c, err);
	if (r == 0)
		r = destroy_rdt_groups(c, err);
	/* Before anything looks into the state directory for what to remove. */
	if (r == 0)
		r = destroy_place(c, err);
	/* The directory goes last: while it is there, delete can be tried again. */
	if (r == 0)
		r = store_remove(c, root, err);
	if (r == 0)
		run_poststop(c);
	return r;
}

/* Init is seldom our child: that it is gone is seen through the pidfd. */
static int kill_and_wait(const struct container *c, struct error *err)
{
	cleanup_close int pidfd = container_open_pidfd(c, err);
	struct pollfd pfd = { .fd = pidfd, .events = POLLIN };
	int r;

	if (pidfd < 0)
		return pidfd == -ESRCH ? 0 : pidfd;
	if (pidfd_send_signal(pidfd, SIGKILL, NULL, 0) < 0)
		return errno == ESRCH ? 0 : error_sys(err, "pidfd_send_signal", "SIGKILL");
	r = (int)TEMP_FAILURE_RETRY(poll(&pfd, 1, KILL_TIMEOUT_MS));
	if (r < 0)
		return error_sys(err, "poll", "pidfd");
	if (r == 0)
		return error_set(err, ETIMEDOUT, "process %lld did not die within %d seconds",
				 (long long)c->record.pid, KILL_TIMEOUT_MS / 1000);
	return 0;
}

int container_kill_and_destroy(struct container *c, const char *root, struct error *err)
{
	int r = kill_and_wait(c, err);

	return r < 0 ? r : container_destroy(c, root, err);
}

static int check_stopped(const struct container *c, struct error *err)
{
	enum oci_status status;
	int r = container_status(c, &status, err);

	if (r < 0 || status == OCI_STATUS_STOPPED || status == OCI_STATUS_CREATED)
		return r;
	(void)error_set(err, EBUSY, "cannot delete container %s that is not stopped: %s", c->id,
			oci_name(&oci_status_names, status));
	return error_hint(err, "stop it first (dabba kill %s KILL), or use --force", c->id);
}

static int delete_loaded(struct container *c, const char *root, bool force, struct error *err)
{
	int r = force ? 0 : check_stopped(c, err);

	/* Before the lock: a create that hangs holds it until its init is dead. */
	if (r == 0 && force)
		r = kill_and_wait(c, err);
	if (r == 0)
		r = container_lock_loaded(c, root, err);
	/* While we waited for the lock another delete was faster. */
	if (r == -ENOENT && force) {
		error_clear(err);
		return 0;
	}
	if (r < 0)
		return r;
	/* Started between the look and the lock. */
	if (!force)
		r = check_stopped(c, err);
	return r < 0 ? r : container_kill_and_destroy(c, root, err);
}

int container_delete(const char *root, const char *id, bool force, struct error *err)
{
	cleanup_container struct container c = CONTAINER_INIT;
	int r = container_load(&c, root, id, err);

	if (r == -ENOENT && force) {
		error_clear(err);
		return 0;
	}
	return r < 0 ? r : delete_loaded(&c, root, force, err);
}
