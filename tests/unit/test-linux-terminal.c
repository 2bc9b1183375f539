/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tap.h"

#include <fcntl.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/sock.h"
#include "libocispec/runtime.h"
#include "linux/relay.h"
#include "linux/terminal.h"

static char root_dir[] = "/tmp/test-linux-terminal.XXXXXX";

static void test_size(void)
{
	struct oci_console_size size = { 24, 80 };
	struct error err = ERROR_INIT;

	ok(terminal_check_size(&size, &err) == 0);
	size.width = 65536;
	ok_int(terminal_check_size(&size, &err), -ERANGE);
	ok_str(err.pointer, "process.consoleSize");
}

/* A root with a devpts of its own, seen by this process alone. */
static int make_root(void)
{
	int fd;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", root_dir, "tmpfs", 0, NULL) < 0)
		return -1;
	fd = open(root_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)mkdirat(fd, "dev", 0755);
	(void)mkdirat(fd, "dev/pts", 0755);
	return fd;
}

static int mount_devpts(void)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/dev/pts", root_dir);
	return mount("none", path, "devpts", 0, "newinstance,ptmxmode=0666,mode=0620");
}

static int open_terminal(void)
{
	struct oci_console_size size = { 33, 44 };
	struct terminal terminal = TERMINAL_INIT;
	struct error err = ERROR_INIT;
	int root_fd = make_root(), before;
	struct winsize ws;
	struct stat st;
	char byte;

	if (root_fd < 0 || mount_devpts() < 0)
		return 1;
	before = tap_count_fds();
	if (terminal_open(root_fd, &terminal, &err) < 0 || !isatty(terminal.slave_fd))
		return 2;
	if (strcmp(terminal.name, "/dev/pts/0") != 0)
		return 3;
	if (terminal_set_size(terminal.master_fd, &size, &err) < 0 ||
	    ioctl(terminal.slave_fd, TIOCGWINSZ, &ws) < 0 || ws.ws_row != 33 || ws.ws_col != 44)
		return 4;
	if (terminal_set_owner(&terminal, 4321, &err) < 0 ||
	    fstat(terminal.slave_fd, &st) < 0 || st.st_uid != 4321)
		return 5;
	if (write(terminal.slave_fd, "x", 1) != 1 || read(terminal.master_fd, &byte, 1) != 1 ||
	    byte != 'x')
		return 6;
	terminal_fini(&terminal);
	return tap_count_fds() == before && terminal.master_fd < 0 ? 0 : 7;
}

/* CVE-2025-52565 and its kind: what the image put where the terminal should be. */
static int refuse_fakes(void)
{
	struct terminal terminal = TERMINAL_INIT;
	struct error err = ERROR_INIT;
	int root_fd = make_root();

	if (root_fd < 0 || terminal_open(root_fd, &terminal, &err) != -ENODEV || !err.hint[0])
		return 1;
	(void)mknodat(root_fd, "dev/pts/ptmx", S_IFCHR | 0666, makedev(5, 2));
	if (terminal_open(root_fd, &terminal, &err) != -ENODEV)
		return 2;
	(void)unlinkat(root_fd, "dev/pts/ptmx", 0);
	(void)unlinkat(root_fd, "dev/pts", AT_REMOVEDIR);
	(void)symlinkat("/dev/pts", root_fd, "dev/pts");
	if (terminal_open(root_fd, &terminal, &err) != -ELOOP)
		return 3;
	(void)unlinkat(root_fd, "dev/pts", 0);
	return terminal_open(root_fd, &terminal, &err) == -ENOENT && terminal.slave_fd < 0 ? 0 : 4;
}

static int send_master(void)
{
	struct terminal terminal = { .name = "/dev/pts/5" };
	struct error err = ERROR_INIT;
	int pair[2], fd = -EBADF;
	char name[64] = "";
	size_t n_fds = 1;

	if (openpty(&terminal.master_fd, &terminal.slave_fd, NULL, NULL, NULL) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return 1;
	if (terminal_send(pair[0], &terminal, &err) < 0 ||
	    sock_recv(pair[1], name, sizeof(name), &fd, &n_fds, &err) != 10)
		return 2;
	return n_fds == 1 && isatty(fd) && strcmp(name, "/dev/pts/5") == 0 ? 0 : 3;
}

/* A process on the slave of a new terminal, as init makes it; the master and a pidfd. */
static pid_t start(const char *script, const struct relay *relay, int *master_fd, int *pidfd)
{
	struct terminal terminal = TERMINAL_INIT;
	struct error err = ERROR_INIT;
	pid_t pid;

	if (openpty(&terminal.master_fd, &terminal.slave_fd, NULL, NULL, NULL) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		relay_restore_mask(relay);
		fd_close(&terminal.master_fd);
		if (terminal_enter(&terminal, &err) < 0)
			_exit(99);
		execl("/bin/sh", "sh", "-c", script, NULL);
		_exit(98);
	}
	fd_close(&terminal.slave_fd);
	*master_fd = terminal.master_fd;
	*pidfd = pidfd_open(pid, 0);
	return pid;
}

static int reap(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Runs SCRIPT with INPUT as our stdin; its output is what our stdout, a pipe, gets. */
static int relay_pipes(const char *script, const char *input, char *output, size_t size)
{
	struct relay relay = RELAY_INIT;
	struct error err = ERROR_INIT;
	int in[2], out[2], master_fd, pidfd, code;
	pid_t pid;
	ssize_t n;

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		return -1;
	if (write(in[1], input, strlen(input)) < 0 || dup2(in[0], 0) < 0 || dup2(out[1], 1) < 0)
		return -1;
	(void)close(in[1]);
	if (relay_init(&relay, &err) < 0)
		return -1;
	pid = start(script, &relay, &master_fd, &pidfd);
	if (pid < 0 || relay_attach(&relay, master_fd, &err) < 0 ||
	    relay_run(&relay, pidfd, &err) < 0)
		return -1;
	relay_fini(&relay);
	relay_fini(&relay);
	code = reap(pid);
	n = read(out[0], output, size - 1);
	output[n > 0 ? n : 0] = '\0';
	return code;
}

static int copy_both_ways(void)
{
	char output[4096];

	/* The half line after "hello" ends with the first end-of-file, the second ends cat. */
	if (relay_pipes("stty -echo; read x; echo got:$x; cat; echo; echo end; exit 9",
			"hello\nhalf", output, sizeof(output)) != 9)
		return 1;
	/* The echo of input that came before stty is allowed. */
	if (!strstr(output, "got:hello\n") || !strstr(output, "half\nend\n"))
		return 2;
	return strchr(output, '\r') ? 3 : 0;
}

/* All of a burst arrives, also what was still in the terminal when the process ended. */
static int keep_leftovers(void)
{
	static char output[65536];
	size_t lines = 0;

	if (relay_pipes("i=0; while [ $i -lt 900 ]; do echo line $i; i=$((i+1)); done", "",
			output, sizeof(output)) != 0)
		return 1;
	for (const char *c = output; *c; c++)
		lines += *c == '\n';
	return lines == 900 ? 0 : 2;
}

static int pass_signal(void)
{
	struct relay relay = RELAY_INIT;
	struct error err = ERROR_INIT;
	int pidfd;
	pid_t pid;

	if (relay_init(&relay, &err) < 0)
		return 1;
	pid = fork();
	if (pid == 0) {
		relay_restore_mask(&relay);
		(void)pause();
		_exit(1);
	}
	pidfd = pidfd_open(pid, 0);
	/* Blocked, so that these reach the child and not us; the second is not passed on. */
	(void)kill(getpid(), SIGPIPE);
	(void)kill(getpid(), SIGTERM);
	if (relay_run(&relay, pidfd, &err) < 0 || reap(pid) != 128 + SIGTERM)
		return 2;
	relay_fini(&relay);
	(void)kill(getpid(), SIGUSR1);
	return 3;
}

static struct termios outer_before;

/* The other side of copy_size_and_mode(): the process whose terminal is the outer one. */
static int run_on_terminal(int slave_fd)
{
	struct terminal terminal = { .master_fd = -EBADF, .slave_fd = slave_fd };
	struct relay relay = RELAY_INIT;
	struct error err = ERROR_INIT;
	struct termios during, after;
	int master_fd, pidfd, code;
	pid_t pid;

	if (terminal_enter(&terminal, &err) < 0 || relay_init(&relay, &err) < 0)
		return 1;
	pid = start("while [ \"$(stty size)\" = '0 0' ]; do sleep 0.02; done; stty size;"
		    " trap 'stty size; exit 4' WINCH; echo ready; while :; do sleep 0.02; done",
		    &relay, &master_fd, &pidfd);
	if (pid < 0 || relay_attach(&relay, master_fd, &err) < 0 || tcgetattr(0, &during) < 0)
		return 2;
	if ((during.c_lflag & (ICANON | ECHO | ISIG)) || !(during.c_oflag & OPOST))
		return 3;
	if (relay_run(&relay, pidfd, &err) < 0)
		return 4;
	relay_fini(&relay);
	code = reap(pid);
	if (tcgetattr(0, &after) < 0 || after.c_lflag != outer_before.c_lflag)
		return 5;
	return code == 4 ? 0 : 6;
}

static bool read_until(int fd, char *text, size_t size, const char *want)
{
	size_t n = strlen(text);

	while (!strstr(text, want)) {
		ssize_t got = read(fd, text + n, size - 1 - n);

		if (got <= 0)
			return false;
		n += (size_t)got;
		text[n] = '\0';
	}
	return true;
}

static int copy_size_and_mode(void)
{
	struct winsize ws = { .ws_row = 21, .ws_col = 77 };
	char text[1024] = "";
	int master_fd, slave_fd;
	pid_t pid;

	if (openpty(&master_fd, &slave_fd, NULL, NULL, &ws) < 0 ||
	    tcgetattr(slave_fd, &outer_before) < 0)
		return 10;
	pid = fork();
	if (pid == 0) {
		(void)close(master_fd);
		_exit(run_on_terminal(slave_fd));
	}
	(void)close(slave_fd);
	(void)alarm(20);
	if (!read_until(master_fd, text, sizeof(text), "ready"))
		return 20 + reap(pid);
	ws.ws_row = 22;
	if (ioctl(master_fd, TIOCSWINSZ, &ws) < 0)
		return 11;
	if (!read_until(master_fd, text, sizeof(text), "22 77\r\n"))
		return 12;
	return strstr(text, "21 77\r\n") ? reap(pid) : 13;
}

int main(void)
{
	test_size();
	ok_int(tap_in_child(send_master), 0);
	ok_int(tap_in_child(copy_both_ways), 0);
	ok_int(tap_in_child(keep_leftovers), 0);
	ok_int(tap_in_child(copy_size_and_mode), 0);
	ok_int(tap_in_child(pass_signal), 128 + SIGUSR1);
	if (geteuid() == 0 && mkdtemp(root_dir)) {
		ok_int(tap_in_child(open_terminal), 0);
		ok_int(tap_in_child(refuse_fakes), 0);
		(void)rmdir(root_dir);
	} else {
		tap_skip("terminal_open", "needs root");
	}
	return tap_done();
}
