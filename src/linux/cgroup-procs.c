/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a cgroup and of those below it: listing and signalling them. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "linux/cgroup.h"

enum { MAX_PROCS_FILE = 64 << 20 };

struct pid_list {
	pid_t *v;
	size_t n, alloc;
};

static void pid_list_add(struct pid_list *list, pid_t pid)
{
	if (list->n == list->alloc) {
		list->alloc = list->alloc ? list->alloc * 2 : 64;
		list->v = xrealloc(list->v, list->alloc, sizeof(*list->v));
	}
	list->v[list->n++] = pid;
}

static bool pid_list_has(const struct pid_list *list, pid_t pid)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i] == pid)
			return true;
	return false;
}

/* A pid outside of our pid namespace reads as 0. */
static void parse_pids(char *text, struct pid_list *list)
{
	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		uint64_t pid;

		if (str_to_u64(line, INT32_MAX, &pid) && pid > 0)
			pid_list_add(list, (pid_t)pid);
	}
}

static int list_own(int dir_fd, struct pid_list *list, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r = file_read_at(dir_fd, "cgroup.procs", MAX_PROCS_FILE, &text, err);

	/*
	 * A threaded cgroup refuses: its processes are listed further up.  One
	 * that is being removed has none.
	 */
	if (r == -EOPNOTSUPP || r == -ENODEV || r == -ENOENT)
		return 0;
	if (r == 0)
		parse_pids(text.buf, list);
	return r;
}

/* DIR_FD is ours to keep open only as long as the recursion is below it. */
static int list_tree(int dir_fd, struct pid_list *list, struct error *err)
{
	int r = list_own(dir_fd, list, err), copy_fd;
	struct dirent *entry;
	DIR *dir;

	if (r < 0)
		return r;
	copy_fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = copy_fd < 0 ? NULL : fdopendir(copy_fd);
	if (!dir) {
		fd_close(&copy_fd);
		return error_sys(err, "opendir", "cgroup");
	}
	while (r == 0 && (entry = readdir(dir))) {
		cleanup_close int child_fd = -EBADF;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		child_fd = path_try_open(dir_fd, entry->d_name, PATH_BENEATH,
					 O_RDONLY | O_DIRECTORY, 0);
		if (child_fd >= 0)
			r = list_tree(child_fd, list, err);
		else if (child_fd != -ENOENT) {
			errno = -child_fd;
			r = error_file(err, "openat2", entry->d_name);
		}
	}
	(void)closedir(dir);
	return r;
}

int cgroup_list_pids(const struct cgroup *cg, pid_t **pids, size_t *n, struct error *err)
{
	struct pid_list list = { 0 };
	int r = list_tree(cg->fd, &list, err);

	if (r < 0) {
		free(list.v);
		return error_context(err, "cgroup %s", cg->path);
	}
	*pids = list.v;
	*n = list.n;
	return 0;
}

/*
 * A pid read from a file may belong to somebody else by now.  So a pidfd is
 * opened first, and used only if the pid is still listed afterwards: then the
 * pidfd's process is the one of the cgroup, or a dead one that feels nothing.
 */
static int signal_listed(int dir_fd, const struct pid_list *before, const int *pidfds,
			 int signal, struct error *err)
{
	struct pid_list now = { 0 };
	int r = list_tree(dir_fd, &now, err);

	for (size_t i = 0; r == 0 && i < before->n; i++) {
		if (pidfds[i] < 0 || !pid_list_has(&now, before->v[i]))
			continue;
		if (pidfd_send_signal(pidfds[i], signal, NULL, 0) < 0 &&
		    errno != ESRCH)
			r = error_sys(err, "pidfd_send_signal", "%d", (int)before->v[i]);
	}
	free(now.v);
	return r;
}

int cgroup_signal(const struct cgroup *cg, int signal, struct error *err)
{
	cleanup_free pid_t *pids = NULL;
	cleanup_free int *pidfds = NULL;
	struct pid_list before;
	size_t n;
	int r = cgroup_list_pids(cg, &pids, &n, err);

	if (r < 0 || n == 0)
		return r;
	pidfds = xcalloc(n, sizeof(*pidfds));
	for (size_t i = 0; i < n; i++)
		pidfds[i] = pidfd_open(pids[i], 0);
	before = (struct pid_list){ .v = pids, .n = n };
	r = signal_listed(cg->fd, &before, pidfds, signal, err);
	for (size_t i = 0; i < n; i++)
		fd_close(&pidfds[i]);
	return r < 0 ? error_context(err, "cgroup %s", cg->path) : 0;
}
