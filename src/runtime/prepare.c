/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order: everything that can fail without a trace comes first, then the
 * state directory, the cgroup, and last the process.
 */
#include "runtime/prepare.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/timing.h"
#include "libocispec/oci-error.h"
#include "libocispec/read.h"
#include "linux/document.h"
#include "linux/idmap.h"
#include "linux/label.h"
#include "linux/netdev.h"
#include "linux/relay.h"
#include "runtime/delete.h"
#include "runtime/prepare-cgroup.h"
#include "runtime/spawn.h"
#include "runtime/store.h"
#include "runtime/sync.h"
#include "runtime/validate.h"

enum { MAX_CONFIG = 16 * 1024 * 1024 };

/* --- what leaves no trace ------------------------------------------------------------ */

static int read_config(struct creation *cr, struct error *err)
{
	const char *name = cr->request->config ? cr->request->config : "config.json";
	struct oci_error oci_err = OCI_ERROR_INIT;
	struct container *c = &cr->container;
	int r;

	cr->bundle_fd = open(cr->request->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (cr->bundle_fd < 0)
		{
		(void)error_sys(err, "open", "the bundle %s", cr->request->bundle);
		return error_path(err, "%s", cr->request->bundle);
	}
	r = file_read_at(cr->bundle_fd, name, MAX_CONFIG, &cr->config_text, err);
	if (r == -ENOENT)
		(void)error_hint(err, "a bundle is a directory with a config.json; "
				      "\"dabba spec\" writes one");
	if (r < 0) {
		err->path[0] = '\0';
		(void)error_path(err, "%s/%s", cr->request->bundle, name);
		return error_context(err, "bundle %s", cr->request->bundle);
	}
	c->config = oci_arena_alloc(&c->arena, sizeof(*c->config));
	if (!c->config)
		return error_set(err, ENOMEM, "out of memory");
	if (oci_read(&c->arena, &oci_config_object, cr->config_text.buf, cr->config_text.len, name,
		     c->config, &oci_err) < 0) {
		(void)error_from_oci(err, &oci_err);
		return error_path(err, "%s/%s", cr->request->bundle, name);
	}
	return 0;
}

static const char *format_time(struct oci_arena *arena)
{
	struct timespec now;
	struct tm tm;
	char text[64];
	size_t n;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)gmtime_r(&now.tv_sec, &tm);
	n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	n += (size_t)snprintf(text + n, sizeof(text) - n, ".%09ldZ", now.tv_nsec);
	return oci_arena_strndup(arena, text, n);
}

static int fill_record(struct creation *cr, struct error *err)
{
	struct container *c = &cr->container;
	const char *root_path = c->config->root->path;
	cleanup_free char *rootfs = NULL;
	char bundle[PATH_MAX];
	int r = proc_fd_path(cr->bundle_fd, bundle, err);

	if (r < 0)
		return error_context(err, "bundle %s", cr->request->bundle);
	rootfs = root_path[0] == '/' ? xstrdup(root_path) : xasprintf("%s/%s", bundle, root_path);
	c->record = (struct container_record){
		.oci_version = c->config->oci_version,
		.id = cr->request->id,
		.bundle = oci_arena_strndup(&c->arena, bundle, strlen(bundle)),
		.rootfs = oci_arena_strndup(&c->arena, rootfs, strlen(rootfs)),
		.created = format_time(&c->arena),
		.owner = geteuid(),
		.annotations = c->config->annotations,
	};
	return 0;
}

static int plan_mounts(struct creation *cr, struct error *err)
{
	const struct oci_config *config = cr->container.config;
	const struct namespace_plan *ns = &cr->init.namespaces;
	struct device_env device_env = {
		.userns = (ns->new_flags | ns->join_flags) & CLONE_NEWUSER,
	};
	struct mount_env env = MOUNT_ENV_INIT;
	int r;

	if (config->linux && config->linux->mount_label && label_selinux_enabled())
		cr->init.mount_label = config->linux->mount_label;
	env.bundle = cr->container.record.bundle;
	env.mount_label = cr->init.mount_label;
	env.rootless = geteuid() != 0;
	if (ns->join_flags & CLONE_NEWUSER)
		env.userns_fd = ns->joins[ns->n_joins - 1].fd;
	r = mount_plan_new(config, &env, &cr->init.mounts, err);
	if (r < 0)
		return r;
	device_env.owns_dev = mount_plan_owns_dev(cr->init.mounts);
	return device_plan_new(config->linux, &device_env, &cr->init.devices, err);
}

static int plan_process(struct creation *cr, struct error *err)
{
	const struct oci_config *config = cr->container.config;
	const struct namespace_plan *ns = &cr->init.namespaces;
	struct process_request request = {
		.process = config->process,
		.linux = config->linux,
		.other_userns = (ns->new_flags | ns->join_flags) & CLONE_NEWUSER,
		.preserve_fds = cr->request->preserve_fds,
		.keep_groups = process_keeps_groups(&config->annotations),
	};

	return config->process ? process_plan_init(&cr->init.process, &request, err) : 0;
}

static int check_terminal(const struct creation *cr, struct error *err)
{
	const struct oci_process *process = cr->container.config->process;
	bool terminal = process && process->terminal;

	if (terminal && cr->request->detach && !cr->request->console_socket) {
		(void)error_set(err, EINVAL, "process.terminal: a detached container needs a "
					     "console socket for its terminal");
		return error_hint(err,
				  "pass --console-socket PATH, or set process.terminal to false");
	}
	if (!terminal && cr->request->console_socket)
		return error_set(err, EINVAL, "--console-socket is given, but process.terminal "
					      "is not true");
	return 0;
}

static int check_id(struct creation *cr, struct error *err)
{
	return store_check_id(cr->request->id, err);
}

static int plan_namespaces(struct creation *cr, struct error *err)
{
	return namespace_plan_init(&cr->init.namespaces, cr->container.config->linux, err);
}

static int validate(struct creation *cr, struct error *err)
{
	int r = validate_config(cr->container.config, &cr->init.namespaces, err);

	if (r == 0)
		r = check_terminal(cr, err);
	return r < 0 ? r : fill_record(cr, err);
}

static int open_rootfs(struct creation *cr, struct error *err)
{
	return rootfs_open(&cr->init.rootfs, cr->container.config, cr->bundle_fd, err);
}

static int plan_init(struct creation *cr, struct error *err)
{
	const struct oci_config *config = cr->container.config;

	(void)err;
	cr->init.config = config;
	cr->init.id = cr->request->id;
	cr->init.bundle = cr->container.record.bundle;
	cr->init.new_keyring = !cr->request->no_new_keyring;
	cr->init.rootfs.no_pivot = cr->request->no_pivot;
	cr->init.wait_for_runtime = (cr->init.namespaces.new_flags & CLONE_NEWUSER) ||
				    (config->linux && config->linux->n_net_devices > 0) ||
				    creation_enters_cgroup_late(cr);
	return 0;
}

/* --- what must be undone -------------------------------------------------------------- */

static int make_state(struct creation *cr, struct error *err)
{
	struct container *c = &cr->container;
	int r = store_create(c, cr->request->root, cr->request->id, err);

	/* An id that is taken is not ours to remove. */
	cr->stored = r == 0 || (r != -EEXIST && c->dir_fd >= 0);
	if (r < 0)
		return r;
	cr->init.lock_fd = c->dir_fd;
	return file_replace_at(c->dir_fd, "config.json", cr->config_text.buf, cr->config_text.len,
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
	struct spawned spawned;
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_sys(err, "socketpair", "for the container's init");
	cr->sync_fd = request.parent_sync_fd = pair[0];
	cr->init.sync_fd = request.child_sync_fd = pair[1];
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
	fd_close(&cr->init.sync_fd);
	fd_close(&cr->init.listen_fd);
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
	return mount_plan_open(cr->init.mounts, cr->cgroup.fd, err);
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

struct creation_step {
	const char *name;
	int (*run)(struct creation *cr, struct error *err);
};

/* clang-format off */
static const struct creation_step plan_steps[] = {
	{ "id",			check_id },
	{ "config.json",	read_config },
	{ "namespaces",		plan_namespaces },
	{ "validation",		validate },
	{ "rootfs",		open_rootfs },
	{ "mounts",		plan_mounts },
	{ "process",		plan_process },
	{ "init",		plan_init },
};

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

static int run_steps(const char *phase, const struct creation_step *steps, size_t n,
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
	r = run_steps("plan", plan_steps, ARRAY_SIZE(plan_steps), cr, err);
	return r < 0 ? r : run_steps("build", build_steps, ARRAY_SIZE(build_steps), cr, err);
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

void creation_fini(struct creation *cr)
{
	if (!cr->done)
		undo(cr);
	init_plan_fini(&cr->init);
	cgroup_fini(&cr->cgroup);
	intel_rdt_fini(&cr->rdt);
	fd_close(&cr->rdt_root_fd);
	container_fini(&cr->container);
	strbuf_release(&cr->config_text);
	fd_close(&cr->bundle_fd);
	fd_close(&cr->sync_fd);
	fd_close(&cr->console_fd);
	fd_close(&cr->console_socket_fd);
	fd_close(&cr->pidfd);
}
