/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order: everything that can fail without a trace comes first, then the
 * state directory, the cgroup, and last the process.
 */
#include "runtime/prepare.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/timing.h"
#include "linux/idmap.h"
#include "linux/netdev.h"
#include "linux/relay.h"
#include "linux/rootfs-place.h"
#include "runtime/delete.h"
#include "runtime/prepare-cgroup.h"
#include "runtime/prepare-steps.h"
#include "runtime/spawn.h"
#include "runtime/store.h"
#include "runtime/sync.h"

static int make_state(struct creation *cr, struct error *err)
{
	struct container *c = &cr->container;
	int r = store_create(c, cr->request->root, cr->request->id, err);

	/* An id that is taken is not ours to remove. */
	cr->stored = r == 0 || (r != -EEXIST && c->dir_fd >= 0);
	if (r < 0)
		return r;
	cr->init.lock_fd = c->dir_fd;
	/* Nobody reads it before there is a state.json. */
	return file_create_at(c->dir_fd, "config.json", cr->config_text.buf, cr->config_text.len,
			      0600, err);
}

static int make_rdt_group(struct creation *cr, struct error *err)
{
	const struct oci_linux *linux = cr->container.config->linux;
	struct container_record *record = &cr->container.record;
	int r;

	if (!linux || !linux->intel_rdt)
		return 0;
	cr->rdt_root_fd = intel_rdt_open_root(err);
	if (cr->rdt_root_fd < 0)
		return cr->rdt_root_fd;
	r = intel_rdt_make(cr->rdt_root_fd, linux->intel_rdt, cr->request->id, &cr->rdt, err);
	if (r < 0)
		return r;
	record->rdt_group = cr->rdt.group;
	record->rdt_monitor = cr->rdt.monitor;
	record->rdt_group_is_ours = cr->rdt.made_group;
	return intel_rdt_configure(cr->rdt_root_fd, linux->intel_rdt, &cr->rdt, err);
}

/* sun_path is short and state roots are long: the name goes through the directory's fd. */
static int make_start_socket(struct creation *cr, struct error *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	if (!cr->with_socket)
		return 0;
	fd = cr->init.listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_sys(err, "socket", "for start.sock");
	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/start.sock",
		       path_of_fd(cr->container.dir_fd).s);
	/* The mode of the file to be: nobody else may start a container. */
	if (fchmod(fd, 0600) < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return error_sys(err, "bind", "start.sock");
	if (listen(fd, 1) < 0)
		return error_sys(err, "listen", "start.sock");
	return 0;
}

static int spawn(struct creation *cr, struct error *err)
{
	struct spawn_request request = {
		.namespaces = &cr->init.namespaces,
		.cgroup_fd = creation_enters_cgroup_late(cr) ? -EBADF : cr->cgroup.fd,
		.child = init_run,
		.arg = &cr->init,
	};
	cleanup_fd_pile struct fd_pile pile = { .n = 0 };
	struct spawned spawned;
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_sys(err, "socketpair", "for the container's init");
	cr->sync_fd = request.parent_sync_fd = pair[0];
	cr->init.sync_fd = request.child_sync_fd = pair[1];
	if (rootfs_namespace(&cr->init.rootfs))
		request.made = CLONE_NEWNS;
	r = rootfs_stand(&cr->init.rootfs, err);
	if (r < 0)
		return r;
	r = spawn_init(&request, &spawned, err);
	if (r == -EACCES && cgroup_can_adopt(cr->container.record.cgroup_driver)) {
		error_clear(err);
		request.cgroup_fd = -EBADF;
		cr->init.wait_for_runtime = true;
		r = spawn_init(&request, &spawned, err);
	}
	if (r == 0) {
		cr->pid = spawned.pid;
		cr->pidfd = spawned.pidfd;
		r = rootfs_leave(&cr->init.rootfs, err);
	}
	if (r == 0)
		r = creation_settle_cgroup(cr, request.cgroup_fd >= 0, err);
	/* Init has its own copy: with ours gone, its death ends the connection. */
	fd_pile_add(&pile, &cr->init.sync_fd);
	fd_pile_add(&pile, &cr->init.listen_fd);
	fd_pile_add(&pile, &cr->init.rootfs.saved_cwd_fd);
	return r;
}

static int move_netdevices(const struct creation *cr, struct error *err)
{
	const struct oci_linux *linux = cr->container.config->linux;
	cleanup_close int netns_fd = -EBADF;
	char path[48];

	if (!linux || linux->n_net_devices == 0)
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)cr->pid);
	netns_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (netns_fd < 0)
		return error_file(err, "open", path);
	for (size_t i = 0; i < linux->n_net_devices; i++) {
		int r = netdev_move(&linux->net_devices[i], netns_fd, err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* What init cannot do for itself. */
static int set_up_from_outside(struct creation *cr, struct error *err)
{
	const struct oci_linux *linux = cr->container.config->linux;
	int r = 0;

	if (cr->init.namespaces.new_flags & CLONE_NEWUSER) {
		struct idmap map = {
			.uids = linux->uid_mappings,
			.n_uids = linux->n_uid_mappings,
			.gids = linux->gid_mappings,
			.n_gids = linux->n_gid_mappings,
		};

		r = idmap_write(cr->pid, &map, err);
	}
	if (r == 0)
		r = creation_delegate_cgroup(cr, err);
	if (r == 0)
		r = move_netdevices(cr, err);
	if (r == 0 && cr->rdt.group)
		r = intel_rdt_enter(cr->rdt_root_fd, cr->rdt.group, cr->rdt.monitor, cr->pid, err);
	if (r == 0 && cr->init.wait_for_runtime)
		r = sync_send(cr->sync_fd, SYNC_PROCEED, 0, err);
	return r;
}

static int save_state(struct creation *cr, struct error *err)
{
	struct container_record *record = &cr->container.record;
	struct proc_stat stat;
	int r;

	record->pid = cr->pid;
	r = proc_read_stat(cr->pid, &stat, err);
	if (r == -ESRCH)
		return error_set(err, ESRCH, "the container's init ended at once");
	if (r < 0)
		return r;
	record->pid_start_time = stat.start_time;
	record->pid_mark = proc_mark(cr->pid);
	record->ignored_signals = stat.ignored_signals;
	return store_save(&cr->container, err);
}

static int run_runtime_hooks(struct creation *cr, struct error *err)
{
	const struct oci_hooks *hooks = cr->container.config->hooks;
	const struct hook_list lists[] = {
		{ "prestart", hooks->prestart, hooks->n_prestart, environ },
		{ "createRuntime", hooks->create_runtime, hooks->n_create_runtime, environ },
	};
	cleanup_free char *state = NULL;
	int r = container_state_json(&cr->container, OCI_STATUS_CREATING, cr->pid, &state, err);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(lists); i++)
		r = hooks_run(&lists[i], state, err);
	return r < 0 ? r : sync_send(cr->sync_fd, SYNC_PROCEED, 0, err);
}

/* Init died without a word: by a signal, most often the OOM killer's. */
static int explain_death(struct creation *cr, struct error *err)
{
	int status = 0;

	(void)TEMP_FAILURE_RETRY(waitpid(cr->pid, &status, 0));
	cr->pid = 0;
	if (!WIFSIGNALED(status))
		return error_set(err, ECHILD, "the container's init ended during set-up");
	(void)error_set(err, ECHILD, "the container's init was killed by signal %d during set-up",
			WTERMSIG(status));
	if (WTERMSIG(status) == SIGKILL)
		(void)error_hint(err, "is linux.resources.memory.limit too small?");
	return err->code;
}

static int serve_init(struct creation *cr, struct error *err)
{
	for (;;) {
		struct sync_message msg;
		int passed_fd;
		int r = sync_receive(cr->sync_fd, &msg, &passed_fd, err);

		if (r < 0)
			return r;
		if (r == 0)
			return explain_death(cr, err);
		if (msg.type == SYNC_READY)
			return 0;
		if (msg.type == SYNC_CONSOLE && passed_fd >= 0) {
			fd_close(&cr->console_fd);
			cr->console_fd = passed_fd;
			r = sync_send(cr->sync_fd, SYNC_PROCEED, 0, err);
			if (r < 0)
				return r;
			continue;
		}
		fd_close(&passed_fd);
		if (msg.type != SYNC_HOOKS)
			return error_set(err, EPROTO, "sync message %d from init", (int)msg.type);
		r = run_runtime_hooks(cr, err);
		if (r < 0)
			return r;
	}
}

static int hand_over_console(struct creation *cr, struct error *err)
{
	struct terminal terminal = TERMINAL_INIT;
	int r;

	if (cr->console_socket_fd < 0 || cr->console_fd < 0)
		return 0;
	terminal.master_fd = cr->console_fd;
	(void)snprintf(terminal.name, sizeof(terminal.name), "/dev/ptmx");
	r = terminal_send(cr->console_socket_fd, &terminal, err);
	fd_close(&cr->console_fd);
	fd_close(&cr->console_socket_fd);
	return r;
}

static int connect_console(struct creation *cr, struct error *err)
{
	if (!cr->request->console_socket)
		return 0;
	cr->console_socket_fd = terminal_connect(cr->request->console_socket, err);
	return cr->console_socket_fd < 0 ? cr->console_socket_fd : 0;
}

static int open_sources(struct creation *cr, struct error *err)
{
	struct rootfs *rootfs = &cr->init.rootfs;
	int r = 0;

	device_plan_open(cr->init.devices, cr->container.config->linux);
	if (rootfs->needs_place)
		r = rootfs_place_make(rootfs, cr->container.dir_fd,
				      namespace_joined_fd(&cr->init.namespaces, CLONE_NEWNS), err);
	return r < 0 ? r : mount_plan_open(cr->init.mounts, cr->cgroup.fd, err);
}

/* Between SYNC_READY and SYNC_START the runtime has nothing to do. */
static bool can_go_ahead(const struct creation *cr)
{
	const struct oci_config *config = cr->container.config;
	const struct oci_process *process = config->process;
	const struct oci_hooks *hooks = config->hooks;

	return !cr->with_socket && process && !process->terminal && !process->oom_score_adj &&
	       !cr->init.process.other_userns && !cr->request->pid_file &&
	       (!hooks || hooks->n_prestart + hooks->n_create_runtime == 0);
}

/*
 * With run SYNC_START can lie ready before init comes to wait for it, which on a busy
 * machine is quicker by the time until we are scheduled again.
 */
static int go_ahead(struct creation *cr, struct error *err)
{
	int r = 0;

	if (!can_go_ahead(cr))
		return 0;
	if (cr->relay)
		r = relay_init(cr->relay, err);
	return r < 0 ? r : creation_start(cr, err);
}

int creation_start(struct creation *cr, struct error *err)
{
	int r = 0;

	if (!cr->started)
		r = sync_send(cr->sync_fd, SYNC_START, (int)cr->container.record.ignored_signals,
			      err);
	cr->started = r == 0;
	return r;
}

static int prepare_start(struct creation *cr, struct error *err)
{
	return cr->container.config->process
		       ? process_prepare_start(&cr->init.process, cr->pid, err)
		       : 0;
}

static int write_pid_file(struct creation *cr, struct error *err)
{
	return process_write_pid_file(cr->request->pid_file, cr->pid, err);
}

/* --- in which order -------------------------------------------------------------------- */

/* clang-format off */
static const struct creation_step build_steps[] = {
	{ "console socket",	connect_console },
	{ "state directory",	make_state },
	{ "cgroup",		creation_make_cgroup },
	{ "resctrl group",	make_rdt_group },
	/* After the cgroup, which may be one of the sources. */
	{ "mount sources",	open_sources },
	{ "start socket",	make_start_socket },
	{ "clone",		spawn },
	{ "from outside",	set_up_from_outside },
	/* With init's pid in it, before anything takes long: who kills us leaves a name. */
	{ "state",		save_state },
	{ "go ahead",		go_ahead },
	{ "await init",		serve_init },
	{ "limits",		prepare_start },
	{ "console",		hand_over_console },
	/* Last: whoever sees it may rely on all of the above. */
	{ "pid file",		write_pid_file },
};
/* clang-format on */

int creation_run_steps(const char *phase, const struct creation_step *steps, size_t n,
		       struct creation *cr, struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		if (steps[i].run(cr, err) < 0)
			return error_step(err, phase, steps[i].name);
		timing_step(phase, steps[i].name);
	}
	return 0;
}

int creation_prepare(struct creation *cr, const struct create_request *request, bool with_socket,
		     struct relay *relay, struct error *err)
{
	int r;

	*cr = (struct creation){
		.request = request,
		.with_socket = with_socket,
		.relay = relay,
		.container = CONTAINER_INIT,
		.init = INIT_PLAN_INIT,
		.cgroup = CGROUP_INIT,
		.bundle_fd = -EBADF,
		.rdt_root_fd = -EBADF,
		.config_text = STRBUF_INIT,
		.sync_fd = -EBADF,
		.console_fd = -EBADF,
		.console_socket_fd = -EBADF,
		.pidfd = -EBADF,
	};
	r = creation_plan(cr, err);
	return r < 0 ? r : creation_run_steps("build", build_steps, ARRAY_SIZE(build_steps), cr,
					      err);
}

static void undo(struct creation *cr)
{
	struct error err = ERROR_INIT;

	if (cr->pid > 0) {
		(void)pidfd_send_signal(cr->pidfd, SIGKILL, NULL, 0);
		(void)TEMP_FAILURE_RETRY(waitpid(cr->pid, NULL, 0));
	}
	if (cr->stored && container_destroy(&cr->container, cr->request->root, &err) < 0)
		log_warning("container %s is left there, to be deleted: %s", cr->request->id,
			    err.msg);
}

/* What is open until the end goes in few calls. */
static void close_all(struct creation *cr)
{
	int *fds[] = {
		&cr->bundle_fd, &cr->init.rootfs.fd, &cr->container.root_fd, &cr->container.dir_fd,
		&cr->cgroup.fd, &cr->rdt_root_fd, &cr->sync_fd, &cr->pidfd, &cr->console_fd,
		&cr->console_socket_fd,
	};
	cleanup_fd_pile struct fd_pile pile = { .n = 0 };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fd_pile_add(&pile, fds[i]);
}

void creation_fini(struct creation *cr)
{
	if (!cr->done)
		undo(cr);
	close_all(cr);
	init_plan_fini(&cr->init);
	cgroup_fini(&cr->cgroup);
	intel_rdt_fini(&cr->rdt);
	container_fini(&cr->container);
	strbuf_release(&cr->config_text);
}
