/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Set-up is a table of steps in the order they run.  A step that fails is
 * named in the error, which goes to the runtime over the sync socket.
 */
#include "runtime/init.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/fd.h"
#include "base/timing.h"
#include "linux/hostname.h"
#include "linux/keyring.h"
#include "linux/mask.h"
#include "linux/netdev.h"
#include "linux/sysctl.h"
#include "runtime/container.h"
#include "runtime/sync.h"

struct init {
	struct init_plan *plan;
	const struct oci_config *config;
	/* The pty's slave until it is on /dev/console. */
	int console_fd;
	/* The connection of "start", or the sync socket with run. */
	int start_fd;
	/* What came with SYNC_START. */
	uint32_t ignored_signals;
	char program[4096];
};

void init_plan_fini(struct init_plan *plan)
{
	namespace_plan_fini(&plan->namespaces);
	rootfs_fini(&plan->rootfs);
	plan->mounts = mount_plan_free(plan->mounts);
	plan->devices = device_plan_free(plan->devices);
	process_plan_fini(&plan->process);
	fd_close(&plan->sync_fd);
	fd_close(&plan->listen_fd);
}

static bool is_new(const struct init *init, uint64_t flag)
{
	return init->plan->namespaces.new_flags & flag;
}

static bool in_other_userns(const struct init *init)
{
	const struct namespace_plan *ns = &init->plan->namespaces;

	return (ns->new_flags | ns->join_flags) & CLONE_NEWUSER;
}

static int step_await_runtime(struct init *init, struct error *err)
{
	return init->plan->wait_for_runtime ? sync_expect(init->plan->sync_fd, SYNC_PROCEED, err)
					    : 0;
}

static int step_join_namespaces(struct init *init, struct error *err)
{
	const struct namespace_plan *ns = &init->plan->namespaces;

	return namespace_plan_needs_stage(ns) ? 0 : namespace_join_all(ns, err);
}

static int step_cgroup_namespace(struct init *init, struct error *err)
{
	if (is_new(init, CLONE_NEWCGROUP) && unshare(CLONE_NEWCGROUP) < 0)
		return error_sys(err, "unshare", "CLONE_NEWCGROUP");
	return 0;
}

/* EINVAL: the mapping has no id 0, and the overflow id must do. */
static int step_become_root(struct init *init, struct error *err)
{
	if (!in_other_userns(init))
		return 0;
	if (setresgid(0, 0, 0) < 0 && errno != EINVAL)
		return error_sys(err, "setresgid", "to 0 in the user namespace");
	if (setresuid(0, 0, 0) < 0 && errno != EINVAL)
		return error_sys(err, "setresuid", "to 0 in the user namespace");
	return 0;
}

static int step_hide(struct init *init, struct error *err)
{
	(void)init;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_sys(err, "prctl", "PR_SET_DUMPABLE");
	return 0;
}

static int step_session(struct init *init, struct error *err)
{
	const struct oci_process *process = init->config->process;

	if (setsid() < 0)
		return error_sys(err, "setsid", "for the container's init");
	if (!init->plan->new_keyring)
		return 0;
	return keyring_join(init->plan->id, process ? process->selinux_label : NULL,
			    in_other_userns(init), err);
}

static int step_network(struct init *init, struct error *err)
{
	return is_new(init, CLONE_NEWNET) ? netdev_loopback_up(err) : 0;
}

static int step_hostname(struct init *init, struct error *err)
{
	return hostname_apply(init->config->hostname, init->config->domainname, err);
}

static int step_rootfs(struct init *init, struct error *err)
{
	/* Modes below are meant as they are written. */
	(void)umask(0);
	return rootfs_prepare(&init->plan->rootfs, err);
}

static int step_mounts(struct init *init, struct error *err)
{
	return mount_plan_attach(init->plan->mounts, &init->plan->rootfs.fd, err);
}

static int step_devices(struct init *init, struct error *err)
{
	return device_plan_make(init->plan->devices, init->plan->rootfs.fd, err);
}

static int step_terminal(struct init *init, struct error *err)
{
	int root_fd = init->plan->rootfs.fd;
	int r;

	if (!init->config->process || !init->config->process->terminal)
		return 0;
	r = process_open_terminal(&init->plan->process, root_fd, init->plan->sync_fd,
				  &init->console_fd, err);
	if (r == 0 && mount_plan_owns_dev(init->plan->mounts))
		r = device_make_console(root_fd, init->console_fd, err);
	fd_close(&init->console_fd);
	return r;
}

static int step_sysctl(struct init *init, struct error *err)
{
	return init->config->linux ? sysctl_apply(&init->config->linux->sysctl, err) : 0;
}

static int step_finish_mounts(struct init *init, struct error *err)
{
	return mount_plan_finish(init->plan->mounts, err);
}

static int step_runtime_hooks(struct init *init, struct error *err)
{
	const struct oci_hooks *hooks = init->config->hooks;
	int r;

	if (!hooks || hooks->n_prestart + hooks->n_create_runtime == 0)
		return 0;
	r = sync_send(init->plan->sync_fd, SYNC_HOOKS, 0, err);
	return r < 0 ? r : sync_expect(init->plan->sync_fd, SYNC_PROCEED, err);
}

/* The state as a hook inside the container sees it: the pid is that of its pid namespace. */
static int hook_state(const struct init *init, enum oci_status status, char **out,
		      struct error *err)
{
	struct container c = CONTAINER_INIT;

	c.record.oci_version = init->config->oci_version;
	c.record.id = init->plan->id;
	c.record.bundle = init->plan->bundle;
	c.record.annotations = init->config->annotations;
	return container_state_json(&c, status, getpid(), out, err);
}

static int step_container_hooks(struct init *init, struct error *err)
{
	const struct oci_hooks *hooks = init->config->hooks;
	struct hook_list list = { .name = "createContainer", .default_env = environ };
	cleanup_free char *state = NULL;
	int r;

	if (!hooks || hooks->n_create_container == 0)
		return 0;
	list.hooks = hooks->create_container;
	list.n = hooks->n_create_container;
	r = hook_state(init, OCI_STATUS_CREATING, &state, err);
	return r < 0 ? r : hooks_run(&list, state, err);
}

static int step_masks(struct init *init, struct error *err)
{
	return mask_apply(init->config->linux, init->plan->mount_label, init->plan->rootfs.fd, err);
}

static int step_pivot(struct init *init, struct error *err)
{
	return rootfs_pivot(&init->plan->rootfs, err);
}

static int step_process(struct init *init, struct error *err)
{
	struct process_plan *process = &init->plan->process;
	int r;

	if (!init->config->process)
		return 0;
	/* The CPUs of the cgroup, not those of whoever called the runtime. */
	schedule_reset_affinity();
	r = process_apply_early(process, err);
	if (r == 0)
		r = process_fix_stdio(process, err);
	if (r == 0)
		r = process_set_home(process, init->plan->rootfs.fd, err);
	if (r == 0)
		r = process_enter_cwd(process, true, err);
	if (r == 0)
		r = process_find_program(process, init->program, err);
	return r;
}

static int step_finish_rootfs(struct init *init, struct error *err)
{
	return rootfs_finish(&init->plan->rootfs, err);
}

static int step_ready(struct init *init, struct error *err)
{
	return sync_send(init->plan->sync_fd, SYNC_READY, 0, err);
}

/* "start" may bring the table in which it wants our times. */
static int expect_start(struct init *init, struct error *err)
{
	cleanup_close int table_fd = -EBADF;
	struct sync_message msg = { 0 };
	int r = sync_receive(init->start_fd, &msg, &table_fd, err);

	if (r < 0)
		return r;
	if (r == 0 || msg.type != SYNC_START)
		return error_set(err, EPIPE, "start went away");
	init->ignored_signals = (uint32_t)msg.value;
	if (table_fd >= 0)
		timing_adopt(table_fd);
	return 0;
}

/*
 * Blocks until "start" has connected and said so.  A connection that ends
 * without a word was a start that died after taking the name start.sock away:
 * no other can come.
 */
static int accept_start(struct init *init, struct error *err)
{
	init->start_fd = TEMP_FAILURE_RETRY(accept4(init->plan->listen_fd, NULL, NULL,
						    SOCK_CLOEXEC));
	if (init->start_fd < 0)
		return error_sys(err, "accept4", "start.sock");
	return expect_start(init, err);
}

static int step_await_start(struct init *init, struct error *err)
{
	struct sync_message msg = { 0 };
	int r = sync_receive(init->plan->sync_fd, &msg, NULL, err);

	if (r < 0)
		return r;
	if (r == 1 && msg.type == SYNC_START) {
		init->start_fd = init->plan->sync_fd;
		init->ignored_signals = (uint32_t)msg.value;
		return 0;
	}
	/* The runtime died, or undoes the container: there is nobody to tell. */
	if (r == 0 || msg.type != SYNC_WAIT)
		_exit(1);
	fd_close(&init->plan->sync_fd);
	return accept_start(init, err);
}

static int step_execute(struct init *init, struct error *err)
{
	const struct oci_hooks *hooks = init->config->hooks;
	cleanup_free char *state = NULL;
	struct process_start start = {
		.sync_fd = init->start_fd,
		.program = init->program,
		.ignored_signals = init->ignored_signals,
		.hooks.name = "startContainer",
		.hooks.default_env = init->plan->process.env.v,
	};
	int r = 0;

	if (!init->config->process)
		return error_set(err, EINVAL,
				 "config.json has no process: there is nothing to start");
	if (hooks && hooks->n_start_container > 0) {
		start.hooks.hooks = hooks->start_container;
		start.hooks.n = hooks->n_start_container;
		r = hook_state(init, OCI_STATUS_CREATED, &state, err);
		start.state = state;
	}
	return r < 0 ? r : process_execute(&init->plan->process, &start, err);
}

struct init_step {
	const char *name;
	int (*run)(struct init *init, struct error *err);
};

/* clang-format off */
static const struct init_step init_steps[] = {
	/* Without its id maps a process can do nothing in a user namespace. */
	{ "id mappings",		step_await_runtime },
	/* While still privileged on the host: they may belong to anybody. */
	{ "join namespaces",		step_join_namespaces },
	/* Its root is the cgroup we were born in, and its owner our user namespace. */
	{ "cgroup namespace",		step_cgroup_namespace },
	/* Files made from here on belong to the container's root. */
	{ "become root",		step_become_root },
	/* Before a container process could look at us; after the runtime wrote our maps. */
	{ "hide",			step_hide },
	{ "session",			step_session },
	{ "loopback",			step_network },
	{ "hostname",			step_hostname },
	{ "rootfs",			step_rootfs },
	/* In the listed order: a later mount may stand on an earlier one. */
	{ "mounts",			step_mounts },
	/* After the mounts, which bring /dev. */
	{ "devices",			step_devices },
	/* From the container's own devpts; /dev/console is a mount in /dev. */
	{ "terminal",			step_terminal },
	{ "sysctl",			step_sysctl },
	/* /dev has all it needs and may become read-only. */
	{ "read-only mounts",		step_finish_mounts },
	/* config.md: after the namespaces exist, before pivot_root. */
	{ "runtime hooks",		step_runtime_hooks },
	/* The same, in the container's namespaces; the paths are still the host's. */
	{ "createContainer hooks",	step_container_hooks },
	/* After the hooks, which may mount; before pivot, for the host's /dev/null. */
	{ "masks",			step_masks },
	{ "pivot",			step_pivot },
	/* Needs the container's files, and a root that is still writable for cwd. */
	{ "process",			step_process },
	{ "read-only root",		step_finish_rootfs },
	{ "ready",			step_ready },
	{ "await start",		step_await_start },
	{ "execute",			step_execute },
};
/* clang-format on */

void init_run(void *arg)
{
	struct init init = {
		.plan = arg,
		.config = ((struct init_plan *)arg)->config,
		.console_fd = -EBADF,
		.start_fd = -EBADF,
	};
	struct error err = ERROR_INIT;

	timing_child();
	fd_close(&init.plan->lock_fd);
	for (size_t i = 0; i < ARRAY_SIZE(init_steps); i++) {
		if (init_steps[i].run(&init, &err) < 0) {
			(void)error_step(&err, "init", init_steps[i].name);
			break;
		}
		timing_step("init", init_steps[i].name);
	}
	sync_send_error(init.start_fd >= 0 ? init.start_fd : init.plan->sync_fd, &err);
	_exit(1);
}
