/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The default configuration, as data in the structs of libocispec: the seven
 * mounts, six namespaces and hidden paths that every engine has, three
 * capabilities, no inheritable ones, no_new_privs.
 */
#include "runtime/spec.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "libocispec/oci-error.h"
#include "libocispec/runtime.h"
#include "libocispec/write.h"
#include "linux/document.h"

/* The structs have no const below the first level; nothing writes through them. */
#define LIST(...) ((char **)(const char *const[]){ __VA_ARGS__, NULL })

/* clang-format off */
#define MOUNT(dest, fs, from, n, ...) \
	{ .destination = (dest), .type = (fs), .source = (from), \
	  .options = LIST(__VA_ARGS__), .n_options = (n) }

static struct oci_mount mounts[] = {
	{ .destination = "/proc", .type = "proc", .source = "proc" },
	MOUNT("/dev", "tmpfs", "tmpfs", 4, "nosuid", "strictatime", "mode=755", "size=65536k"),
	MOUNT("/dev/pts", "devpts", "devpts", 6,
	      "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"),
	MOUNT("/dev/shm", "tmpfs", "shm", 5,
	      "nosuid", "noexec", "nodev", "mode=1777", "size=65536k"),
	MOUNT("/dev/mqueue", "mqueue", "mqueue", 3, "nosuid", "noexec", "nodev"),
	MOUNT("/sys", "sysfs", "sysfs", 4, "nosuid", "noexec", "nodev", "ro"),
	MOUNT("/sys/fs/cgroup", "cgroup", "cgroup", 5,
	      "nosuid", "noexec", "nodev", "relatime", "ro"),
};

/*
 * Without the host's group 5 in the mappings "gid=5" cannot be said, and a
 * sysfs needs a network namespace that the user namespace owns.
 */
static struct oci_mount rootless_mounts[] = {
	{ .destination = "/proc", .type = "proc", .source = "proc" },
	MOUNT("/dev", "tmpfs", "tmpfs", 4, "nosuid", "strictatime", "mode=755", "size=65536k"),
	MOUNT("/dev/pts", "devpts", "devpts", 5,
	      "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"),
	MOUNT("/dev/shm", "tmpfs", "shm", 5,
	      "nosuid", "noexec", "nodev", "mode=1777", "size=65536k"),
	MOUNT("/dev/mqueue", "mqueue", "mqueue", 3, "nosuid", "noexec", "nodev"),
	MOUNT("/sys", "none", "/sys", 5, "rbind", "nosuid", "noexec", "nodev", "ro"),
};
/* clang-format on */

static struct oci_namespace namespaces[] = {
	{ .type = OCI_NAMESPACE_PID },	 { .type = OCI_NAMESPACE_NETWORK },
	{ .type = OCI_NAMESPACE_IPC },	 { .type = OCI_NAMESPACE_UTS },
	{ .type = OCI_NAMESPACE_MOUNT }, { .type = OCI_NAMESPACE_CGROUP },
};

/* The network is the host's: a user without privilege cannot connect one. */
static struct oci_namespace rootless_namespaces[] = {
	{ .type = OCI_NAMESPACE_USER },	 { .type = OCI_NAMESPACE_PID },
	{ .type = OCI_NAMESPACE_IPC },	 { .type = OCI_NAMESPACE_UTS },
	{ .type = OCI_NAMESPACE_MOUNT }, { .type = OCI_NAMESPACE_CGROUP },
};

static struct oci_device_rule device_rules[] = {
	{ .allow = false, .access = "rwm" },
};

static struct oci_rlimit rlimits[] = {
	{ .type = OCI_RLIMIT_NOFILE, .soft = 1024, .hard = 1024 },
};

static int write_config(const struct oci_config *config, int dir_fd, struct error *err)
{
	struct oci_error oci_err = OCI_ERROR_INIT;
	cleanup_close int fd = -EBADF;
	cleanup_free char *text = NULL;
	size_t len;
	int r;

	if (oci_write(&oci_config_object, config, OCI_WRITE_TABS, &text, &len, &oci_err) < 0)
		return error_from_oci(err, &oci_err);
	fd = openat(dir_fd, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 && errno == EEXIST) {
		(void)error_set(err, EEXIST, "config.json exists already");
		return error_hint(err, "remove it first if you want a new one");
	}
	if (fd < 0)
		return error_sys(err, "open", "config.json");
	r = file_write_fd(fd, "config.json", text, len, err);
	if (r < 0)
		(void)unlinkat(dir_fd, "config.json", 0);
	return r;
}

static void make_rootless(struct oci_config *config)
{
	struct oci_linux *linux = config->linux;

	config->mounts = rootless_mounts;
	config->n_mounts = ARRAY_SIZE(rootless_mounts);
	linux->namespaces = rootless_namespaces;
	linux->n_namespaces = ARRAY_SIZE(rootless_namespaces);
	linux->resources = NULL;
	linux->n_uid_mappings = 1;
	linux->n_gid_mappings = 1;
}

int spec_write(const char *bundle, bool rootless, struct error *err)
{
	char **caps = LIST("CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE");
	char **masked = LIST("/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys",
			     "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
			     "/proc/sched_debug", "/sys/firmware", "/proc/scsi");
	char **readonly = LIST("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
			       "/proc/sysrq-trigger");
	struct oci_capabilities capabilities = {
		.bounding = caps, .n_bounding = 3,
		.effective = caps, .n_effective = 3,
		.permitted = caps, .n_permitted = 3,
	};
	struct oci_user user = { 0 };
	struct oci_process process = {
		.terminal = true,
		.user = &user,
		.args = LIST("sh"), .n_args = 1,
		.env = LIST("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
			    "TERM=xterm"),
		.n_env = 2,
		.cwd = "/",
		.capabilities = &capabilities,
		.rlimits = rlimits, .n_rlimits = ARRAY_SIZE(rlimits),
		.no_new_privileges = true,
	};
	struct oci_root root = { .path = "rootfs", .readonly = true };
	struct oci_resources resources = {
		.devices = device_rules, .n_devices = ARRAY_SIZE(device_rules),
	};
	struct oci_id_mapping uid_mapping = { .host_id = geteuid(), .size = 1 };
	struct oci_id_mapping gid_mapping = { .host_id = getegid(), .size = 1 };
	struct oci_linux linux = {
		.uid_mappings = &uid_mapping,
		.gid_mappings = &gid_mapping,
		.resources = &resources,
		.namespaces = namespaces, .n_namespaces = ARRAY_SIZE(namespaces),
		.masked_paths = masked, .n_masked_paths = 10,
		.readonly_paths = readonly, .n_readonly_paths = 5,
	};
	struct oci_config config = {
		.oci_version = "1.3.0",
		.root = &root,
		.process = &process,
		.hostname = "dabba",
		.mounts = mounts, .n_mounts = ARRAY_SIZE(mounts),
		.linux = &linux,
	};
	cleanup_close int dir_fd = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir_fd < 0)
		return error_file(err, "open", bundle);
	if (rootless)
		make_rootless(&config);
	else
		linux.uid_mappings = linux.gid_mappings = NULL;
	return write_config(&config, dir_fd, err);
}
