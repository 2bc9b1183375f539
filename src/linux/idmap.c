/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/idmap.h"

#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/syscall.h"

/* The kernel's own limit of lines in a map. */
enum { MAX_EXTENTS = 340 };

/* What differs between the user and the group side of a mapping. */
struct side {
	const char *key;
	const char *file;
	const char *helper;
	const char *subids;
};

static const struct side uid_side = { "uidMappings", "uid_map", "newuidmap", "/etc/subuid" };
static const struct side gid_side = { "gidMappings", "gid_map", "newgidmap", "/etc/subgid" };

static bool ranges_overlap(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size)
{
	return a < (uint64_t)b + b_size && b < (uint64_t)a + a_size;
}

static int check_side(const struct side *side, const struct oci_id_mapping *maps, size_t n,
		      const char *where, struct error *err)
{
	const char *wrong = NULL;
	size_t i;

	if (n == 0 || n > MAX_EXTENTS) {
		(void)error_set(err, EINVAL, n ? "more than %d ranges" : "no range given",
				MAX_EXTENTS);
		return error_pointer(err, "%s.%s", where, side->key);
	}
	for (i = 0; i < n && !wrong; i++) {
		const struct oci_id_mapping *m = &maps[i];

		if (m->size == 0)
			wrong = "a range of size 0";
		else if ((uint64_t)m->container_id + m->size > UINT32_MAX ||
			 (uint64_t)m->host_id + m->size > UINT32_MAX)
			wrong = "a range that ends beyond the largest id";
		for (size_t j = 0; j < i && !wrong; j++)
			if (ranges_overlap(m->container_id, m->size, maps[j].container_id,
					   maps[j].size) ||
			    ranges_overlap(m->host_id, m->size, maps[j].host_id, maps[j].size))
				wrong = "a range that overlaps an earlier one";
	}
	if (!wrong)
		return 0;
	(void)error_set(err, EINVAL, "%s", wrong);
	return error_pointer(err, "%s.%s[%zu]", where, side->key, i - 1);
}

int idmap_check(const struct idmap *map, const char *where, struct error *err)
{
	int r = check_side(&uid_side, map->uids, map->n_uids, where, err);

	if (r == 0)
		r = check_side(&gid_side, map->gids, map->n_gids, where, err);
	return r < 0 ? error_context(err, "id mapping") : 0;
}

static bool equal_side(const struct oci_id_mapping *a, size_t n_a, const struct oci_id_mapping *b,
		       size_t n_b)
{
	if (n_a != n_b)
		return false;
	for (size_t i = 0; i < n_a; i++)
		if (a[i].container_id != b[i].container_id || a[i].host_id != b[i].host_id ||
		    a[i].size != b[i].size)
			return false;
	return true;
}

bool idmap_equal(const struct idmap *a, const struct idmap *b)
{
	return equal_side(a->uids, a->n_uids, b->uids, b->n_uids) &&
	       equal_side(a->gids, a->n_gids, b->gids, b->n_gids);
}

/* The kernel takes a map in one write, all lines at once, and only once. */
static int write_map(pid_t pid, const struct side *side, const struct oci_id_mapping *maps,
		     size_t n, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char path[48];

	for (size_t i = 0; i < n; i++)
		strbuf_addf(&text, "%u %u %u\n", maps[i].container_id, maps[i].host_id,
			    maps[i].size);
	(void)snprintf(path, sizeof(path), "%d/%s", (int)pid, side->file);
	return proc_write(path, text.buf, err);
}

static void helper_argv(struct strvec *argv, pid_t pid, const struct side *side,
			const struct oci_id_mapping *maps, size_t n)
{
	strvec_push(argv, side->helper);
	strvec_pushf(argv, "%d", (int)pid);
	for (size_t i = 0; i < n; i++) {
		strvec_pushf(argv, "%u", maps[i].container_id);
		strvec_pushf(argv, "%u", maps[i].host_id);
		strvec_pushf(argv, "%u", maps[i].size);
	}
}

/* Runs ARGV; what it says on stderr becomes the error. */
static int run_helper(char *const *argv, struct error *err)
{
	cleanup_strbuf struct strbuf said = STRBUF_INIT;
	cleanup_close int read_fd = -EBADF, write_fd = -EBADF;
	int pipe_fds[2], status;
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return error_sys(err, "pipe2", "for %s", argv[0]);
	read_fd = pipe_fds[0];
	write_fd = pipe_fds[1];
	pid = fork();
	if (pid < 0)
		return error_sys(err, "fork", "for %s", argv[0]);
	if (pid == 0) {
		if (dup2(write_fd, STDERR_FILENO) >= 0)
			(void)execvp(argv[0], argv);
		_exit(errno == ENOENT ? 127 : 126);
	}
	fd_close(&write_fd);
	(void)file_read_fd(read_fd, argv[0], 4096, &said, err);
	if (TEMP_FAILURE_RETRY(waitpid(pid, &status, 0)) < 0)
		return error_sys(err, "waitpid", "%s", argv[0]);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
		(void)error_set(err, ENOENT, "%s is not installed", argv[0]);
		return error_hint(err, "install the package \"uidmap\" or \"shadow-utils\"");
	}
	while (said.len && said.buf[said.len - 1] == '\n')
		said.buf[--said.len] = '\0';
	return error_set(err, EPERM, "%s failed: %s", argv[0],
			 said.len ? said.buf : "it said nothing");
}

static int map_with_helper(pid_t pid, const struct side *side, const struct oci_id_mapping *maps,
			   size_t n, struct error *err)
{
	cleanup_strvec struct strvec argv = STRVEC_INIT;
	int r;

	helper_argv(&argv, pid, side, maps, n);
	r = run_helper(argv.v, err);
	if (r < 0)
		return error_hint(err,
				  "user %u needs the mapped ids in %s, as in \"%u:100000:65536\"",
				  getuid(), side->subids, getuid());
	return 0;
}

/* Without privilege the kernel lets a user map its own id, one at that. */
static bool is_own_id(const struct oci_id_mapping *maps, size_t n, uint32_t own)
{
	return n == 1 && maps[0].size == 1 && maps[0].host_id == own;
}

static int deny_setgroups(pid_t pid, struct error *err)
{
	char path[48];

	(void)snprintf(path, sizeof(path), "%d/setgroups", (int)pid);
	return proc_write(path, "deny", err);
}

static int write_gids(pid_t pid, const struct idmap *map, struct error *err)
{
	int r = write_map(pid, &gid_side, map->gids, map->n_gids, err);

	if (r != -EPERM)
		return r;
	if (!is_own_id(map->gids, map->n_gids, getegid()))
		return map_with_helper(pid, &gid_side, map->gids, map->n_gids, err);
	/* An own group may be mapped, but then no group can be dropped: user_namespaces(7). */
	r = deny_setgroups(pid, err);
	return r < 0 ? r : write_map(pid, &gid_side, map->gids, map->n_gids, err);
}

static int write_uids(pid_t pid, const struct idmap *map, struct error *err)
{
	int r = write_map(pid, &uid_side, map->uids, map->n_uids, err);

	if (r != -EPERM || is_own_id(map->uids, map->n_uids, geteuid()))
		return r;
	return map_with_helper(pid, &uid_side, map->uids, map->n_uids, err);
}

int idmap_write(pid_t pid, const struct idmap *map, struct error *err)
{
	int r = write_gids(pid, map, err);

	if (r == 0)
		r = write_uids(pid, map, err);
	return r < 0 ? error_context(err, "id mapping") : 0;
}

int idmap_host_uid(pid_t pid, uid_t uid, uid_t *out, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	cleanup_close int fd = -EBADF;
	unsigned int inside, outside, size;
	char name[32];
	int r;

	(void)snprintf(name, sizeof(name), "%d/uid_map", (int)pid);
	fd = proc_open(name, O_RDONLY, err);
	r = fd < 0 ? fd : file_read_fd(fd, name, 1 << 16, &text, err);
	if (r < 0)
		return r;
	for (char *save = NULL, *line = strtok_r(text.buf, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "%u %u %u", &inside, &outside, &size) != 3 || uid < inside ||
		    uid - inside >= size)
			continue;
		*out = outside + (uid - inside);
		return 0;
	}
	return error_set(err, EINVAL, "user %u of the container is no user of the host", uid);
}

bool idmap_root_of_host(void)
{
	cleanup_strbuf struct strbuf map = STRBUF_INIT;
	cleanup_close int fd = -EBADF;
	struct error ignored = ERROR_INIT;
	unsigned int inside, outside, size;

	if (geteuid() != 0)
		return false;
	fd = proc_open_self("uid_map", O_RDONLY, &ignored);
	if (fd < 0 || file_read_fd(fd, "uid_map", 1 << 16, &map, &ignored) < 0 ||
	    sscanf(map.buf, "%u %u %u", &inside, &outside, &size) != 3)
		return true;
	return inside == 0 && outside == 0 && size == UINT32_MAX;
}

static int open_userns_of(pid_t pid, struct error *err)
{
	int root_fd = proc_fd(err), fd;
	char path[48];

	if (root_fd < 0)
		return root_fd;
	/* A magic link of the host's own procfs, so not through proc_open(). */
	(void)snprintf(path, sizeof(path), "%d/ns/user", (int)pid);
	fd = openat(root_fd, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? error_sys(err, "openat", "/proc/%s", path) : fd;
}

int idmap_userns_open(const struct idmap *map, struct error *err)
{
	struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	cleanup_close int fd = -EBADF;
	pid_t pid = sys_clone3(&args);
	int r;

	if (pid == 0) {
		/* Only holds the namespace until the parent has an fd of it. */
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			(void)pause();
	}
	if (pid < 0) {
		(void)error_sys(err, "clone3", "a user namespace for an id mapping");
		return error_hint(err, "see /proc/sys/user/max_user_namespaces");
	}
	r = idmap_write(pid, map, err);
	if (r == 0)
		r = fd = open_userns_of(pid, err);
	(void)kill(pid, SIGKILL);
	(void)TEMP_FAILURE_RETRY(waitpid(pid, NULL, 0));
	return r < 0 ? r : take_fd(fd);
}
