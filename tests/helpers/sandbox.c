/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox COMMAND [ARGUMENT...]: runs a test suite where it can do no harm.
 *
 * COMMAND gets a mount namespace of its own, a cgroup2 tree of its own at
 * /sys/fs/cgroup (whatever the host has mounted there, hybrid or not) and an
 * empty tmpfs as TMPDIR.  The tree is one new cgroup of the host, seen through
 * a cgroup namespace; nothing else of the host's cgroups can be reached by
 * path.  We are the subreaper of everything below COMMAND, so that orphaned
 * container processes vanish at once, whoever is pid 1.  When COMMAND ends,
 * what it left running is killed and the cgroup is removed.
 *
 * Exit status: COMMAND's, 128 + N when signal N killed it, 125 when the sandbox
 * could not be made.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CGROUP_ROOT "/sys/fs/cgroup"
/* The leaf that COMMAND runs in: a parent of cgroups with limits has no processes. */
#define RUNNER "runner"

enum { EXIT_SANDBOX = 125 };

static volatile pid_t command_pid;

static void write_at(int dfd, const char *path, const char *text)
{
	int fd = openat(dfd, path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err(EXIT_SANDBOX, "write \"%s\" to %s", text, path);
	close(fd);
}

/* The host's whole cgroup2 tree through a mount that nobody else can see. */
static int open_host_cgroups(void)
{
	int fs = fsopen("cgroup2", FSOPEN_CLOEXEC);
	int fd;

	if (fs < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		err(EXIT_SANDBOX, "open the cgroup2 file system");
	fd = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	if (fd < 0)
		err(EXIT_SANDBOX, "mount the cgroup2 file system (are you root?)");
	close(fs);
	return fd;
}

static int make_cgroup(int host, const char *name)
{
	int fd;

	if (mkdirat(host, name, 0755) < 0)
		err(EXIT_SANDBOX, "mkdir cgroup %s", name);
	fd = openat(host, name, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (fd < 0 || mkdirat(fd, RUNNER, 0755) < 0)
		err(EXIT_SANDBOX, "mkdir cgroup %s/%s", name, RUNNER);
	return fd;
}

/* Removes the cgroups below DFD, leaves first; a cgroup's files go with it. */
static void remove_below(int dfd)
{
	DIR *dir = fdopendir(dup(dfd));
	struct dirent *entry;

	if (!dir)
		return;
	rewinddir(dir);
	while ((entry = readdir(dir))) {
		int fd;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		fd = openat(dfd, entry->d_name, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		remove_below(fd);
		close(fd);
		if (unlinkat(dfd, entry->d_name, AT_REMOVEDIR) < 0)
			warn("rmdir cgroup %s", entry->d_name);
	}
	closedir(dir);
}

/* Limits need their controllers handed down; a hybrid host has none to hand. */
static void enable_controllers(void)
{
	char names[512], word[64];
	FILE *file = fopen(CGROUP_ROOT "/cgroup.controllers", "re");
	char *name, *rest = names;
	int fd;

	if (!file || !fgets(names, sizeof(names), file))
		names[0] = '\0';
	if (file)
		fclose(file);
	fd = open(CGROUP_ROOT "/cgroup.subtree_control", O_WRONLY | O_CLOEXEC);
	while (fd >= 0 && (name = strsep(&rest, " \n"))) {
		snprintf(word, sizeof(word), "+%s", name);
		if (*name && write(fd, word, strlen(word)) < 0)
			warn("enable the cgroup controller %s", name);
	}
	if (fd >= 0)
		close(fd);
}

static void enter(int cgroup, const char *tmp)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	write_at(cgroup, "cgroup.procs", "0");
	if (unshare(CLONE_NEWNS | CLONE_NEWCGROUP) < 0)
		err(EXIT_SANDBOX, "unshare");
	write_at(cgroup, RUNNER "/cgroup.procs", "0");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		err(EXIT_SANDBOX, "make / private");
	/* In this mount namespace only: the host keeps its mounts. */
	if (umount2(CGROUP_ROOT, MNT_DETACH) < 0 && errno != EINVAL)
		err(EXIT_SANDBOX, "umount %s", CGROUP_ROOT);
	if (mount("none", CGROUP_ROOT, "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		err(EXIT_SANDBOX, "mount cgroup2 on %s", CGROUP_ROOT);
	enable_controllers();
	if (mount("none", tmp, "tmpfs", 0, "mode=755") < 0)
		err(EXIT_SANDBOX, "mount tmpfs on %s", tmp);
	setenv("TMPDIR", tmp, 1);
	setenv("DABBA_SANDBOX", "1", 1);
}

static void forward(int signal)
{
	kill(command_pid, signal);
}

static int wait_for(pid_t command)
{
	int status, result = EXIT_SANDBOX;
	pid_t pid;

	while ((pid = waitpid(-1, &status, 0)) != command)
		if (pid < 0 && errno != EINTR)
			return result;
	if (WIFEXITED(status))
		result = WEXITSTATUS(status);
	else if (WIFSIGNALED(status))
		result = 128 + WTERMSIG(status);
	return result;
}

int main(int argc, char **argv)
{
	char name[64], tmp[] = "/tmp/dabba-test-XXXXXX";
	int host, cgroup, result;

	if (argc < 2)
		errx(EXIT_SANDBOX, "usage: sandbox COMMAND [ARGUMENT...]");
	snprintf(name, sizeof(name), "dabba-test-%d", getpid());
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	host = open_host_cgroups();
	cgroup = make_cgroup(host, name);
	if (!mkdtemp(tmp))
		err(EXIT_SANDBOX, "mkdtemp %s", tmp);
	command_pid = fork();
	if (command_pid == 0) {
		enter(cgroup, tmp);
		execvp(argv[1], argv + 1);
		err(127, "exec %s", argv[1]);
	}
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, forward);
	signal(SIGHUP, forward);
	result = command_pid < 0 ? EXIT_SANDBOX : wait_for(command_pid);
	write_at(cgroup, "cgroup.kill", "1");
	while (wait(NULL) >= 0 || errno == EINTR)
		;
	remove_below(cgroup);
	unlinkat(host, name, AT_REMOVEDIR);
	rmdir(tmp);
	return result;
}
