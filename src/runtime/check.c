/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the very checks that create runs, each by itself, and adds those that
 * create leaves to the kernel.  Nothing is made, mounted or moved: what is
 * opened is closed again.
 */
#include "runtime/check.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "libocispec/oci-error.h"
#include "libocispec/read.h"
#include "linux/capability.h"
#include "linux/cgroup.h"
#include "linux/device.h"
#include "linux/document.h"
#include "linux/intel-rdt.h"
#include "linux/label.h"
#include "linux/mount.h"
#include "linux/namespace.h"
#include "linux/rootfs.h"
#include "runtime/process.h"
#include "runtime/validate.h"

enum { MAX_CONFIG = 16 * 1024 * 1024, MAX_FILE_SYSTEMS = 64 * 1024 };

struct check {
	struct check_report *report;
	/* Of the problems found next. */
	const char *area;
	const char *bundle;
	int bundle_fd;
	struct oci_config *config;
	struct namespace_plan namespaces;
	struct rootfs rootfs;
	struct mount_plan *mounts;
};

static void add(struct check *check, bool is_warning, const struct error *err)
{
	check_report_add(check->report, check->area, is_warning, err);
}

static void add_error(void *arg, const struct error *err)
{
	struct check *check = arg;

	add(check, false, err);
}

/* --- config.json ------------------------------------------------------------------------ */

static void add_schema_error(void *arg, const struct oci_error *problem)
{
	struct check *check = arg;
	struct error err = ERROR_INIT;

	if (problem->code == 0) {
		check_report_left_out(check->report, problem->path);
		return;
	}
	(void)error_from_oci(&err, problem);
	add(check, false, &err);
}

static bool read_config(struct check *check, const char *name, struct oci_arena *arena)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct error err = ERROR_INIT;

	check->area = "file";
	check->bundle_fd = open(check->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (check->bundle_fd < 0) {
		(void)error_sys(&err, "open", "the bundle %s", check->bundle);
		(void)error_path(&err, "%s", check->bundle);
		add(check, false, &err);
		return false;
	}
	if (file_read_at(check->bundle_fd, name, MAX_CONFIG, &text, &err) < 0) {
		(void)error_hint(&err, "a bundle is a directory with a config.json");
		add(check, false, &err);
		return false;
	}
	check->area = "schema";
	check->config = oci_arena_alloc(arena, sizeof(*check->config));
	return check->config && oci_read_all(arena, &oci_config_object, text.buf, text.len, name,
					     check->config, add_schema_error, check) == 0;
}

static void check_config(struct check *check)
{
	struct error err = ERROR_INIT;

	check->area = "config";
	if (namespace_plan_init(&check->namespaces, check->config->linux, &err) < 0)
		add(check, false, &err);
	for (const validation_check *v = validation_checks; *v; v++) {
		error_clear(&err);
		if ((*v)(check->config, &check->namespaces, &err) < 0)
			add(check, false, &err);
	}
}

/* --- files -------------------------------------------------------------------------------- */

static void check_rootfs(struct check *check)
{
	struct error err = ERROR_INIT;

	check->area = "file";
	if (check->config->root &&
	    rootfs_open(&check->rootfs, check->config, check->bundle_fd, &err) < 0)
		add(check, false, &err);
}

/* Whether some mount could bring PATH, so that the rootfs need not have it. */
static bool may_be_mounted(const struct check *check, const char *path)
{
	for (size_t i = 0; i < check->config->n_mounts; i++) {
		const char *at = check->config->mounts[i].destination;
		const char *rest = str_skip_prefix(path, at);

		if (*at && rest && (*rest == '/' || *rest == '\0' || path[1] == '\0'))
			return true;
	}
	return false;
}

static bool is_there(const struct check *check, const char *path)
{
	cleanup_close int fd = path_try_open(check->rootfs.fd, path, PATH_IN_ROOT, O_PATH, 0);

	return fd >= 0 || may_be_mounted(check, path);
}

static const char *search_path(const struct oci_process *process)
{
	for (size_t i = process->n_env; i > 0; i--) {
		const char *value = str_skip_prefix(process->env[i - 1], "PATH=");

		if (value)
			return value;
	}
	return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

static bool program_is_there(const struct check *check, const char *name)
{
	const char *dirs = search_path(check->config->process);

	if (strchr(name, '/'))
		return is_there(check, name);
	for (const char *next; dirs; dirs = next) {
		const char *end = strchrnul(dirs, ':');
		cleanup_free char *path = xasprintf("%.*s/%s", (int)(end - dirs), dirs, name);

		next = *end ? end + 1 : NULL;
		if (is_there(check, path))
			return true;
	}
	return false;
}

static void check_program(struct check *check)
{
	const struct oci_process *process = check->config->process;
	struct error err = ERROR_INIT;

	if (!process || process->n_args == 0 || check->rootfs.fd < 0 ||
	    program_is_there(check, process->args[0]))
		return;
	if (strchr(process->args[0], '/'))
		(void)error_set(&err, ENOENT, "exec: \"%s\": no such file or directory",
				process->args[0]);
	else
		(void)error_set(&err, ENOENT, "exec: \"%s\": executable file not found in $PATH",
				process->args[0]);
	(void)error_path(&err, "%s", process->args[0]);
	(void)error_pointer(&err, "process.args[0]");
	add(check, false, &err);
}

/* Those of the container's own root file system are startContainer's. */
static void check_hook_files(struct check *check, const char *name, const struct oci_hook *hooks,
			     size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct error err = ERROR_INIT;

		if (hooks[i].path[0] != '/' || access(hooks[i].path, X_OK) == 0)
			continue;
		(void)error_file(&err, "execve", hooks[i].path);
		(void)error_pointer(&err, "hooks.%s[%zu].path", name, i);
		add(check, false, &err);
	}
}

static void check_hooks(struct check *check)
{
	const struct oci_hooks *h = check->config->hooks;

	if (!h)
		return;
	check_hook_files(check, "prestart", h->prestart, h->n_prestart);
	check_hook_files(check, "createRuntime", h->create_runtime, h->n_create_runtime);
	check_hook_files(check, "createContainer", h->create_container, h->n_create_container);
	check_hook_files(check, "poststart", h->poststart, h->n_poststart);
	check_hook_files(check, "poststop", h->poststop, h->n_poststop);
}

/* --- mounts and devices -------------------------------------------------------------------- */

static bool is_bind(const struct oci_mount *m)
{
	for (size_t i = 0; i < m->n_options; i++)
		if (streq(m->options[i], "bind") || streq(m->options[i], "rbind"))
			return true;
	return false;
}

/* Modules may bring more than the kernel lists now. */
static void check_file_system(struct check *check, size_t i, const char *known)
{
	const struct oci_mount *m = &check->config->mounts[i];
	cleanup_free char *line = NULL;
	struct error err = ERROR_INIT;

	if (is_bind(m) || !m->type || streq(m->type, "cgroup"))
		return;
	line = xasprintf("\t%s\n", m->type);
	if (strstr(known, line))
		return;
	check->area = "kernel";
	(void)error_set(&err, ENODEV, "mount %s: the kernel does not list the file system \"%s\"",
			m->destination, m->type);
	(void)error_hint(&err, "see /proc/filesystems; a module may bring it");
	(void)error_pointer(&err, "mounts[%zu].type", i);
	add(check, true, &err);
}

/* The mount I by itself, at its place in the list, so that its errors name that. */
static void check_mount(struct check *check, size_t i, const struct mount_env *env)
{
	const struct oci_mount *m = &check->config->mounts[i];
	struct oci_config alone = *check->config;
	struct error err = ERROR_INIT;
	struct mount_plan *plan = NULL;

	alone.mounts = xcalloc(i + 1, sizeof(*alone.mounts));
	alone.n_mounts = i + 1;
	for (size_t k = 0; k < i; k++)
		alone.mounts[k] = (struct oci_mount){ .destination = "/", .type = "tmpfs" };
	alone.mounts[i] = *m;
	check->area = "config";
	if (mount_plan_new(&alone, env, &plan, &err) < 0) {
		add(check, false, &err);
	} else if (is_bind(m)) {
		check->area = "file";
		if (mount_plan_open(plan, -EBADF, &err) < 0)
			add(check, false, &err);
	}
	(void)mount_plan_free(plan);
	free(alone.mounts);
}

static void check_mounts(struct check *check)
{
	const struct namespace_plan *ns = &check->namespaces;
	cleanup_strbuf struct strbuf known = STRBUF_INIT;
	struct mount_env env = MOUNT_ENV_INIT;
	cleanup_free char *bundle = realpath(check->bundle, NULL);
	struct error ignored = ERROR_INIT;
	cleanup_close int fd = proc_open("filesystems", O_RDONLY, &ignored);

	if (fd >= 0)
		(void)file_read_fd(fd, "/proc/filesystems", MAX_FILE_SYSTEMS, &known, &ignored);
	env.bundle = bundle ? bundle : check->bundle;
	env.rootless = geteuid() != 0;
	if (ns->join_flags & CLONE_NEWUSER)
		env.userns_fd = ns->joins[ns->n_joins - 1].fd;
	for (size_t i = 0; i < check->config->n_mounts; i++) {
		check_mount(check, i, &env);
		if (known.len > 0)
			check_file_system(check, i, known.buf);
	}
}

static void check_devices(struct check *check)
{
	struct device_env env = { .owns_dev = true };
	struct device_plan *plan = NULL;
	struct error err = ERROR_INIT;

	check->area = "config";
	if (device_plan_new(check->config->linux, &env, &plan, &err) < 0)
		add(check, false, &err);
	(void)device_plan_free(plan);
}

/* --- ids and privileges --------------------------------------------------------------------- */

static bool is_mapped(const struct oci_id_mapping *maps, size_t n, uint32_t id)
{
	for (size_t i = 0; i < n; i++)
		if (id >= maps[i].container_id && id - maps[i].container_id < maps[i].size)
			return true;
	return false;
}

static void need_mapping(struct check *check, bool is_group, uint32_t id, const char *pointer)
{
	const struct oci_linux *linux = check->config->linux;
	const char *maps = is_group ? "gidMappings" : "uidMappings";
	struct error err = ERROR_INIT;

	if (is_group ? is_mapped(linux->gid_mappings, linux->n_gid_mappings, id)
		     : is_mapped(linux->uid_mappings, linux->n_uid_mappings, id))
		return;
	(void)error_set(&err, EINVAL, "%s: the id %u has no mapping in linux.%s", pointer, id, maps);
	(void)error_pointer(&err, "%s", pointer);
	add(check, false, &err);
}

static void check_ids(struct check *check)
{
	const struct oci_process *process = check->config->process;
	const struct oci_user *user = process ? process->user : NULL;
	char pointer[64];

	check->area = "mapping";
	if (!(check->namespaces.new_flags & CLONE_NEWUSER) || !user)
		return;
	need_mapping(check, false, user->uid, "process.user.uid");
	need_mapping(check, true, user->gid, "process.user.gid");
	for (size_t i = 0; i < user->n_additional_gids; i++) {
		(void)snprintf(pointer, sizeof(pointer), "process.user.additionalGids[%zu]", i);
		need_mapping(check, true, user->additional_gids[i], pointer);
	}
}

static void check_privileges(struct check *check)
{
	int admin = capability_from_name("CAP_SYS_ADMIN");
	struct error err = ERROR_INIT;

	check->area = "privilege";
	if ((check->namespaces.new_flags & CLONE_NEWUSER) ||
	    capability_grantable(false) & 1ULL << admin)
		return;
	(void)error_set(&err, EPERM, "without CAP_SYS_ADMIN only a container with a user namespace "
			"of its own can be made");
	(void)error_hint(&err, "add {\"type\": \"user\"} to linux.namespaces, or run as root");
	(void)error_pointer(&err, "linux.namespaces");
	add(check, false, &err);
}

/* --- kernel and host -------------------------------------------------------------------------- */

static void check_namespaces(struct check *check)
{
	uint64_t flags = check->namespaces.new_flags;

	check->area = "kernel";
	for (uint64_t flag = 1; flag && flag <= flags; flag <<= 1) {
		struct error err = ERROR_INIT;
		char path[32];

		if (!(flags & flag))
			continue;
		(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", namespace_name(flag));
		if (access(path, F_OK) == 0)
			continue;
		(void)error_file(&err, "access", path);
		(void)error_context(&err, "the kernel has no %s namespaces", namespace_name(flag));
		(void)error_pointer(&err, "linux.namespaces");
		add(check, false, &err);
	}
}

static void check_host(struct check *check)
{
	const struct oci_linux *linux = check->config->linux;
	struct error err = ERROR_INIT;

	check_namespaces(check);
	if (linux && linux->intel_rdt) {
		cleanup_close int fd = intel_rdt_open_root(&err);

		if (fd < 0)
			add(check, false, &err);
	}
	check->area = "cgroup";
	if (linux && linux->resources)
		cgroup_check(linux->resources, add_error, check);
}

static void check_process(struct check *check)
{
	const struct namespace_plan *ns = &check->namespaces;
	struct process_request request = {
		.process = check->config->process,
		.linux = check->config->linux,
		.other_userns = (ns->new_flags | ns->join_flags) & CLONE_NEWUSER,
	};

	check->area = "config";
	if (request.process)
		process_check(&request, add_error, check);
}

/* --- all of it --------------------------------------------------------------------------- */

static struct check *collecting;

/* What create would only warn of is told here as well. */
static void collect_warning(enum log_level level, const char *msg)
{
	struct error err = ERROR_INIT;

	if (level > LOG_LEVEL_WARNING)
		return;
	(void)error_set(&err, EINVAL, "%s", msg);
	add(collecting, true, &err);
}

void check_bundle(const char *bundle, const char *config, struct check_report *report)
{
	struct check check = {
		.report = report,
		.bundle = bundle,
		.bundle_fd = -EBADF,
		.namespaces = NAMESPACE_PLAN_INIT,
		.rootfs = ROOTFS_INIT,
	};
	struct oci_arena arena = OCI_ARENA_INIT;

	collecting = &check;
	log_set_sink(collect_warning, LOG_LEVEL_WARNING);
	if (read_config(&check, config ? config : "config.json", &arena)) {
		check_config(&check);
		check_rootfs(&check);
		check_program(&check);
		check_hooks(&check);
		check_mounts(&check);
		check_devices(&check);
		check_process(&check);
		check_ids(&check);
		check_privileges(&check);
		check_host(&check);
	}
	log_set_sink(NULL, LOG_LEVEL_ERROR);
	rootfs_fini(&check.rootfs);
	namespace_plan_fini(&check.namespaces);
	fd_close(&check.bundle_fd);
	oci_arena_release(&arena);
}
