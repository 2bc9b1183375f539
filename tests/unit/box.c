/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/box.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
#include "base/str.h"
#include "linux/mask.h"
#include "tests/unit/tap.h"

static int report_fd = -EBADF;

static bool check(bool passed, const char *name)
{
	char line[512];
	int n = snprintf(line, sizeof(line), "%c%.500s", passed ? '+' : '-', name);

	if (write(report_fd, line, (size_t)n + 1) < 0)
		_exit(99);
	return passed;
}

bool check_in(const char *where, bool passed, const char *what)
{
	char name[400];

	(void)snprintf(name, sizeof(name), "%s: %s", where, what);
	return check(passed, name);
}

void put_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		_exit(98);
	(void)close(fd);
}

void put_link(const char *target, const char *path)
{
	if (symlink(target, path) < 0)
		_exit(97);
}

void put_dir(const char *path)
{
	if (mkdir(path, 0755) < 0)
		_exit(96);
}

/* In a fresh mount namespace: BASE is a tmpfs with an empty "rootfs", the working directory. */
static void enter_base(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/tmp", "tmpfs", 0, "mode=755") < 0 || mkdir(BOX_BASE, 0755) < 0 ||
	    mount("tmpfs", BOX_BASE, "tmpfs", 0, "mode=755") < 0 || chdir(BOX_BASE) < 0)
		_exit(95);
	put_dir("rootfs");
}

void box_require_root(void)
{
	if (geteuid() != 0)
		tap_skip_all("needs root");
	if (unshare(CLONE_NEWNS) < 0)
		tap_skip_all("needs CAP_SYS_ADMIN");
}

void run_case(void (*function)(void), const char *name)
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

void box_init(struct box *b, const struct simple_mount *mounts, size_t n)
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

int box_prepare(struct box *b)
{
	struct mount_env env = MOUNT_ENV_INIT;
	struct device_env device_env = { .owns_dev = true };
	int r;

	env.bundle = BOX_BASE;
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

int box_build(struct box *b)
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

int box_become_init(struct box *b)
{
	int r = box_build(b);

	if (b->rootfs.no_pivot)
		host_root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (r == 0)
		r = rootfs_pivot(&b->rootfs, &b->err);
	return r < 0 ? r : rootfs_finish(&b->rootfs, &b->err);
}

void box_fini(struct box *b)
{
	b->plan = mount_plan_free(b->plan);
	b->devices = device_plan_free(b->devices);
	rootfs_fini(&b->rootfs);
}

int box_enter(struct box *b)
{
	int r = box_prepare(b);

	if (r == 0 && unshare(CLONE_NEWNS) < 0)
		_exit(94);
	if (r == 0)
		r = box_become_init(b);
	if (r < 0)
		(void)fprintf(stderr, "# %s [%s] [%s]\n", b->err.msg, b->err.pointer, b->err.hint);
	return r;
}

bool is_device(const char *path, unsigned int maj, unsigned int min, mode_t mode)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(maj, min) &&
	       (st.st_mode & 07777) == mode;
}

bool is_link(const char *path, const char *target)
{
	char have[256];
	ssize_t n = readlink(path, have, sizeof(have) - 1);

	have[n > 0 ? n : 0] = '\0';
	return streq(have, target);
}

bool has_flags(const char *path, unsigned long flags)
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

bool is_fs(const char *path, long magic)
{
	struct statfs st;

	return statfs(path, &st) == 0 && (long)st.f_type == magic;
}

bool is_empty(const char *path)
{
	DIR *dir = opendir(path);
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		(void)closedir(dir);
	return n == 2;
}

bool same_fs(const char *a, const char *b)
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

bool has_text(const char *path, const char *text)
{
	return count_text(path, text) > 0;
}

void check_host_hidden(void)
{
	CHECK(host_root_fd >= 0 && is_fs_at(AT_FDCWD, "/proc", PROC_SUPER_MAGIC));
	CHECK(!is_fs_at(host_root_fd, "proc", PROC_SUPER_MAGIC));
	CHECK(!is_fs_at(host_root_fd, "sys", SYSFS_MAGIC));
	CHECK(faccessat(host_root_fd, "etc/passwd", F_OK, 0) == 0);
}
