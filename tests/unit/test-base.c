/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/kernel.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/sock.h"
#include "base/str.h"

static void test_error(void)
{
	struct error err = ERROR_INIT;

	errno = ENOENT;
	ok_int(error_sys(&err, "openat2", "%s", "etc/passwd"), -ENOENT);
	ok_str(err.msg, "openat2 etc/passwd: No such file or directory");
	ok_str(err.syscall, "openat2");
	error_context(&err, "mount %d", 3);
	ok_str(err.msg, "mount 3: openat2 etc/passwd: No such file or directory");
	error_hint(&err, "first");
	error_hint(&err, "second");
	ok_str(err.hint, "first");
	ok_int(error_set(&err, EINVAL, "x"), -EINVAL);
	ok_str(err.hint, "");
}

static void test_str(void)
{
	struct strbuf sb = STRBUF_INIT;
	struct strvec sv = STRVEC_INIT;

	ok_str(sb.buf, "");
	for (int i = 0; i < 100; i++)
		strbuf_addf(&sb, "%d,", i);
	ok(sb.len == 290 && sb.buf[290] == '\0');
	for (int i = 0; i < 100; i++)
		ok(sb.buf[290 + i] == '\0' && (strbuf_addf(&sb, "%c", 'a'), sb.len == 291u + i));
	ok(strspn(sb.buf + 290, "a") == 100);
	strbuf_reset(&sb);
	strbuf_adds(&sb, "a");
	strbuf_addch(&sb, 'b');
	ok_str(sb.buf, "ab");
	strbuf_release(&sb);
	ok_str(sb.buf, "");

	for (int i = 0; i < 40; i++)
		strvec_pushf(&sv, "%d", i);
	ok(sv.n == 40 && sv.v[40] == NULL);
	ok_str(sv.v[39], "39");
	strvec_release(&sv);
	ok(sv.n == 0 && sv.v[0] == NULL);
}

static void test_numbers(void)
{
	static const char *const bad[] = { "", " 1", "+1", "-1", "1 ", "1x", "0x1", "256",
					   "18446744073709551616" };
	uint64_t u = 7;
	int64_t i;

	for (size_t n = 0; n < ARRAY_SIZE(bad); n++)
		ok_named(!str_to_u64(bad[n], 255, &u) && u == 7, "\"%s\" is refused", bad[n]);
	ok(str_to_u64("255", 255, &u) && u == 255);
	ok(str_to_u64("18446744073709551615", UINT64_MAX, &u) && u == UINT64_MAX);
	ok(str_to_i64("-1", -1, 5, &i) && i == -1);
	ok(!str_to_i64("-2", -1, 5, &i));
	ok(!str_to_i64("--1", -5, 5, &i));
}

/* Deeper than one path can say, and than there are fds. */
static bool make_deep(int root_fd, int depth)
{
	int fd = dup(root_fd);

	for (int i = 0; fd >= 0 && i < depth; i++) {
		int next = mkdirat(fd, "deep", 0700) < 0 ? -1 : openat(fd, "deep", O_PATH);

		(void)close(fd);
		fd = next;
	}
	return fd >= 0 && close(fd) == 0;
}

/* One read, or as many as it takes. */
static void test_small_files(int root_fd)
{
	static const size_t sizes[] = { 0, 3, 4095, 4096, 4097, 20000 };
	static char data[20000];
	struct error err = ERROR_INIT;

	memset(data, 'x', sizeof(data));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		cleanup_strbuf struct strbuf sb = STRBUF_INIT;
		size_t n = sizes[i];

		ok(file_replace_at(root_fd, "small", data, n, 0644, &err) == 0);
		ok(file_read_small_at(root_fd, "small", n, &sb, &err) == 0);
		ok(sb.len == n && strspn(sb.buf, "x") == n && sb.buf[n] == '\0');
		ok(n == 0 || file_read_small_at(root_fd, "small", n - 1, &sb, &err) == -EFBIG);
	}
	ok_int(file_read_small_at(root_fd, "none", 1, NULL, &err), -ENOENT);
}

static void test_path(void)
{
	char dir[] = "/tmp/test-base.XXXXXX";
	int before = tap_count_fds();
	struct error err = ERROR_INIT;
	struct stat st;
	int root_fd, fd;
	char name[256];

	if (!mkdtemp(dir))
		exit(1);
	root_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	(void)symlinkat("/../../inside", root_fd, "escape");
	(void)symlinkat("/proc/self/fd", root_fd, "magic");

	fd = path_make_dir(root_fd, "/./a/b//./c/", 0755, &err);
	ok(fd >= 0);
	fd_close(&fd);
	ok(fstatat(root_fd, "a/b/c", &st, 0) == 0 && S_ISDIR(st.st_mode));
	fd = path_make_dir(root_fd, "new/../x", 0755, &err);
	ok_int(fd, -EINVAL);

	/* A dangling link to outside makes its target inside. */
	fd = path_make_file(root_fd, "escape", 0644, &err);
	ok(fd >= 0);
	fd_close(&fd);
	ok(fstatat(root_fd, "inside", &st, 0) == 0 && S_ISREG(st.st_mode));
	fd = path_make_file(root_fd, "q/r/s", 0600, &err);
	ok(fd >= 0);
	fd_close(&fd);
	ok(path_try_open(root_fd, "escape", PATH_NO_SYMLINKS, O_PATH, 0) < 0);
	ok(path_try_open(root_fd, "../../etc", PATH_IN_ROOT, O_PATH, 0) == -ENOENT);
	ok(path_try_open(root_fd, "..", PATH_BENEATH, O_PATH, 0) == -EXDEV);

	fd = path_make_parent(root_fd, "p/q/last/", 0755, name, &err);
	ok(fd >= 0);
	fd_close(&fd);
	ok_str(name, "last");
	ok_int(path_make_parent(root_fd, "/", 0755, name, &err), -EINVAL);

	ok(file_replace_at(root_fd, "f", "one", 3, 0644, &err) == 0);
	ok(file_replace_at(root_fd, "f", "two", 3, 0644, &err) == 0);
	ok_int(file_create_at(root_fd, "f", "six", 3, 0644, &err), -EEXIST);
	{
		cleanup_strbuf struct strbuf sb = STRBUF_INIT;

		ok(file_read_at(root_fd, "f", 3, &sb, &err) == 0);
		ok_str(sb.buf, "two");
		ok_int(file_read_at(root_fd, "f", 2, &sb, &err), -EFBIG);
	}
	test_small_files(root_fd);
	ok(make_deep(root_fd, 3000));
	ok(file_remove_tree_at(AT_FDCWD, dir, &err) == 0);
	ok(access(dir, F_OK) < 0);
	fd_close(&root_fd);
	ok_int(tap_count_fds(), before);
}

static void test_proc(void)
{
	struct error err = ERROR_INIT;
	struct proc_stat stat = { .start_time = 0 };

	(void)signal(SIGUSR1, SIG_IGN);
	(void)signal(SIGSYS, SIG_IGN);
	ok(proc_read_stat(getpid(), &stat, &err) == 0 && stat.start_time > 0);
	ok(stat.state == 'R');
	ok_int(stat.ignored_signals & (1u << (SIGUSR1 - 1) | 1u << (SIGSYS - 1) |
				       1u << (SIGUSR2 - 1)),
	       1u << (SIGUSR1 - 1) | 1u << (SIGSYS - 1));
	ok_int(proc_read_stat(0x7ffffff, &stat, &err), -ESRCH);
	ok(proc_open("self/stat", O_RDONLY, &err) < 0);
}

/* One that waits, with a file open. */
static pid_t fork_waiting(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)pause();
		_exit(0);
	}
	return pid;
}

static void test_proc_mark(void)
{
	pid_t pid = fork_waiting();
	struct proc_mark mark = proc_mark(pid), other = mark, none = { 0 };
	struct stat st = { .st_size = 0 };
	siginfo_t info;

	/* Linux 6.2 counts open files. */
	ok(stat("/proc/self/fd", &st) == 0 && (st.st_size > 0) == (mark.inode > 0));
	ok(proc_has_mark(pid, &mark) == (mark.inode > 0));
	other.time++;
	ok(!proc_has_mark(pid, &other));
	other = mark;
	other.inode++;
	ok(!proc_has_mark(pid, &other));
	ok(!proc_has_mark(pid, &none));
	ok(!proc_has_mark(getpid(), &mark));
	(void)kill(pid, SIGKILL);
	ok(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0);
	ok(!proc_has_mark(pid, &mark));
	ok(proc_mark(pid).inode == 0);
	ok(waitpid(pid, NULL, 0) == pid);
	ok(!proc_has_mark(pid, &mark));
}

static void test_sock(void)
{
	struct error err = ERROR_INIT;
	int pair[2], fds[1] = { -EBADF }, send_fd;
	size_t n_fds = 1;
	char buf[8];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		exit(1);
	send_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ok(sock_send(pair[0], "hello", 5, &send_fd, 1, &err) == 0);
	ok_int(sock_recv(pair[1], buf, sizeof(buf), fds, &n_fds, &err), 5);
	ok(n_fds == 1 && fds[0] >= 0 && fcntl(fds[0], F_GETFD) == FD_CLOEXEC);
	fd_close(&fds[0]);
	ok(sock_send(pair[0], "much too long", 13, NULL, 0, &err) == 0);
	n_fds = 0;
	ok_int(sock_recv(pair[1], buf, sizeof(buf), NULL, &n_fds, &err), -EMSGSIZE);
	fd_close(&pair[0]);
	ok_int(sock_recv(pair[1], buf, sizeof(buf), NULL, NULL, &err), 0);
	fd_close(&pair[1]);
	fd_close(&send_fd);
}

/* A hole in the numbers stays what it is; more than a pile holds is no matter. */
static void test_pile(void)
{
	struct fd_pile pile = { .n = 0 };
	int before = tap_count_fds(), fds[100], kept;

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	kept = take_fd(fds[50]);
	for (size_t i = ARRAY_SIZE(fds); i > 0; i--)
		fd_pile_add(&pile, &fds[i - 1]);
	ok(fds[0] == -EBADF && fds[99] == -EBADF);
	fd_pile_close(&pile);
	ok_int(tap_count_fds(), before + 1);
	ok(fcntl(kept, F_GETFD) == FD_CLOEXEC);
	fd_close(&kept);
}

static void test_kernel(void)
{
	unsigned int major = 0, minor = 0;
	struct utsname name;

	ok(uname(&name) == 0 && sscanf(name.release, "%u.%u", &major, &minor) == 2);
	ok(kernel_is_at_least(major, minor) && kernel_is_at_least(major - 1, minor + 1));
	ok(!kernel_is_at_least(major, minor + 1) && !kernel_is_at_least(major + 1, 0));
}

int main(void)
{
	test_error();
	test_str();
	test_numbers();
	test_path();
	test_proc();
	test_proc_mark();
	test_sock();
	test_pile();
	test_kernel();
	return tap_done();
}
