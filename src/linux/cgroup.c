/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Choice of the driver, and what is done to a cgroup that exists: the same
 * files whoever made it.  All access goes through the directory's fd; the
 * directory names a container chose inside its own subtree are never followed
 * out of it (no symlinks exist there, and mounts are not crossed).
 */
#include "linux/cgroup.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "linux/cgroup-driver.h"
#include "linux/cgroup-resources.h"

/* A task deep in an uninterruptible sleep cannot be frozen: then freezing is given up. */
enum { FREEZE_TIMEOUT_MS = 10000 };

static int disabled_create(const struct cgroup_request *request, struct cgroup *out,
			   struct error *err);
static int disabled_remove(const char *path, struct error *err);

static const struct cgroup_driver disabled_driver = {
	.name = "disabled",
	.create = disabled_create,
	.remove = disabled_remove,
};

static const struct {
	const char *name;
	const struct cgroup_driver *driver;
} managers[] = {
	[CGROUP_MANAGER_AUTO] = { "auto", &cgroup_fs_driver },
	[CGROUP_MANAGER_CGROUPFS] = { "cgroupfs", &cgroup_fs_driver },
	[CGROUP_MANAGER_SYSTEMD] = { "systemd", &cgroup_systemd_driver },
	[CGROUP_MANAGER_DISABLED] = { "disabled", &disabled_driver },
};

static int disabled_create(const struct cgroup_request *request, struct cgroup *out,
			   struct error *err)
{
	cleanup_cgroup_plan struct cgroup_plan plan = { 0 };
	int r = cgroup_plan_make(request->resources, &plan, err);

	if (r < 0)
		return r;
	if (plan.n > 0) {
		(void)error_set(err, EINVAL, "resource limits need a cgroup, and the cgroup "
				"manager is \"disabled\"");
		(void)error_pointer(err, "%s", plan.v[0].pointer);
		return error_hint(err, "take the limits out of config.json or use "
				       "--cgroup-manager=cgroupfs");
	}
	*out = (struct cgroup)CGROUP_INIT;
	out->driver = &disabled_driver;
	return 0;
}

static int disabled_remove(const char *path, struct error *err)
{
	(void)path;
	(void)err;
	return 0;
}

void cgroup_fini(struct cgroup *cg)
{
	if (cg->driver && cg->driver->release)
		cg->driver->release(cg);
	free(cg->path);
	cg->path = NULL;
	fd_close(&cg->fd);
}

int cgroup_manager_parse(const char *name, enum cgroup_manager *out, struct error *err)
{
	for (size_t i = CGROUP_MANAGER_CGROUPFS; i < ARRAY_SIZE(managers); i++) {
		if (streq(name, managers[i].name)) {
			*out = (enum cgroup_manager)i;
			return 0;
		}
	}
	return error_set(err, EINVAL, "unknown cgroup manager \"%s\": use cgroupfs, systemd or "
			 "disabled", name);
}

int cgroup_create(const struct cgroup_request *request, struct cgroup *out, struct error *err)
{
	int r = managers[request->manager].driver->create(request, out, err);

	return r < 0 ? error_context(err, "cgroup") : 0;
}

int cgroup_settle(struct cgroup *cg, struct error *err)
{
	int r = cg->driver && cg->driver->settle ? cg->driver->settle(cg, err) : 0;

	return r < 0 ? error_context(err, "cgroup %s", cg->path) : 0;
}

const char *cgroup_driver_name(const struct cgroup *cg)
{
	return cg->driver ? cg->driver->name : disabled_driver.name;
}

static int open_at(int dir_fd, const char *name, const char *path, struct cgroup *out,
		   struct error *err)
{
	int fd = path_open(dir_fd, name, PATH_BENEATH, O_RDONLY | O_DIRECTORY, 0, err);

	if (fd < 0)
		return error_context(err, "cgroup %s", path);
	*out = (struct cgroup){ .path = xstrdup(path), .fd = fd };
	return 0;
}

int cgroup_open(const char *path, struct cgroup *out, struct error *err)
{
	int root_fd = cgroup_root_fd(err);

	return root_fd < 0 ? root_fd
			   : open_at(root_fd, cgroup_relative(path), path, out, err);
}

/* The line of the unified hierarchy is "0::/path". */
int cgroup_open_of_pid(pid_t pid, struct cgroup *out, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	cleanup_close int fd = -EBADF;
	const char *path = NULL;
	char name[32];
	int r;

	(void)snprintf(name, sizeof(name), "%d/cgroup", (int)pid);
	fd = proc_open(name, O_RDONLY, err);
	r = fd < 0 ? fd : file_read_fd(fd, name, 1 << 20, &text, err);
	if (r < 0)
		return r;
	for (char *save = NULL, *line = strtok_r(text.buf, "\n", &save); line && !path;
	     line = strtok_r(NULL, "\n", &save))
		path = str_skip_prefix(line, "0::");
	if (!path)
		return error_set(err, ENOENT, "process %d is in no cgroup of version 2", (int)pid);
	return cgroup_open(path, out, err);
}

int cgroup_open_below(const struct cgroup *cg, const char *sub, struct cgroup *out,
		      struct error *err)
{
	const char *relative = cgroup_relative(sub);
	cleanup_free char *path = xasprintf("%s/%s", cg->path, relative);
	int r = open_at(cg->fd, relative, path, out, err);

	/* The words are runc's. */
	return r == -EXDEV ? error_set(err, EXDEV, "exec --cgroup: %s is not a sub cgroup path of %s",
				       sub, cg->path)
			   : r;
}

int cgroup_kill(const struct cgroup *cg, struct error *err)
{
	int r = file_write_at(cg->fd, "cgroup.kill", "1", err);

	/* cgroup.kill came with Linux 5.14. */
	if (r == -ENOENT)
		return cgroup_signal(cg, SIGKILL, err);
	return r < 0 ? error_context(err, "cgroup %s", cg->path) : 0;
}

int cgroup_enter(const struct cgroup *cg, pid_t pid, struct error *err)
{
	char text[16];
	int r;

	(void)snprintf(text, sizeof(text), "%d", (int)pid);
	r = file_write_at(cg->fd, "cgroup.procs", text, err);
	return r < 0 ? error_context(err, "cgroup %s", cg->path) : 0;
}

int cgroup_freeze(const struct cgroup *cg, bool frozen, struct error *err)
{
	int r = file_write_at(cg->fd, "cgroup.freeze", frozen ? "1" : "0", err);

	if (r == 0)
		r = cgroup_event_wait(cg->fd, CGROUP_EVENT_FROZEN, frozen, FREEZE_TIMEOUT_MS,
				      err);
	if (r == -ETIMEDOUT) {
		struct error ignored;

		if (frozen)
			(void)file_write_at(cg->fd, "cgroup.freeze", "0", &ignored);
		r = error_set(err, ETIMEDOUT, "could not be %s within %d seconds",
			      frozen ? "frozen" : "thawed", FREEZE_TIMEOUT_MS / 1000);
	}
	return r < 0 ? error_context(err, "cgroup %s", cg->path) : 0;
}

int cgroup_is_frozen(const struct cgroup *cg, bool *out, struct error *err)
{
	return cgroup_event_get(cg->fd, CGROUP_EVENT_FROZEN, out, err);
}

int cgroup_is_populated(const struct cgroup *cg, bool *out, struct error *err)
{
	return cgroup_event_get(cg->fd, CGROUP_EVENT_POPULATED, out, err);
}

const struct cgroup_driver *cgroup_driver_find(const char *name)
{
	if (!name)
		return &cgroup_fs_driver;
	for (size_t i = CGROUP_MANAGER_CGROUPFS; i < ARRAY_SIZE(managers); i++)
		if (streq(name, managers[i].name))
			return managers[i].driver;
	return NULL;
}

bool cgroup_remove_empty(const char *driver_name, const char *path)
{
	struct error ignored = ERROR_INIT;
	int root_fd;

	/* Another manager has more to take away than the directory. */
	if (cgroup_driver_find(driver_name) != &cgroup_fs_driver)
		return false;
	root_fd = cgroup_root_fd(&ignored);
	return root_fd >= 0 && unlinkat(root_fd, cgroup_relative(path), AT_REMOVEDIR) == 0;
}

bool cgroup_can_adopt(const char *driver_name)
{
	const struct cgroup_driver *driver = cgroup_driver_find(driver_name);

	return driver && driver->adopt;
}

int cgroup_adopt(const char *driver_name, const char *path, const struct cgroup *cg, pid_t pid,
		 struct error *err)
{
	int r = cgroup_driver_find(driver_name)->adopt(path, cg, pid, err);

	return r < 0 ? error_context(err, "cgroup %s", cg->path) : 0;
}

int cgroup_remove(const char *driver_name, const char *path, struct error *err)
{
	const struct cgroup_driver *driver = cgroup_driver_find(driver_name);
	int r;

	if (!driver)
		return error_set(err, ENOTSUP, "cgroup %s was made by the unknown manager \"%s\"",
				 path, driver_name);
	r = driver->remove(path, err);
	return r < 0 ? error_context(err, "cgroup %s", path) : 0;
}
