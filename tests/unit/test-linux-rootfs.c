/* SPDX-License-Identifier: Apache-2.0 */
/* Root file systems as init builds them, and what a container then finds. Needs root. */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/syscall.h"
#include "tests/unit/box.h"
#include "tests/unit/tap.h"

static char *masked[] = { "/proc/iomem", "/proc/keys", "/proc/scsi", "/sys/firmware", "/sys/class",
			  "/missing", "/secret", NULL };
static char *readonly[] = { "/proc/sys", "/proc/bus", "/missing/too", NULL };

static const struct simple_mount usual[] = {
	{ "/proc", "proc", "proc", "" },
	{ "/dev", "tmpfs", "tmpfs", "nosuid strictatime mode=755 size=65536k ro" },
	{ "/dev/pts", "devpts", "devpts",
	  "nosuid noexec newinstance ptmxmode=0666 mode=0620 gid=5" },
	{ "/dev/shm", "tmpfs", "shm", "nosuid noexec nodev mode=1777 size=65536k" },
	{ "/dev/mqueue", "mqueue", "mqueue", "nosuid noexec nodev" },
	{ "/sys", "sysfs", "sysfs", "nosuid noexec nodev ro" },
	{ "/sys/fs/cgroup", "cgroup", "cgroup", "nosuid noexec nodev relatime ro" },
	{ "/data", "bind", "volume", "rbind ro nosuid" },
	{ "/etc/hosts", "bind", "hosts", "bind ro" },
};

static void check_usual(void)
{
	char cwd[64];

	CHECK(is_fs("/proc", PROC_SUPER_MAGIC) && is_fs("/dev/pts", DEVPTS_SUPER_MAGIC));
	CHECK(is_fs("/sys/fs/cgroup", CGROUP2_SUPER_MAGIC) &&
	      has_flags("/sys/fs/cgroup", ST_RDONLY));
	CHECK(sys_getcwd(cwd, sizeof(cwd)) > 0 && streq(cwd, "/"));
	CHECK(access(BOX_BASE, F_OK) < 0);
	CHECK(is_device("/dev/null", 1, 3, 0666) && is_device("/dev/zero", 1, 5, 0666));
	CHECK(is_device("/dev/full", 1, 7, 0666) && is_device("/dev/random", 1, 8, 0666));
	CHECK(is_device("/dev/urandom", 1, 9, 0666) && is_device("/dev/tty", 5, 0, 0666));
	CHECK(is_link("/dev/ptmx", "pts/ptmx") && is_link("/dev/fd", "/proc/self/fd"));
	CHECK(is_link("/dev/stdin", "/proc/self/fd/0") &&
	      is_link("/dev/stderr", "/proc/self/fd/2"));
	CHECK(mkdir("/dev/x", 0755) < 0 && errno == EROFS);
	CHECK(mkdir("/dev/shm/x", 0755) == 0);
	CHECK(has_flags("/dev", ST_NOSUID | ST_RDONLY) && !has_flags("/dev", ST_NOEXEC));
	CHECK(has_flags("/sys", ST_RDONLY | ST_NOSUID | ST_NOEXEC | ST_NODEV));
	CHECK(has_text("/data/file", "hello") && has_flags("/data", ST_RDONLY | ST_NOSUID));
	CHECK(has_text("/etc/hosts", "127.0.0.1") && has_flags("/etc/hosts", ST_RDONLY));
}

static void check_masks(void)
{
	CHECK(is_device("/proc/iomem", 1, 3, 0666) && is_device("/proc/keys", 1, 3, 0666));
	CHECK(is_empty("/sys/firmware") && is_empty("/sys/class"));
	CHECK(same_fs("/sys/firmware", "/sys/class") && has_flags("/sys/class", ST_RDONLY));
	/* The mask went to what the symlink means inside. */
	CHECK(is_link("/secret", "../../etc/real") && is_device("/etc/real", 1, 3, 0666));
	CHECK(has_flags("/proc/sys", ST_RDONLY) && has_flags("/proc/bus", ST_RDONLY));
	CHECK(!has_flags("/proc", ST_RDONLY));
	CHECK(!has_text("/proc/self/mountinfo", "shared:"));
	CHECK(!has_text("/proc/self/mountinfo", "master:"));
}

static void put_usual_image(void)
{
	put_dir("volume");
	put_file("volume/file", "hello");
	put_file("hosts", "127.0.0.1 localhost");
	put_dir("rootfs/etc");
	put_file("rootfs/etc/real", "secret");
	put_link("../../etc/real", "rootfs/secret");
}

static void case_usual(void)
{
	int before = tap_count_fds();
	struct error err = ERROR_INIT;
	struct box b;

	/* Opened once and kept by its module. */
	before += proc_fd(&err) >= 0;
	put_usual_image();
	box_init(&b, usual, ARRAY_SIZE(usual));
	b.root.readonly = true;
	b.lin.masked_paths = masked;
	b.lin.n_masked_paths = ARRAY_SIZE(masked) - 1;
	b.lin.readonly_paths = readonly;
	b.lin.n_readonly_paths = ARRAY_SIZE(readonly) - 1;
	if (unshare(CLONE_NEWCGROUP) < 0 || !CHECK(box_enter(&b) == 0))
		return;
	box_fini(&b);
	check_usual();
	check_masks();
	CHECK(has_flags("/", ST_RDONLY));
	CHECK(tap_count_fds() == before);
}

static void case_no_pivot(void)
{
	struct box b;

	put_usual_image();
	box_init(&b, usual, ARRAY_SIZE(usual));
	b.rootfs.no_pivot = true;
	if (!CHECK(box_enter(&b) == 0))
		return;
	check_usual();
	check_host_hidden();
}

static void case_empty_config(void)
{
	struct box b;

	box_init(&b, NULL, 0);
	b.lin.n_namespaces = 1;
	if (!CHECK(box_enter(&b) == 0))
		return;
	CHECK(is_device("/dev/null", 1, 3, 0666) && is_link("/dev/ptmx", "pts/ptmx"));
	CHECK(mkdir("/x", 0755) == 0);
}

static void case_mount_on_root(void)
{
	static const struct simple_mount mounts[] = {
		{ "/old", "tmpfs", "tmpfs", "" },
		{ "/", "tmpfs", "tmpfs", "mode=755" },
		{ "/proc", "proc", "proc", "" },
	};
	struct box b;

	box_init(&b, mounts, ARRAY_SIZE(mounts));
	put_file("rootfs/below", "");
	if (!CHECK(box_enter(&b) == 0))
		return;
	CHECK(access("/below", F_OK) < 0 && is_fs("/proc", PROC_SUPER_MAGIC));
	CHECK(is_device("/dev/null", 1, 3, 0666) && access("/old", F_OK) < 0);
}

static void case_tmpfs(void)
{
	static const struct simple_mount mounts[] = {
		{ "/kept", "tmpfs", "tmpfs", "" },
		{ "/given", "tmpfs", "tmpfs", "mode=700" },
		{ "/new", "tmpfs", "tmpfs", "" },
		{ "/copied", "tmpfs", "tmpfs", "tmpcopyup ro" },
	};
	struct stat st;
	struct box b;

	put_dir("rootfs/kept");
	put_dir("rootfs/given");
	put_dir("rootfs/copied");
	put_dir("rootfs/copied/sub");
	put_file("rootfs/copied/sub/file", "text");
	put_link("/etc/shadow", "rootfs/copied/link");
	if (chmod("rootfs/kept", 01750) < 0 || chmod("rootfs/copied/sub/file", 04751) < 0 ||
	    chown("rootfs/copied/sub", 12, 34) < 0)
		_exit(93);
	box_init(&b, mounts, ARRAY_SIZE(mounts));
	if (!CHECK(box_enter(&b) == 0))
		return;
	CHECK(stat("/kept", &st) == 0 && (st.st_mode & 07777) == 01750 && !same_fs("/", "/kept"));
	CHECK(stat("/given", &st) == 0 && (st.st_mode & 07777) == 0700);
	CHECK(stat("/new", &st) == 0 && (st.st_mode & 07777) == 01777);
	CHECK(has_text("/copied/sub/file", "text") && is_link("/copied/link", "/etc/shadow"));
	CHECK(has_flags("/copied", ST_RDONLY) && !same_fs("/", "/copied"));
	CHECK(stat("/copied/sub", &st) == 0 && st.st_uid == 12 && st.st_gid == 34);
	CHECK(stat("/copied/sub/file", &st) == 0 && (st.st_mode & 07777) == 04751);
}

static void case_bind_options(void)
{
	static const struct simple_mount mounts[] = {
		{ "/top", "bind", "volume", "rbind ro noatime" },
		{ "/all", "bind", "volume", "rbind rro rnoexec" },
		{ "/one", "bind", "volume", "bind" },
		{ "/exec", "bind", "strict", "bind exec suid rw" },
		{ "/exec", NULL, NULL, "remount bind nodev" },
	};
	struct box b;

	put_dir("volume");
	put_dir("volume/sub");
	put_dir("strict");
	if (mount("tmpfs", "volume/sub", "tmpfs", 0, NULL) < 0 ||
	    mount("tmpfs", "strict", "tmpfs", MS_NOEXEC | MS_NOSUID | MS_RDONLY, NULL) < 0)
		_exit(92);
	put_file("volume/sub/file", "");
	box_init(&b, mounts, ARRAY_SIZE(mounts));
	if (!CHECK(box_enter(&b) == 0))
		return;
	CHECK(has_flags("/top", ST_RDONLY | ST_NOATIME) && !has_flags("/top/sub", ST_RDONLY));
	CHECK(has_flags("/all/sub", ST_RDONLY | ST_NOEXEC) && has_flags("/all", ST_RDONLY));
	CHECK(access("/one/sub/file", F_OK) < 0 && access("/top/sub/file", F_OK) == 0);
	CHECK(!has_flags("/exec", ST_NOEXEC) && !has_flags("/exec", ST_NOSUID));
	CHECK(has_flags("/exec", ST_NODEV));
}

static void case_bind_dev(void)
{
	static const struct simple_mount mounts[] = { { "/dev", "bind", "volume", "bind" } };
	struct oci_device device = { .type = OCI_DEVICE_TYPE_FIFO, .path = "/dev/pipe" };
	struct box b;

	put_dir("volume");
	box_init(&b, mounts, 1);
	b.lin.devices = &device;
	b.lin.n_devices = 1;
	if (CHECK(box_enter(&b) == 0))
		CHECK(is_empty("/dev"));
}

static void case_devices(void)
{
	static const int64_t ten = 10, two_hundred = 200, one = 1, three = 3;
	static const uint32_t mode = 020640, uid = 7, gid = 8;
	struct oci_device devices[] = {
		{ OCI_DEVICE_TYPE_CHAR, "/dev/net/tun", &ten, &two_hundred, &mode, &uid, &gid },
		{ OCI_DEVICE_TYPE_UNBUFFERED, "/dev/null", &one, &three, &mode },
		{ OCI_DEVICE_TYPE_FIFO, "/var/pipe" },
		{ OCI_DEVICE_TYPE_BLOCK, "/disk", &ten, &one },
		{ OCI_DEVICE_TYPE_CHAR, "/var/null", &one, &three },
	};
	struct stat st;
	struct box b;

	put_dir("rootfs/var");
	if (mknod("rootfs/var/null", S_IFCHR | 0600, makedev(1, 3)) < 0)
		_exit(91);
	box_init(&b, NULL, 0);
	b.lin.devices = devices;
	b.lin.n_devices = ARRAY_SIZE(devices);
	if (!CHECK(box_enter(&b) == 0))
		return;
	CHECK(is_device("/dev/net/tun", 10, 200, 0640));
	CHECK(stat("/dev/net/tun", &st) == 0 && st.st_uid == 7 && st.st_gid == 8);
	CHECK(is_device("/dev/null", 1, 3, 0640) && is_device("/dev/zero", 1, 5, 0666));
	CHECK(stat("/var/pipe", &st) == 0 && st.st_mode == (S_IFIFO | 0666));
	CHECK(stat("/disk", &st) == 0 && st.st_mode == (S_IFBLK | 0666));
	CHECK(is_device("/var/null", 1, 3, 0600));
}

static void case_console(void)
{
	static const struct simple_mount mounts[] = {
		{ "/dev", "tmpfs", "tmpfs", "mode=755" },
		{ "/dev/pts", "devpts", "devpts", "newinstance ptmxmode=0666" },
	};
	int master_fd, slave_fd, zero = 0;
	struct stat st;
	struct box b;

	box_init(&b, mounts, ARRAY_SIZE(mounts));
	if (!CHECK(box_prepare(&b) == 0 && unshare(CLONE_NEWNS) == 0 && box_build(&b) == 0))
		return;
	master_fd = openat(b.rootfs.fd, "dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK(master_fd >= 0 && ioctl(master_fd, TIOCSPTLCK, &zero) == 0);
	slave_fd = ioctl(master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK(slave_fd >= 0);
	CHECK(device_make_console(b.rootfs.fd, slave_fd, &b.err) == 0);
	CHECK(rootfs_pivot(&b.rootfs, &b.err) == 0);
	CHECK(stat("/dev/console", &st) == 0 && S_ISCHR(st.st_mode) && major(st.st_rdev) == 136);
}

static void case_idmap(void)
{
	static const struct simple_mount mounts[] = {
		{ "/a", "bind", "volume", "bind idmap" },
		{ "/b", "bind", "volume", "bind ridmap" },
		{ "/c", "bind", "volume", "bind" },
	};
	struct oci_id_mapping map = { 0, 1000, 10 };
	struct stat st;
	struct box b;

	put_dir("volume");
	put_file("volume/file", "");
	box_init(&b, mounts, ARRAY_SIZE(mounts));
	for (int i = 0; i < 2; i++) {
		b.mounts[i].uid_mappings = b.mounts[i].gid_mappings = &map;
		b.mounts[i].n_uid_mappings = b.mounts[i].n_gid_mappings = 1;
	}
	if (!CHECK(box_enter(&b) == 0))
		return;
	CHECK(stat("/a/file", &st) == 0 && st.st_uid == 1000 && st.st_gid == 1000);
	CHECK(stat("/b/file", &st) == 0 && st.st_uid == 1000);
	CHECK(stat("/c/file", &st) == 0 && st.st_uid == 0);
}

/* What the container mounts must never show on the host, however shared the host's mounts are. */
static void check_propagation(enum oci_propagation propagation, const char *where)
{
	static const struct simple_mount mounts[] = {
		{ "/proc", "proc", "proc", "" },
		{ "/private", "bind", "volume", "rbind" },
		{ "/shared", "bind", "volume", "rbind rshared" },
		{ "/slave", "bind", "volume", "rbind rslave" },
	};
	int status = -1;
	pid_t pid;

	put_dir("volume");
	put_dir("volume/private");
	put_dir("volume/shared");
	put_dir("volume/slave");
	if (mount(NULL, BOX_BASE, NULL, MS_SHARED, NULL) < 0)
		_exit(90);
	pid = fork();
	if (pid == 0) {
		struct box b;
		bool good;

		box_init(&b, mounts, ARRAY_SIZE(mounts));
		b.lin.rootfs_propagation = propagation;
		good = box_enter(&b) == 0 &&
		       mount("tmpfs", "/private/private", "tmpfs", 0, NULL) == 0 &&
		       mount("tmpfs", "/shared/shared", "tmpfs", 0, NULL) == 0 &&
		       mount("tmpfs", "/slave/slave", "tmpfs", 0, NULL) == 0;
		_exit(good ? 0 : 1);
	}
	(void)waitpid(pid, &status, 0);
	check_in(where, status == 0, "the container was set up");
	check_in(where, is_empty("rootfs/proc"), "/proc of the container is not seen on the host");
	check_in(where, same_fs("volume", "volume/private"), "nor a mount in a private volume");
	check_in(where, same_fs("volume", "volume/slave"), "nor a mount in a slave volume");
	check_in(where, !same_fs("volume", "volume/shared"), "but one in a shared volume is");
}

static void case_propagation_default(void)
{
	check_propagation(0, __func__);
}

static void case_propagation_shared(void)
{
	check_propagation(OCI_PROPAGATION_SHARED, __func__);
}

static void case_propagation_slave(void)
{
	check_propagation(OCI_PROPAGATION_RSLAVE, __func__);
}

/* Without a cgroup namespace the host's own tree is what the container is shown. */
static void case_host_cgroup(void)
{
	static const struct simple_mount mounts[] = {
		{ "/sys/fs/cgroup", "cgroup", "cgroup", "nosuid noexec nodev ro" },
	};
	struct box b;

	box_init(&b, mounts, 1);
	b.lin.n_namespaces = 1;
	if (!CHECK(box_enter(&b) == 0))
		return;
	CHECK(is_fs("/sys/fs/cgroup", CGROUP2_SUPER_MAGIC));
	CHECK(has_flags("/sys/fs/cgroup", ST_RDONLY | ST_NOSUID | ST_NODEV));
}

static void case_overlay_long(void)
{
	static char options[700];
	const struct simple_mount mounts[] = { { "/o", "overlay", "overlay", options } };
	char name[240];
	struct box b;

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	put_dir("one");
	put_file("one/file", "lower");
	put_dir(name);
	(void)snprintf(options, sizeof(options), "nosuid lowerdir=%s/one:%s/%s", BOX_BASE, BOX_BASE,
		       name);
	box_init(&b, mounts, 1);
	if (!CHECK(strlen(options) > 255 && box_enter(&b) == 0))
		return;
	CHECK(has_text("/o/file", "lower") && has_flags("/o", ST_NOSUID));
}

static void case_chroot_only(void)
{
	struct box b;

	put_file("rootfs/here", "");
	box_init(&b, NULL, 0);
	b.lin.n_namespaces = 0;
	CHECK(rootfs_open(&b.rootfs, &b.config, AT_FDCWD, &b.err) == 0);
	CHECK(rootfs_prepare(&b.rootfs, &b.err) == 0 && rootfs_pivot(&b.rootfs, &b.err) == 0);
	CHECK(rootfs_finish(&b.rootfs, &b.err) == 0);
	CHECK(access("/here", F_OK) == 0 && access(BOX_BASE, F_OK) < 0);
}

int main(void)
{
	box_require_root();
	RUN(case_usual);
	RUN(case_no_pivot);
	RUN(case_empty_config);
	RUN(case_mount_on_root);
	RUN(case_tmpfs);
	RUN(case_bind_options);
	RUN(case_bind_dev);
	RUN(case_devices);
	RUN(case_console);
	RUN(case_idmap);
	RUN(case_propagation_default);
	RUN(case_propagation_shared);
	RUN(case_propagation_slave);
	RUN(case_host_cgroup);
	RUN(case_overlay_long);
	RUN(case_chroot_only);
	return tap_done();
}
