/* SPDX-License-Identifier: Apache-2.0 */
#include "image/bundle.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/bundle-user.h"
#include "image/document.h"

/* Nothing below needs a newer one, and older runtimes refuse what they do not know. */
#define OCI_VERSION "1.0.2"

/* --- docker's defaults ------------------------------------------------------------- */

#define STRINGS(...) ((char *[]){ __VA_ARGS__, NULL })
#define MOUNT(dest, fstype, src, ...)                                                      \
	{ .destination = (dest), .type = (fstype), .source = (src),                        \
	  .options = STRINGS(__VA_ARGS__),                                                 \
	  .n_options = ARRAY_SIZE(STRINGS(__VA_ARGS__)) - 1 }

static const struct oci_mount default_mounts[] = {
	MOUNT("/proc", "proc", "proc", "nosuid", "noexec", "nodev"),
	MOUNT("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
	MOUNT("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance",
	      "ptmxmode=0666", "mode=0620", "gid=5"),
	MOUNT("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777",
	      "size=65536k"),
	MOUNT("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"),
	MOUNT("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro"),
	MOUNT("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime",
	      "ro"),
};

static const struct oci_namespace default_namespaces[] = {
	{ OCI_NAMESPACE_PID },	 { OCI_NAMESPACE_IPC },	   { OCI_NAMESPACE_UTS },
	{ OCI_NAMESPACE_MOUNT }, { OCI_NAMESPACE_CGROUP }, { OCI_NAMESPACE_NETWORK },
};

static char *default_caps[] = {
	"CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID",
	"CAP_KILL", "CAP_MKNOD", "CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SETFCAP",
	"CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT", NULL,
};

static char *masked_paths[] = {
	"/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys",
	"/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list",
	"/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware", NULL,
};

static char *readonly_paths[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL,
};

enum { N_CAPS = ARRAY_SIZE(default_caps) - 1 };

/* --- conversion -------------------------------------------------------------------- */

struct conversion {
	const struct bundle_request *request;
	const struct oci_image_run_config *image;
	struct oci_arena *arena;
	struct oci_config *config;
};

static void *alloc(struct conversion *c, size_t n, size_t size)
{
	return document_alloc(c->arena, n * size);
}

static char *format(struct conversion *c, const char *a, const char *b)
{
	cleanup_free char *joined = xasprintf("%s%s", a, b);

	return document_strdup(c->arena, joined);
}

static size_t count(char *const *v)
{
	size_t n = 0;

	while (v && v[n])
		n++;
	return n;
}

static int convert_args(struct conversion *c, struct oci_process *process, struct error *err)
{
	char *const *cmd = c->request->command ? c->request->command : c->image->cmd;
	size_t n_entrypoint = c->image->n_entrypoint, n_cmd = count(cmd);

	if (n_entrypoint + n_cmd == 0) {
		cmd = c->request->fallback;
		n_cmd = count(cmd);
	}
	if (n_entrypoint + n_cmd == 0) {
		(void)error_set(err, EINVAL, "the image has neither Entrypoint nor Cmd");
		return error_hint(err, "say what to run, as in \"IMAGE /bin/sh\"");
	}
	process->args = alloc(c, n_entrypoint + n_cmd + 1, sizeof(*process->args));
	for (size_t i = 0; i < n_entrypoint; i++)
		process->args[process->n_args++] = c->image->entrypoint[i];
	for (size_t i = 0; i < n_cmd; i++)
		process->args[process->n_args++] = cmd[i];
	return 0;
}

static bool has_env(const struct oci_process *process, const char *prefix)
{
	for (size_t i = 0; i < process->n_env; i++)
		if (str_skip_prefix(process->env[i], prefix))
			return true;
	return false;
}

static void add_env(struct conversion *c, struct oci_process *process, const char *prefix,
		    const char *value)
{
	if (!has_env(process, prefix))
		process->env[process->n_env++] = format(c, prefix, value);
}

/* The image's own values stand: what is added is what nothing else would set. */
static void convert_env(struct conversion *c, struct oci_process *process, const char *home)
{
	process->env = alloc(c, c->image->n_env + 4, sizeof(*process->env));
	for (size_t i = 0; i < c->image->n_env; i++)
		process->env[process->n_env++] = c->image->env[i];
	add_env(c, process, "PATH=", BUNDLE_DEFAULT_PATH);
	add_env(c, process, "HOME=", home);
	if (process->terminal)
		add_env(c, process, "TERM=", "xterm");
}

static void convert_capabilities(struct conversion *c, struct oci_process *process)
{
	struct oci_capabilities *caps = alloc(c, 1, sizeof(*caps));

	caps->bounding = default_caps;
	caps->n_bounding = N_CAPS;
	/* As for any other program, being another user than root means having none. */
	if (process->user->uid == 0) {
		caps->effective = caps->permitted = default_caps;
		caps->n_effective = caps->n_permitted = N_CAPS;
	}
	process->capabilities = caps;
}

static int convert_process(struct conversion *c, struct error *err)
{
	struct oci_process *process = alloc(c, 1, sizeof(*process));
	const char *home = "/";
	int r;

	process->terminal = c->request->terminal;
	process->cwd = c->image->working_dir && *c->image->working_dir ? c->image->working_dir
									: "/";
	/* An image may say "app"; docker takes that from the root. */
	if (process->cwd[0] != '/')
		process->cwd = format(c, "/", process->cwd);
	process->user = alloc(c, 1, sizeof(*process->user));
	r = convert_args(c, process, err);
	if (r == 0)
		r = bundle_find_user(c->request->rootfs_fd, c->image->user, c->arena,
				     process->user, &home, err);
	if (r < 0)
		return r;
	convert_env(c, process, home);
	convert_capabilities(c, process);
	c->config->process = process;
	return 0;
}

static void add_mount(struct conversion *c, const struct oci_mount *mount)
{
	c->config->mounts[c->config->n_mounts++] = *mount;
}

static void add_tmpfs_volume(struct conversion *c, const char *destination)
{
	struct oci_mount mount =
		MOUNT(destination, "tmpfs", "tmpfs", "nosuid", "nodev", "mode=755");
	char **options = alloc(c, mount.n_options + 1, sizeof(*options));

	memcpy(options, mount.options, mount.n_options * sizeof(*options));
	mount.options = options;
	add_mount(c, &mount);
}

struct oci_mount bundle_bind(const char *source, const char *destination, bool readonly)
{
	static char *rw[] = { "rbind", "rprivate", NULL };
	static char *ro[] = { "rbind", "rprivate", "ro", NULL };

	return (struct oci_mount){
		.destination = destination,
		.type = "bind",
		.source = source,
		.options = readonly ? ro : rw,
		.n_options = readonly ? 3 : 2,
	};
}

static void convert_mounts(struct conversion *c)
{
	const struct bundle_request *request = c->request;
	size_t n_volumes = request->tmpfs_volumes ? c->image->n_volumes : 0;

	c->config->mounts = alloc(c, ARRAY_SIZE(default_mounts) + n_volumes + request->n_mounts,
				  sizeof(*c->config->mounts));
	for (size_t i = 0; i < ARRAY_SIZE(default_mounts); i++)
		add_mount(c, &default_mounts[i]);
	for (size_t i = 0; i < n_volumes; i++)
		add_tmpfs_volume(c, c->image->volumes[i]);
	for (size_t i = 0; i < request->n_mounts; i++)
		add_mount(c, &request->mounts[i]);
}

static void convert_linux(struct conversion *c)
{
	struct oci_linux *linux_part = alloc(c, 1, sizeof(*linux_part));
	size_t n = ARRAY_SIZE(default_namespaces);

	linux_part->namespaces = alloc(c, n, sizeof(default_namespaces[0]));
	memcpy(linux_part->namespaces, default_namespaces, sizeof(default_namespaces));
	/* The network stands last. */
	linux_part->n_namespaces = c->request->host_network ? n - 1 : n;
	linux_part->masked_paths = masked_paths;
	linux_part->n_masked_paths = ARRAY_SIZE(masked_paths) - 1;
	linux_part->readonly_paths = readonly_paths;
	linux_part->n_readonly_paths = ARRAY_SIZE(readonly_paths) - 1;
	linux_part->resources = c->request->resources;
	linux_part->cgroups_path = c->request->cgroups_path;
	linux_part->seccomp = (struct oci_seccomp *)bundle_seccomp();
	c->config->linux = linux_part;
}

/* --- annotations ------------------------------------------------------------------- */

static void annotate(struct conversion *c, const char *key, const char *value)
{
	struct oci_string_map *map = &c->config->annotations;

	if (value && *value && !oci_string_map_get(&c->image->labels, key))
		map->items[map->n++] = (struct oci_string_pair){ key, value };
}

static void annotate_list(struct conversion *c, const char *key, char *const *list, size_t n)
{
	cleanup_strbuf struct strbuf joined = STRBUF_INIT;

	for (size_t i = 0; i < n; i++)
		strbuf_addf(&joined, "%s%s", i ? "," : "", list[i]);
	if (n > 0)
		annotate(c, key, format(c, joined.buf, ""));
}

/* Labels become annotations, and win over those made from other fields. */
static void convert_annotations(struct conversion *c)
{
	const struct oci_image_config *image = c->request->image;
	const struct oci_string_map *labels = &c->image->labels;
	struct oci_string_map *map = &c->config->annotations;

	map->items = alloc(c, labels->n + 10, sizeof(*map->items));
	annotate(c, "org.opencontainers.image.os", image->os);
	annotate(c, "org.opencontainers.image.architecture", image->architecture);
	annotate(c, "org.opencontainers.image.variant", image->variant);
	annotate(c, "org.opencontainers.image.os.version", image->os_version);
	annotate_list(c, "org.opencontainers.image.os.features", image->os_features,
		      image->n_os_features);
	annotate(c, "org.opencontainers.image.author", image->author);
	annotate(c, "org.opencontainers.image.created", image->created);
	annotate(c, "org.opencontainers.image.stopSignal", c->image->stop_signal);
	annotate_list(c, "org.opencontainers.image.exposedPorts", c->image->exposed_ports,
		      c->image->n_exposed_ports);
	for (size_t i = 0; i < labels->n; i++)
		map->items[map->n++] = labels->items[i];
}

int bundle_convert(const struct bundle_request *request, struct oci_arena *arena,
		   struct oci_config *config, struct error *err)
{
	static const struct oci_image_run_config no_config;
	struct conversion c = {
		.request = request,
		.image = request->image->config ? request->image->config : &no_config,
		.arena = arena,
		.config = config,
	};
	int r;

	*config = (struct oci_config){ .oci_version = OCI_VERSION, .hostname = request->hostname };
	config->root = alloc(&c, 1, sizeof(*config->root));
	config->root->path = request->rootfs;
	config->root->readonly = request->readonly_root;
	r = convert_process(&c, err);
	if (r < 0)
		return r;
	convert_mounts(&c);
	convert_linux(&c);
	convert_annotations(&c);
	return 0;
}

int bundle_write(int dir_fd, const struct oci_config *config, struct error *err)
{
	cleanup_free char *text = NULL;
	size_t len;

	if (document_write(&oci_config_object, config, OCI_WRITE_TABS, &text, &len, err) < 0)
		return error_context(err, "config.json");
	return file_replace_at(dir_fd, "config.json", text, len, 0644, err);
}
