/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver that makes cgroups itself, with mkdir(2) below the cgroup2 mount.
 * Without limits that is one mkdir and one open; with limits each ancestor
 * must first hand the controllers down through cgroup.subtree_control.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "linux/cgroup-driver.h"
#include "linux/cgroup-resources.h"
#include "linux/cgroup.h"
#include "linux/device-bpf.h"
#include "linux/idmap.h"

/* Killed processes leave at once; one that sits in a slow system call needs longer. */
enum { EMPTY_TIMEOUT_MS = 10000 };

/* "/dabba-ID", or what config.json asks for. */
int cgroup_request_path(const struct cgroup_request *request, char **out, struct error *err)
{
	const char *relative = cgroup_relative(request->path ? request->path : "");
	cleanup_free char *parts = xstrdup(relative);

	if (!request->path || !*request->path) {
		*out = xasprintf("/dabba-%s", request->id);
		return 0;
	}
	for (char *save = NULL, *name = strtok_r(parts, "/", &save); name;
	     name = strtok_r(NULL, "/", &save)) {
		if (!streq(name, ".."))
			continue;
		(void)error_set(err, EINVAL, "path \"%s\" contains \"..\"", request->path);
		return error_pointer(err, "linux.cgroupsPath");
	}
	if (streq(relative, ".")) {
		(void)error_set(err, EINVAL, "path \"%s\" is the root cgroup: a container cannot "
				"be the whole machine", request->path);
		return error_pointer(err, "linux.cgroupsPath");
	}
	*out = xasprintf("/%s", relative);
	return 0;
}

static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at += n)
		if ((at == text || at[-1] == ' ') && strchr(" \n", at[n]))
			return true;
	return false;
}

/* Of the controllers in MASK, those that the file NAME of the cgroup does not list. */
static int missing_in(int dir_fd, const char *name, unsigned int *mask, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r = file_read_at(dir_fd, name, 4096, &text, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < CGROUP_N_CONTROLLERS; i++)
		if (*mask & 1U << i && has_word(text.buf, cgroup_controllers[i]))
			*mask &= ~(1U << i);
	return 0;
}

static void subtree_control_hint(const char *where, struct error *err)
{
	if (err->code == -EBUSY)
		(void)error_hint(err, "cgroup %s has processes of its own; a cgroup either has "
				 "processes or hands controllers down: move them into a child",
				 where);
	if (err->code == -EACCES || err->code == -EPERM)
		(void)error_hint(err, "the cgroup is not delegated to this user: with systemd, "
				 "Delegate=yes on the user's service");
}

/* The first limit that needs a controller of MASK, which is not there. */
static int missing_controller(const struct cgroup_plan *plan, const char *where,
			      unsigned int mask, struct error *err)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct cgroup_write *w = &plan->v[i];

		if (w->controller == CGROUP_NO_CONTROLLER || !(mask & 1U << w->controller))
			continue;
		(void)cgroup_missing_controller(cgroup_controllers[w->controller], where, err);
		(void)error_pointer(err, "%s", w->pointer);
		return error_context(err, "cannot set %s", w->file);
	}
	return 0;
}

static int write_subtree_control(int dir_fd, unsigned int mask, struct error *err)
{
	cleanup_strbuf struct strbuf words = STRBUF_INIT;

	for (size_t i = 0; i < CGROUP_N_CONTROLLERS; i++)
		if (mask & 1U << i)
			strbuf_addf(&words, "%s+%s", words.len ? " " : "", cgroup_controllers[i]);
	return file_write_at(dir_fd, "cgroup.subtree_control", words.buf, err);
}

/*
 * Makes the cgroup hand the controllers of PLAN to its children, and where that can be all
 * others that it has: what they count is wanted without limits too.  WHERE is its path.
 */
static int enable_in(int dir_fd, const char *where, const struct cgroup_plan *plan,
		     struct error *err)
{
	struct error ignored = ERROR_INIT;
	unsigned int wanted = (1U << CGROUP_N_CONTROLLERS) - 1, unavailable, needed;
	int r = missing_in(dir_fd, "cgroup.subtree_control", &wanted, err);

	unavailable = wanted;
	if (r == 0)
		r = missing_in(dir_fd, "cgroup.controllers", &unavailable, err);
	if (r < 0)
		return r;
	needed = cgroup_plan_controllers(plan) & wanted;
	if (needed & unavailable)
		return missing_controller(plan, where, needed & unavailable, err);
	wanted &= ~unavailable;
	if (wanted == 0 || write_subtree_control(dir_fd, wanted, &ignored) == 0 || needed == 0)
		return 0;
	r = write_subtree_control(dir_fd, needed, err);
	if (r < 0)
		subtree_control_hint(where, err);
	return r;
}

/*
 * The parent directory of PATH: each ancestor made if missing and told to hand
 * down controllers.  Without a limit an existing parent is one open, as it is.
 */
static int open_parent(int root_fd, const char *path, const struct cgroup_plan *plan,
		       struct error *err)
{
	cleanup_free char *parent = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	cleanup_strbuf struct strbuf where = STRBUF_INIT;
	cleanup_close int fd = -EBADF;
	int r;

	fd = plan->n ? -ENOENT
		     : path_try_open(root_fd, cgroup_relative(parent), PATH_BENEATH,
				  O_PATH | O_DIRECTORY, 0);
	if (fd != -ENOENT) {
		errno = -fd;
		return fd >= 0 ? take_fd(fd) : error_sys(err, "openat2", "%s", *parent ? parent : "/");
	}
	fd = path_open(root_fd, ".", PATH_BENEATH, O_PATH | O_DIRECTORY, 0, err);
	r = fd < 0 ? fd : enable_in(fd, "/", plan, err);
	for (char *save = NULL, *name = strtok_r(parent, "/", &save); name && r == 0;
	     name = strtok_r(NULL, "/", &save)) {
		int child_fd;

		strbuf_addf(&where, "/%s", name);
		if (mkdirat(fd, name, 0755) < 0 && errno != EEXIST)
			return error_file(err, "mkdir", where.buf);
		child_fd = path_open(fd, name, PATH_BENEATH, O_PATH | O_DIRECTORY, 0, err);
		if (child_fd < 0)
			return child_fd;
		fd_close(&fd);
		fd = child_fd;
		r = enable_in(fd, where.buf, plan, err);
	}
	return r < 0 ? r : take_fd(fd);
}

/* A cgroup that was there before is taken only if nobody uses it. */
static int check_unused(int dir_fd, struct error *err)
{
	bool populated, frozen;
	int r = cgroup_event_get(dir_fd, CGROUP_EVENT_POPULATED, &populated, err);

	if (r == 0)
		r = cgroup_event_get(dir_fd, CGROUP_EVENT_FROZEN, &frozen, err);
	if (r < 0)
		return r;
	if (populated) {
		(void)error_set(err, EBUSY, "container's cgroup is not empty: it has processes "
				"already");
		(void)error_pointer(err, "linux.cgroupsPath");
		return error_hint(err, "give each container a linux.cgroupsPath of its own");
	}
	if (frozen) {
		(void)error_set(err, EBUSY, "container's cgroup unexpectedly frozen");
		(void)error_pointer(err, "linux.cgroupsPath");
		return error_hint(err, "write 0 to its cgroup.freeze");
	}
	return 0;
}

static int set_limits(const struct cgroup_request *request, const struct cgroup_plan *plan,
		      int dir_fd, struct error *err)
{
	int r = cgroup_plan_apply(plan, dir_fd, err);

	return r < 0 ? r
		     : device_bpf_attach(dir_fd, request->resources, request->devices,
					 request->n_devices, err);
}

static int make(const struct cgroup_request *request, const struct cgroup_plan *plan,
		const char *path, struct cgroup *out, struct error *err)
{
	int root_fd = cgroup_root_fd(err), parent_fd;
	cleanup_close int opened_fd = -EBADF;
	const char *name = strrchr(path, '/') + 1;
	struct cgroup cg = CGROUP_INIT;
	bool made;
	int r;

	if (root_fd < 0)
		return root_fd;
	if (plan->n > 0 || name != path + 1) {
		opened_fd = open_parent(root_fd, path, plan, err);
		if (opened_fd < 0)
			return opened_fd;
	}
	parent_fd = opened_fd < 0 ? root_fd : opened_fd;
	made = mkdirat(parent_fd, name, 0755) == 0;
	if (!made && errno != EEXIST)
		return error_file(err, "mkdir", path);

	cg.fd = path_open(parent_fd, name, PATH_BENEATH, O_RDONLY | O_DIRECTORY, 0, err);
	r = cg.fd < 0 ? cg.fd : 0;
	cg.path = xstrdup(path);
	cg.driver = &cgroup_fs_driver;
	if (r == 0 && !made)
		r = check_unused(cg.fd, err);
	if (r == 0)
		r = set_limits(request, plan, cg.fd, err);
	if (r < 0) {
		if (made)
			(void)unlinkat(parent_fd, name, AT_REMOVEDIR);
		cgroup_fini(&cg);
		return r;
	}
	*out = cg;
	return 0;
}

/* What stands in the way of a caller without privilege or without cgroup2, not a wrong request. */
static bool is_bearable(const struct cgroup_request *request, const struct cgroup_plan *plan,
			int code)
{
	return request->manager == CGROUP_MANAGER_AUTO && plan->n == 0 &&
	       (code == -EACCES || code == -EPERM || code == -EROFS || code == -ENODEV) &&
	       !idmap_root_of_host();
}

static int fs_create(const struct cgroup_request *request, struct cgroup *out,
		     struct error *err)
{
	cleanup_cgroup_plan struct cgroup_plan plan = { 0 };
	cleanup_free char *path = NULL;
	int r = cgroup_request_path(request, &path, err);

	if (r == 0)
		r = cgroup_plan_make(request->resources, &plan, err);
	if (r < 0)
		return r;
	r = make(request, &plan, path, out, err);
	if (r < 0 && is_bearable(request, &plan, r)) {
		log_info("the container runs without a cgroup of its own: %s", err->msg);
		error_clear(err);
		*out = (struct cgroup)CGROUP_INIT;
		return 0;
	}
	if (r == -EACCES && !idmap_root_of_host())
		(void)error_hint(err, "this user may not make cgroups there: name one that is "
				 "delegated to it in linux.cgroupsPath");
	return r < 0 ? error_context(err, "%s", path) : 0;
}

/* The name of some directory in DIR_FD, on the heap; NULL when there is none. */
static char *find_child(int dir_fd)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	char *name = NULL;

	if (!dir) {
		fd_close(&fd);
		return NULL;
	}
	while (!name && (entry = readdir(dir)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			name = xstrdup(entry->d_name);
	(void)closedir(dir);
	return name;
}

/* From the directory NAME, which is empty, back to its parent; removes NAME there. */
static int leave_and_remove(int dir_fd, const char *name, struct error *err)
{
	cleanup_close int parent_fd = openat(dir_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (parent_fd < 0)
		return error_sys(err, "open", "parent of %s", name);
	if (unlinkat(parent_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return error_file(err, "rmdir", name);
	return take_fd(parent_fd);
}

/*
 * Removes everything below DIR_FD, deepest first.  Goes down by name and up by
 * "..": a container that made very deep cgroups costs no more fds than any.
 */
static int remove_children(int dir_fd, struct error *err)
{
	cleanup_strvec struct strvec names = STRVEC_INIT;
	cleanup_close int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_sys(err, "open", ".");
	for (;;) {
		char *child = find_child(fd);
		int next_fd;

		if (child) {
			strvec_push_take(&names, child);
			next_fd = path_open(fd, child, PATH_BENEATH, O_RDONLY | O_DIRECTORY, 0,
					    err);
		} else if (names.n > 0) {
			cleanup_free char *name = names.v[--names.n];

			names.v[names.n] = NULL;
			next_fd = leave_and_remove(fd, name, err);
		} else {
			return 0;
		}
		if (next_fd < 0)
			return next_fd;
		fd_close(&fd);
		fd = next_fd;
	}
}

/* rmdir(2) of an emptied cgroup succeeds at once; EBUSY means processes or children. */
static int fs_remove(const char *path, struct error *err)
{
	int root_fd = cgroup_root_fd(err);
	cleanup_close int fd = -EBADF;
	const char *relative = cgroup_relative(path);
	int r;

	if (root_fd < 0)
		return root_fd;
	if (unlinkat(root_fd, relative, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != EBUSY)
		return error_file(err, "rmdir", path);
	fd = path_open(root_fd, relative, PATH_BENEATH, O_RDONLY | O_DIRECTORY, 0, err);
	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fd;
	r = cgroup_event_wait(fd, CGROUP_EVENT_POPULATED, false, EMPTY_TIMEOUT_MS, err);
	if (r == -ETIMEDOUT) {
		(void)error_set(err, EBUSY, "still has processes after %d seconds",
				EMPTY_TIMEOUT_MS / 1000);
		return error_hint(err, "they may hang in the kernel (state D in ps); delete again "
				       "when they are gone");
	}
	if (r == 0)
		r = remove_children(fd, err);
	if (r == 0 && unlinkat(root_fd, relative, AT_REMOVEDIR) < 0 && errno != ENOENT)
		r = error_file(err, "rmdir", path);
	return r;
}

static int fs_prepare(const char *path, const struct cgroup_plan *plan, struct error *err)
{
	int root_fd = cgroup_root_fd(err);
	cleanup_close int parent_fd = -EBADF;

	if (root_fd < 0)
		return root_fd;
	parent_fd = open_parent(root_fd, path, plan, err);
	return parent_fd < 0 ? parent_fd : 0;
}

const struct cgroup_driver cgroup_fs_driver = {
	.name = "cgroupfs",
	.create = fs_create,
	.remove = fs_remove,
	.prepare = fs_prepare,
};
