/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole root file systems, as init builds them: each case runs in a process and
 * a mount namespace of its own, on a tmpfs, and what it finds there travels over
 * a pipe to the program that counts.  Many of the images are hostile.
 */
#include "tests/unit/tap.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/syscall.h"
#include "linux/device.h"
#include "linux/idmap.h"
#include "linux/mask.h"
#include "linux/mount.h"
#include "linux/rootfs.h"

static const char base[] = "/tmp/test-linux-rootfs";

/* --- the way from a case to the counting program ---------------------------------- */

static int report_fd = -EBADF;

static bool check(bool passed, const char *name)
{
	char line[512];
	int n = snprintf(line, sizeof(line), "%c%.500s", passed ? '+' : '-', name);

	if (write(report_fd, line, (size_t)n + 1) < 0)
		_exit(99);
	return passed;
}
/* One test, named after the case and the expression; its value, so that a case can stop. */
#define CHECK(expr) check_in(__func__, (expr), #expr)

static bool check_in(const char *where, bool passed, const char *what)
{
	char name[400];

	(void)snprintf(name, sizeof(name), "%s: %s", where, what);
	return check(passed, name);
}

static void put_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		_exit(98);
	(void)close(fd);
}

static void put_link(const char *target, const char *path)
{
	if (symlink(target, path) < 0)
		_exit(97);
}

static void put_dir(const char *path)
{
	if (mkdir(path, 0755) < 0)
		_exit(96);
}

/* In a fresh mount namespace: BASE is a tmpfs with an empty "rootfs", the working directory. */
static void enter_base(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", base, "tmpfs", 0, "mode=755") < 0 || chdir(base) < 0)
		_exit(95);
	put_dir("rootfs");
}

static void run_case(void (*function)(void), const char *name)
{
	char buf[1024];
	int fds[2], status = 0, n_checks = 0;
	FILE *from;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		exit(1);
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		report_fd = fds[1];
		enter_base();
		function();
		_exit(0);
	}
	(void)close(fds[1]);
	from = fdopen(fds[0], "r");
	for (size_t n = 0;;) {
		int c = getc(from);

		if (c == EOF)
			break;
		if (n < sizeof(buf))
			buf[n++] = (char)c;
		if (c != '\0')
			continue;
		(void)ok_named(buf[0] == '+', "%s", buf + 1);
		n_checks++;
		n = 0;
	}
	(void)fclose(from);
	(void)waitpid(pid, &status, 0);
	(void)ok_named(status == 0 && n_checks > 0, "%s ended (status %#x)", name, status);
}
#define RUN(function) run_case(function, #function)

/* --- a container --------------------------------------------------------------------- */

struct simple_mount {
	const char *dest, *type, *source, *options;
};

enum { MAX_MOUNTS = 16, MAX_OPTIONS = 8 };

struct box {
	struct oci_namespace namespaces[4];
	struct oci_linux lin;
	struct oci_root root;
	struct oci_mount mounts[MAX_MOUNTS];
	char *options[MAX_MOUNTS][MAX_OPTIONS];
	struct oci_config config;
	struct rootfs rootfs;
	struct mount_plan *plan;
	struct device_plan *devices;
	struct error err;
};

static void init_box(struct box *b, const struct simple_mount *mounts, size_t n)
{
	*b = (struct box){ .rootfs = ROOTFS_INIT, .err = ERROR_INIT };
	b->namespaces[0].type = OCI_NAMESPACE_MOUNT;
	b->namespaces[1].type = OCI_NAMESPACE_CGROUP;
	b->lin.namespaces = b->namespaces;
	b->lin.n_namespaces = 2;
	b->root.path = "rootfs";
	for (size_t i = 0; i < n; i++) {
		char *text = xstrdup(mounts[i].options);

		b->mounts[i] = (struct oci_mount){ .destination = mounts[i].dest,
						   .type = mounts[i].type,
						   .source = mounts[i].source,
						   .options = b->options[i] };
		for (char *s = strtok(text, " "); s; s = strtok(NULL, " "))
			b->options[i][b->mounts[i].n_options++] = s;
	}
	b->config = (struct oci_config){ .root = &b->root, .linux = &b->lin, .mounts = b->mounts,
					 .n_mounts = n };
}

/* What the parent does before it clones. */
static int prepare_parent(struct box *b)
{
	struct mount_env env = MOUNT_ENV_INIT;
	struct device_env device_env = { .owns_dev = true };
	int r;

	env.bundle = base;
	for (size_t i = 0; i < b->lin.n_namespaces; i++)
		device_env.userns |= b->namespaces[i].type == OCI_NAMESPACE_USER;
	r = rootfs_open(&b->rootfs, &b->config, AT_FDCWD, &b->err);
	if (r == 0)
		r = mask_check(&b->lin, &b->err);
	if (r == 0)
		r = mount_plan_new(&b->config, &env, &b->plan, &b->err);
	if (r < 0)
		return r;
	device_env.owns_dev = mount_plan_owns_dev(b->plan);
	r = device_plan_new(&b->lin, &device_env, &b->devices, &b->err);
	if (r == 0)
		r = mount_plan_open(b->plan, -EBADF, &b->err);
	return r < 0 ? r : rootfs_stand(&b->rootfs, &b->err);
}

static int build_init(struct box *b)
{
	int r;

	(void)umask(0);
	r = rootfs_prepare(&b->rootfs, &b->err);
	if (r == 0)
		r = mount_plan_attach(b->plan, &b->rootfs.fd, &b->err);
	if (r == 0)
		r = device_plan_make(b->devices, b->rootfs.fd, &b->err);
	if (r == 0)
		r = mount_plan_finish(b->plan, &b->err);
	if (r == 0)
		r = mask_apply(&b->lin, NULL, b->rootfs.fd, &b->err);
	return r;
}

/* The host's "/" in the container's mount namespace, for looking at what pivoting left there. */
static int host_root_fd = -EBADF;

static int enter_init(struct box *b)
{
	int r = build_init(b);

	if (b->rootfs.no_pivot)
		host_root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (r == 0)
		r = rootfs_pivot(&b->rootfs, &b->err);
	return r < 0 ? r : rootfs_finish(&b->rootfs, &b->err);
}

static void fini_box(struct box *b)
{
	b->plan = mount_plan_free(b->plan);
	b->devices = device_plan_free(b->devices);
	rootfs_fini(&b->rootfs);
}

/* Parent and init in one process: unshare(2) carries the working directory over as clone(2) does. */
static int enter(struct box *b)
{
	int r = prepare_parent(b);

	if (r == 0 && unshare(CLONE_NEWNS) < 0)
		_exit(94);
	if (r == 0)
		r = enter_init(b);
	if (r < 0)
		(void)fprintf(stderr, "# %s [%s] [%s]\n", b->err.msg, b->err.pointer, b->err.hint);
	return r;
}

/* --- looking ------------------------------------------------------------------------- */

static bool is_device(const char *path, unsigned int maj, unsigned int min, mode_t mode)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(maj, min) &&
	       (st.st_mode & 07777) == mode;
}

static bool is_link(const char *path, const char *target)
{
	char have[256];
	ssize_t n = readlink(path, have, sizeof(have) - 1);

	have[n > 0 ? n : 0] = '\0';
	return streq(have, target);
}

static bool has_flags(const char *path, unsigned long flags)
{
	struct statvfs st;

	return statvfs(path, &st) == 0 && (st.f_flag & flags) == flags;
}

static bool is_fs_at(int dfd, const char *name, long magic)
{
	cleanup_close int fd = openat(dfd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs st;

	return fstatfs(fd, &st) == 0 && (long)st.f_type == magic;
}

static bool is_fs(const char *path, long magic)
{
	struct statfs st;

	return statfs(path, &st) == 0 && (long)st.f_type == magic;
}

static bool is_empty(const char *path)
{
	DIR *dir = opendir(path);
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		(void)closedir(dir);
	return n == 2;
}

static bool same_fs(const char *a, const char *b)
{
	struct stat st_a, st_b;

	return stat(a, &st_a) == 0 && stat(b, &st_b) == 0 && st_a.st_dev == st_b.st_dev;
}

static int count_text(const char *path, const char *text)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	struct error err = ERROR_INIT;
	int n = 0;

	if (file_read_at(AT_FDCWD, path, 1 << 20, &sb, &err) < 0)
		return -1;
	for (const char *p = sb.buf; (p = strstr(p, text)); p++)
		n++;
	return n;
}

static bool has_text(const char *path, const char *text)
{
	return count_text(path, text) > 0;
}

/* --- the cases ------------------------------------------------------------------------ */

static const struct simple_mount usual[] = {
	{ "/proc", "proc", "proc", "" },
	{ "/dev", "tmpfs", "tmpfs", "nosuid strictatime mode=755 size=65536k ro" },
	{ "/dev/pts", "devpts", "devpts", "nosuid noexec newinstance ptmxmode=0666 mode=0620 gid=5" },
	{ "/dev/shm", "tmpfs", "shm", "nosuid noexec nodev mode=1777 size=65536k" },
	{ "/dev/mqueue", "mqueue", "mqueue", "nosuid noexec nodev" },
	{ "/sys", "sysfs", "sysfs", "nosuid noexec nodev ro" },
	{ "/sys/fs/cgroup", "cgroup", "cgroup", "nosuid noexec nodev relatime ro" },
	{ "/data", "bind", "volume", "rbind ro nosuid" },
	{ "/etc/hosts", "bind", "hosts", "bind ro" },
};

static char *masked[] = { "/proc/iomem", "/proc/keys", "/proc/scsi", "/sys/firmware", "/sys/class",
			  "/missing", "/secret", NULL };
static char *readonly[] = { "/proc/sys", "/proc/bus", "/missing/too", NULL };

static void check_usual(void)
{
	char cwd[64];

	CHECK(is_fs("/proc", PROC_SUPER_MAGIC) && is_fs("/dev/pts", DEVPTS_SUPER_MAGIC));
	CHECK(is_fs("/sys/fs/cgroup", CGROUP2_SUPER_MAGIC) && has_flags("/sys/fs/cgroup", ST_RDONLY));
	CHECK(sys_getcwd(cwd, sizeof(cwd)) > 0 && streq(cwd, "/"));
	CHECK(access(base, F_OK) < 0);
	CHECK(is_device("/dev/null", 1, 3, 0666) && is_device("/dev/zero", 1, 5, 0666));
	CHECK(is_device("/dev/full", 1, 7, 0666) && is_device("/dev/random", 1, 8, 0666));
	CHECK(is_device("/dev/urandom", 1, 9, 0666) && is_device("/dev/tty", 5, 0, 0666));
	CHECK(is_link("/dev/ptmx", "pts/ptmx") && is_link("/dev/fd", "/proc/self/fd"));
	CHECK(is_link("/dev/stdin", "/proc/self/fd/0") && is_link("/dev/stderr", "/proc/self/fd/2"));
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
	init_box(&b, usual, ARRAY_SIZE(usual));
	b.root.readonly = true;
	b.lin.masked_paths = masked;
	b.lin.n_masked_paths = ARRAY_SIZE(masked) - 1;
	b.lin.readonly_paths = readonly;
	b.lin.n_readonly_paths = ARRAY_SIZE(readonly) - 1;
	if (unshare(CLONE_NEWCGROUP) < 0 || !CHECK(enter(&b) == 0))
		return;
	fini_box(&b);
	check_usual();
	check_masks();
	CHECK(has_flags("/", ST_RDONLY));
	CHECK(tap_count_fds() == before);
}

/* The host's procfs and sysfs are gone, although the mounts they stood on are not (R22). */
static void check_host_hidden(void)
{
	CHECK(host_root_fd >= 0 && is_fs_at(AT_FDCWD, "/proc", PROC_SUPER_MAGIC));
	CHECK(!is_fs_at(host_root_fd, "proc", PROC_SUPER_MAGIC));
	CHECK(!is_fs_at(host_root_fd, "sys", SYSFS_MAGIC));
	CHECK(faccessat(host_root_fd, "etc/passwd", F_OK, 0) == 0);
}

static void case_no_pivot(void)
{
	struct box b;

	put_usual_image();
	init_box(&b, usual, ARRAY_SIZE(usual));
	b.rootfs.no_pivot = true;
	if (!CHECK(enter(&b) == 0))
		return;
	check_usual();
	check_host_hidden();
}

static void case_empty_config(void)
{
	struct box b;

	init_box(&b, NULL, 0);
	b.lin.n_namespaces = 1;
	if (!CHECK(enter(&b) == 0))
		return;
	CHECK(is_device("/dev/null", 1, 3, 0666) && is_link("/dev/ptmx", "pts/ptmx"));
	CHECK(mkdir("/x", 0755) == 0);
}

static void expect_refusal(const char *where, const struct simple_mount *mounts, size_t n,
			   const char *message, const char *pointer)
{
	struct box b;
	int r;

	init_box(&b, mounts, n);
	r = prepare_parent(&b);
	if (r == 0 && unshare(CLONE_NEWNS) < 0)
		_exit(94);
	if (r == 0)
		r = enter_init(&b);
	check_in(where, r < 0, "is refused");
	if (!check_in(where, strstr(b.err.msg, message) != NULL, message))
		(void)fprintf(stderr, "# got: %s\n", b.err.msg);
	if (!check_in(where, streq(b.err.pointer, pointer), pointer))
		(void)fprintf(stderr, "# got: %s\n", b.err.pointer);
}

static void case_dev_symlink(void)
{
	put_dir("outside");
	put_link("../outside", "rootfs/dev");
	expect_refusal(__func__, NULL, 0, "/dev: Too many levels of symbolic links", "");
	CHECK(is_empty("/tmp/test-linux-rootfs/outside"));
}

static void case_dev_symlink_inside(void)
{
	static const struct simple_mount mounts[] = { { "/dev", "tmpfs", "tmpfs", "" } };

	put_dir("rootfs/elsewhere");
	put_link("/elsewhere", "rootfs/dev");
	expect_refusal(__func__, mounts, 1, "/dev: Too many levels of symbolic links", "");
}

static void case_proc_symlink(void)
{
	static const struct simple_mount mounts[] = { { "/proc", "proc", "proc", "" } };

	put_dir("rootfs/fake");
	put_link("/fake", "rootfs/proc");
	expect_refusal(__func__, mounts, 1, "Too many levels of symbolic links", "mounts[0]");
}

static void case_sys_parent_symlink(void)
{
	static const struct simple_mount mounts[] = { { "/a/sys", "sysfs", "sysfs", "" } };

	put_dir("rootfs/b");
	put_link("b", "rootfs/a");
	expect_refusal(__func__, mounts, 1, "Too many levels of symbolic links", "mounts[0]");
}

static void case_proc_file(void)
{
	static const struct simple_mount mounts[] = { { "/proc", "proc", "proc", "" } };

	put_file("rootfs/proc", "");
	expect_refusal(__func__, mounts, 1, "Not a directory", "mounts[0]");
}

/* A volume whose target the image leads into procfs. */
static void case_into_proc(void)
{
	static const struct simple_mount mounts[] = {
		{ "/proc", "proc", "proc", "" },
		{ "/data", "bind", "volume", "bind" },
	};

	put_dir("volume");
	put_link("/proc/sys/kernel", "rootfs/data");
	expect_refusal(__func__, mounts, 2, "inside a proc file system", "mounts[1]");
}

static void case_fake_proc(void)
{
	static const struct simple_mount mounts[] = { { "/proc", "bind", "volume", "rbind" } };

	put_dir("volume");
	expect_refusal(__func__, mounts, 1, "not the root of a proc file system", "mounts[0].source");
}

static void case_missing_source(void)
{
	static const struct simple_mount mounts[] = { { "/data", "bind", "/nowhere", "rbind" } };

	expect_refusal(__func__, mounts, 1, "/nowhere: No such file or directory",
		       "mounts[0].source");
}

static void case_bad_data(void)
{
	static const struct simple_mount mounts[] = { { "/x", "tmpfs", "tmpfs", "ro sizes=1" } };

	expect_refusal(__func__, mounts, 1, "sizes=1 (tmpfs: Unknown parameter 'sizes')",
		       "mounts[0].options[1]");
}

static void case_bad_type(void)
{
	static const struct simple_mount mounts[] = { { "/x", "nosuchfs", "x", "" } };

	expect_refusal(__func__, mounts, 1, "fsopen nosuchfs: No such device", "mounts[0].type");
}

static void case_file_on_directory(void)
{
	static const struct simple_mount mounts[] = { { "/x", "bind", "file", "bind" } };

	put_file("file", "");
	put_dir("rootfs/x");
	expect_refusal(__func__, mounts, 1, "Not a directory", "mounts[0]");
}

static void case_wrong_null(void)
{
	put_dir("rootfs/dev");
	put_file("rootfs/dev/null", "evil");
	expect_refusal(__func__, NULL, 0, "device /dev/null: something else is there already", "");
}

/* A mask must not be skipped because the image made its path unusable. */
static void case_mask_magic_link(void)
{
	char *paths[] = { "/x", NULL };
	static const struct simple_mount mounts[] = { { "/proc", "proc", "proc", "" } };
	struct box b;

	put_link("/proc/self/root", "rootfs/x");
	init_box(&b, mounts, 1);
	b.lin.masked_paths = paths;
	b.lin.n_masked_paths = 1;
	CHECK(enter(&b) == -ELOOP);
	CHECK(streq(b.err.pointer, "linux.maskedPaths[0]"));
}

static void case_escaping_targets(void)
{
	static const struct simple_mount mounts[] = {
		{ "/up", "tmpfs", "tmpfs", "mode=711" },
		{ "../../dots", "tmpfs", "tmpfs", "" },
		{ "/dangling", "bind", "file", "bind" },
		{ "/deep/er", "bind", "volume", "bind" },
	};
	struct box b;

	put_dir("outside");
	put_dir("volume");
	put_dir("volume/seen");
	put_file("file", "content");
	put_link("../../../../../../tmp/test-linux-rootfs/outside", "rootfs/up");
	put_link("/tmp/made", "rootfs/dangling");
	put_link("/run", "rootfs/deep");
	init_box(&b, mounts, ARRAY_SIZE(mounts));
	put_dir("rootfs/tmp");
	put_dir("rootfs/tmp/test-linux-rootfs");
	put_dir("rootfs/tmp/test-linux-rootfs/outside");
	if (!CHECK(prepare_parent(&b) == 0 && unshare(CLONE_NEWNS) == 0 && build_init(&b) == 0)) {
		(void)fprintf(stderr, "# %s\n", b.err.msg);
		return;
	}
	CHECK(is_empty("/tmp/test-linux-rootfs/outside"));
	CHECK(access("/tmp/made", F_OK) < 0);
	CHECK(same_fs("/tmp/test-linux-rootfs", "/tmp/test-linux-rootfs/outside"));
	CHECK(rootfs_pivot(&b.rootfs, &b.err) == 0);
	CHECK(!same_fs("/tmp", "/tmp/test-linux-rootfs/outside"));
	CHECK(!same_fs("/", "/dots"));
	CHECK(has_text("/tmp/made", "content"));
	CHECK(access("/run/er/seen", F_OK) == 0);
}

static void exchange_forever(const char *a, const char *b)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		(void)renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE);
}

/* A process that turns a directory on the way into a symlink and back, as fast as it can. */
static void case_racing_renamer(void)
{
	static const struct simple_mount mounts[] = {
		{ "/data/tmp", "tmpfs", "tmpfs", "" },
		{ "/data/volume", "bind", "volume", "bind" },
		{ "/data/file", "bind", "hosts", "bind" },
	};
	int status, escaped = 0, built = 0;
	pid_t renamer;

	put_dir("outside");
	put_dir("volume");
	put_file("hosts", "");
	put_dir("rootfs/data");
	put_link("/tmp/test-linux-rootfs/outside", "rootfs/link");
	renamer = fork();
	if (renamer == 0)
		exchange_forever("rootfs/data", "rootfs/link");
	for (int i = 0; i < 200; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			struct box b;
			bool done;

			init_box(&b, mounts, ARRAY_SIZE(mounts));
			done = prepare_parent(&b) == 0 && unshare(CLONE_NEWNS) == 0 &&
			       build_init(&b) == 0;
			_exit(is_empty("/tmp/test-linux-rootfs/outside") ? done : 2);
		}
		(void)waitpid(pid, &status, 0);
		escaped += WEXITSTATUS(status) == 2;
		built += WEXITSTATUS(status) == 1;
	}
	(void)kill(renamer, SIGKILL);
	(void)waitpid(renamer, NULL, 0);
	CHECK(escaped == 0);
	CHECK(is_empty("outside"));
	/* Directory or symlink, the mounts went somewhere inside. */
	CHECK(built > 0);
}

static void case_mount_on_root(void)
{
	static const struct simple_mount mounts[] = {
		{ "/old", "tmpfs", "tmpfs", "" },
		{ "/", "tmpfs", "tmpfs", "mode=755" },
		{ "/proc", "proc", "proc", "" },
	};
	struct box b;

	init_box(&b, mounts, ARRAY_SIZE(mounts));
	put_file("rootfs/below", "");
	if (!CHECK(enter(&b) == 0))
		return;
	CHECK(access("/below", F_OK) < 0 && is_fs("/proc", PROC_SUPER_MAGIC));
	CHECK(is_device("/dev/null", 1, 3, 0666) && access("/old", F_OK) < 0);
}

static void case_tmpfs(void)
{
	static const struct simple_mount mounts[] = {
		{ "/kept", "tmpfs", "tmpfs", "" },	  { "/given", "tmpfs", "tmpfs", "mode=700" },
		{ "/new", "tmpfs", "tmpfs", "" },	  { "/copied", "tmpfs", "tmpfs", "tmpcopyup ro" },
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
	init_box(&b, mounts, ARRAY_SIZE(mounts));
	if (!CHECK(enter(&b) == 0))
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
	init_box(&b, mounts, ARRAY_SIZE(mounts));
	if (!CHECK(enter(&b) == 0))
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
	init_box(&b, mounts, 1);
	b.lin.devices = &device;
	b.lin.n_devices = 1;
	if (CHECK(enter(&b) == 0))
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
	init_box(&b, NULL, 0);
	b.lin.devices = devices;
	b.lin.n_devices = ARRAY_SIZE(devices);
	if (!CHECK(enter(&b) == 0))
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

	init_box(&b, mounts, ARRAY_SIZE(mounts));
	if (!CHECK(prepare_parent(&b) == 0 && unshare(CLONE_NEWNS) == 0 && build_init(&b) == 0))
		return;
	master_fd = openat(b.rootfs.fd, "dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK(master_fd >= 0 && ioctl(master_fd, TIOCSPTLCK, &zero) == 0);
	slave_fd = ioctl(master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK(slave_fd >= 0);
	CHECK(device_make_console(b.rootfs.fd, slave_fd, &b.err) == 0);
	CHECK(rootfs_pivot(&b.rootfs, &b.err) == 0);
	CHECK(stat("/dev/console", &st) == 0 && S_ISCHR(st.st_mode) && major(st.st_rdev) == 136);
}

static void case_console_symlink(void)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct box b;

	put_dir("rootfs/dev");
	put_file("victim", "");
	put_link("/victim", "rootfs/dev/console");
	init_box(&b, NULL, 0);
	CHECK(prepare_parent(&b) == 0 && unshare(CLONE_NEWNS) == 0 && build_init(&b) == 0);
	CHECK(device_make_console(b.rootfs.fd, null_fd, &b.err) == -EEXIST);
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
	init_box(&b, mounts, ARRAY_SIZE(mounts));
	for (int i = 0; i < 2; i++) {
		b.mounts[i].uid_mappings = b.mounts[i].gid_mappings = &map;
		b.mounts[i].n_uid_mappings = b.mounts[i].n_gid_mappings = 1;
	}
	if (!CHECK(enter(&b) == 0))
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
	if (mount(NULL, base, NULL, MS_SHARED, NULL) < 0)
		_exit(90);
	pid = fork();
	if (pid == 0) {
		struct box b;
		bool good;

		init_box(&b, mounts, ARRAY_SIZE(mounts));
		b.lin.rootfs_propagation = propagation;
		good = enter(&b) == 0 &&
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

/* --- in a user namespace ------------------------------------------------------------ */

struct userns_case {
	uint64_t clone_flags;
	struct oci_id_mapping map;
	const struct simple_mount *mounts;
	size_t n;
	void (*look)(void);
	const char *where;
	bool no_pivot;
};

static void run_in_userns(const struct userns_case *c)
{
	struct oci_id_mapping map = c->map;
	struct idmap idmap = { &map, &map, 1, 1 };
	struct clone_args args = { .flags = CLONE_NEWUSER | CLONE_NEWNS | c->clone_flags,
				   .exit_signal = SIGCHLD };
	int go[2], status = -1;
	struct box b;
	pid_t pid;

	if (chown("rootfs", map.host_id, map.host_id) < 0 || pipe2(go, O_CLOEXEC) < 0)
		_exit(89);
	init_box(&b, c->mounts, c->n);
	b.rootfs.no_pivot = c->no_pivot;
	b.namespaces[2].type = OCI_NAMESPACE_USER;
	b.namespaces[3].type = OCI_NAMESPACE_PID;
	b.lin.n_namespaces = c->clone_flags & CLONE_NEWPID ? 4 : 3;
	b.lin.uid_mappings = b.lin.gid_mappings = &map;
	b.lin.n_uid_mappings = b.lin.n_gid_mappings = 1;
	b.lin.masked_paths = masked;
	b.lin.n_masked_paths = ARRAY_SIZE(masked) - 1;
	if (prepare_parent(&b) < 0)
		(void)fprintf(stderr, "# %s\n", b.err.msg);
	pid = sys_clone3(&args);
	if (pid == 0) {
		char byte;
		int r;

		if (read(go[0], &byte, 1) != 1 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
			_exit(2);
		r = enter_init(&b);
		if (r < 0)
			(void)fprintf(stderr, "# %s\n", b.err.msg);
		if (check_in(c->where, r == 0, "the rootfs in a user namespace"))
			c->look();
		_exit(0);
	}
	check_in(c->where, rootfs_leave(&b.rootfs, &b.err) == 0, "back from the rootfs");
	check_in(c->where, idmap_write(pid, &idmap, &b.err) == 0, "the maps are written");
	(void)write(go[1], "x", 1);
	(void)waitpid(pid, &status, 0);
	check_in(c->where, status == 0, "init ended well");
}

static void look_userns(void)
{
	struct stat st;

	CHECK(is_device("/dev/null", 1, 3, 0666) && !same_fs("/dev", "/dev/null"));
	CHECK(open("/dev/null", O_RDWR | O_CLOEXEC) >= 0);
	CHECK(is_fs("/proc", PROC_SUPER_MAGIC) && getpid() == 1);
	CHECK(stat("/idmapped/file", &st) == 0 && st.st_uid == 0);
	CHECK(stat("/plain/file", &st) == 0 && st.st_uid == 65534);
	CHECK(has_flags("/sys", ST_NOSUID | ST_NODEV | ST_NOEXEC));
	CHECK(is_empty("/sys/firmware") && is_device("/proc/keys", 1, 3, 0666));
	CHECK(has_text("/proc/self/mountinfo", "/shared rw,relatime shared:"));
	CHECK(has_text("/proc/self/mountinfo", "master:"));
}

static const struct simple_mount userns_mounts[] = {
	{ "/proc", "proc", "proc", "" },
	{ "/dev", "tmpfs", "tmpfs", "mode=755" },
	{ "/sys", "sysfs", "sysfs", "nosuid noexec nodev ro" },
	{ "/idmapped", "bind", "volume", "bind idmap" },
	{ "/plain", "bind", "volume", "bind" },
	{ "/shared", "bind", "volume", "bind shared" },
};

static void case_userns(void)
{
	struct userns_case c = { CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC, { 0, 100000, 65536 },
				 userns_mounts, ARRAY_SIZE(userns_mounts), look_userns, __func__ };

	put_dir("volume");
	put_file("volume/file", "");
	if (mount(NULL, base, NULL, MS_SHARED, NULL) < 0)
		_exit(88);
	run_in_userns(&c);
}

/* The network namespace is the host's: its sysfs stands in for a new one. */
static void case_userns_host_network(void)
{
	struct userns_case c = { CLONE_NEWPID, { 0, 100000, 65536 }, userns_mounts,
				 ARRAY_SIZE(userns_mounts), look_userns, __func__ };

	put_dir("volume");
	put_file("volume/file", "");
	if (mount(NULL, base, NULL, MS_SHARED, NULL) < 0)
		_exit(88);
	run_in_userns(&c);
}

static void look_hidden(void)
{
	CHECK(is_fs("/proc", PROC_SUPER_MAGIC) && access(base, F_OK) < 0);
	check_host_hidden();
}

/* The host's mounts are locked here: they cannot be taken away, only covered. */
static void case_userns_no_pivot(void)
{
	struct userns_case c = { CLONE_NEWPID | CLONE_NEWNET, { 0, 100000, 65536 }, userns_mounts, 2,
				 look_hidden, __func__, .no_pivot = true };

	run_in_userns(&c);
}

static void look_rootless(void)
{
	struct stat st;

	CHECK(is_device("/dev/null", 1, 3, 0666) && open("/dev/null", O_RDWR | O_CLOEXEC) >= 0);
	CHECK(stat("/data/file", &st) == 0 && st.st_uid == 0 && has_flags("/data", ST_RDONLY));
	CHECK(is_fs("/proc", PROC_SUPER_MAGIC) && getpid() == 1);
	CHECK(access(base, F_OK) < 0);
}

/* A user with nothing but one id: the sources are opened by init. */
static void case_rootless(void)
{
	static const struct simple_mount mounts[] = {
		{ "/proc", "proc", "proc", "" },
		{ "/dev", "tmpfs", "tmpfs", "mode=755" },
		{ "/data", "bind", "volume", "rbind ro" },
	};
	struct userns_case c = { CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC, { 0, 4321, 1 }, mounts,
				 ARRAY_SIZE(mounts), look_rootless, __func__ };

	if (chown(".", 4321, 4321) < 0 || chown("rootfs", 4321, 4321) < 0 ||
	    setresgid(4321, 4321, 4321) < 0 || setresuid(4321, 4321, 4321) < 0 ||
	    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		_exit(87);
	put_dir("volume");
	put_file("volume/file", "");
	run_in_userns(&c);
}

/* Without a cgroup namespace the host's own tree is what the container is shown. */
static void case_host_cgroup(void)
{
	static const struct simple_mount mounts[] = {
		{ "/sys/fs/cgroup", "cgroup", "cgroup", "nosuid noexec nodev ro" },
	};
	struct box b;

	init_box(&b, mounts, 1);
	b.lin.n_namespaces = 1;
	if (!CHECK(enter(&b) == 0))
		return;
	CHECK(is_fs("/sys/fs/cgroup", CGROUP2_SUPER_MAGIC));
	CHECK(has_flags("/sys/fs/cgroup", ST_RDONLY | ST_NOSUID | ST_NODEV));
}

static void case_overlay_long(void)
{
	static char options[700];
	const struct simple_mount mounts[] = { { "/o", "overlay", "overlay", options } };
	char name[200];
	struct box b;

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	put_dir("one");
	put_file("one/file", "lower");
	put_dir(name);
	(void)snprintf(options, sizeof(options), "nosuid lowerdir=%s/one:%s/%s", base, base, name);
	init_box(&b, mounts, 1);
	if (!CHECK(strlen(options) > 255 && enter(&b) == 0))
		return;
	CHECK(has_text("/o/file", "lower") && has_flags("/o", ST_NOSUID));
}

static void case_chroot_only(void)
{
	struct box b;

	put_file("rootfs/here", "");
	init_box(&b, NULL, 0);
	b.lin.n_namespaces = 0;
	CHECK(rootfs_open(&b.rootfs, &b.config, AT_FDCWD, &b.err) == 0);
	CHECK(rootfs_prepare(&b.rootfs, &b.err) == 0 && rootfs_pivot(&b.rootfs, &b.err) == 0);
	CHECK(rootfs_finish(&b.rootfs, &b.err) == 0);
	CHECK(access("/here", F_OK) == 0 && access(base, F_OK) < 0);
}

int main(void)
{
	if (geteuid() != 0)
		tap_skip_all("needs root");
	if (unshare(CLONE_NEWNS) < 0)
		tap_skip_all("needs CAP_SYS_ADMIN");
	if (mkdir(base, 0755) < 0 && errno != EEXIST)
		return 1;
	RUN(case_usual);
	RUN(case_no_pivot);
	RUN(case_empty_config);
	RUN(case_dev_symlink);
	RUN(case_dev_symlink_inside);
	RUN(case_proc_symlink);
	RUN(case_sys_parent_symlink);
	RUN(case_proc_file);
	RUN(case_into_proc);
	RUN(case_fake_proc);
	RUN(case_missing_source);
	RUN(case_bad_data);
	RUN(case_bad_type);
	RUN(case_file_on_directory);
	RUN(case_wrong_null);
	RUN(case_mask_magic_link);
	RUN(case_escaping_targets);
	RUN(case_racing_renamer);
	RUN(case_mount_on_root);
	RUN(case_tmpfs);
	RUN(case_bind_options);
	RUN(case_bind_dev);
	RUN(case_devices);
	RUN(case_console);
	RUN(case_console_symlink);
	RUN(case_idmap);
	RUN(case_propagation_default);
	RUN(case_propagation_shared);
	RUN(case_propagation_slave);
	RUN(case_userns);
	RUN(case_userns_host_network);
	RUN(case_userns_no_pivot);
	RUN(case_rootless);
	RUN(case_host_cgroup);
	RUN(case_overlay_long);
	RUN(case_chroot_only);
	(void)rmdir(base);
	return tap_done();
}
