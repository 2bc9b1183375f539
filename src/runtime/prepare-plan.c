/* SPDX-License-Identifier: Apache-2.0 */
/* The first half of a create: everything that can be refused before there is a trace of it. */
#include "runtime/prepare.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"
#include "libocispec/oci-error.h"
#include "libocispec/read.h"
#include "linux/document.h"
#include "linux/label.h"
#include "runtime/prepare-cgroup.h"
#include "runtime/prepare-steps.h"
#include "runtime/store.h"
#include "runtime/validate.h"

enum { MAX_CONFIG = 16 * 1024 * 1024 };

static int read_config(struct creation *cr, struct error *err)
{
	const char *name = cr->request->config ? cr->request->config : "config.json";
	struct oci_error oci_err = OCI_ERROR_INIT;
	struct container *c = &cr->container;
	int r;

	cr->bundle_fd = open(cr->request->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (cr->bundle_fd < 0) {
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
	env.rootless = cr->container.record.owner != 0;
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

/*
 * Hooks before the pivot find the container's mounts below the path of the rootfs and may
 * bring more from the host.  A user namespace's procfs needs one that is there before, and
 * a mount on "/" one above it that is gone after the pivot.
 */
static bool needs_host_mounts(const struct creation *cr)
{
	const struct oci_hooks *hooks = cr->container.config->hooks;
	const struct namespace_plan *ns = &cr->init.namespaces;

	return ((ns->new_flags | ns->join_flags) & CLONE_NEWUSER) ||
	       (hooks && hooks->n_prestart + hooks->n_create_runtime + hooks->n_create_container) ||
	       mount_plan_replaces_root(cr->init.mounts);
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
	cr->init.rootfs.needs_host = needs_host_mounts(cr);
	cr->init.wait_for_runtime = (cr->init.namespaces.new_flags & CLONE_NEWUSER) ||
				    (config->linux && config->linux->n_net_devices > 0) ||
				    creation_enters_cgroup_late(cr);
	return 0;
}

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
/* clang-format on */

int creation_plan(struct creation *cr, struct error *err)
{
	return creation_run_steps("plan", plan_steps, ARRAY_SIZE(plan_steps), cr, err);
}
