/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver that asks systemd for a scope.  systemd starts a scope only
 * around a process, and the container's init is to be born inside: so a keeper,
 * which does nothing, keeps the place until init has been cloned into it.
 *
 * Limits are given twice.  systemd gets them as properties, so that it knows
 * them and writes them again at daemon-reload; the kernel gets them in the
 * files, so that each arrives exactly, with an error if it cannot be (systemd
 * only logs those), also those systemd does not know.  Devices have a program
 * of ours beside that of systemd, which knows no rules that deny: the kernel
 * allows what both allow.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/syscall.h"
#include "linux/cgroup-driver.h"
#include "linux/cgroup-resources.h"
#include "linux/cgroup-systemd.h"
#include "linux/device-bpf.h"

struct cgroup_keeper {
	pid_t pid;
	/* What pids.max is to become: it counts the keeper as well. NULL: left as it is. */
	char *pids_max;
};

/* Ends with us, however we end. */
static void __attribute__((noreturn)) keep(pid_t parent)
{
	sigset_t all;

	(void)prctl(PR_SET_NAME, "dabba-keeper");
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	while (getppid() == parent)
		(void)pause();
	_exit(0);
}

static int keeper_start(struct cgroup_keeper **out, struct error *err)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	pid_t parent = getpid(), pid = sys_clone3(&args);

	if (pid < 0)
		return error_sys(err, "clone3", "for the keeper of the scope");
	if (pid == 0)
		keep(parent);
	*out = xcalloc(1, sizeof(**out));
	(*out)->pid = pid;
	return 0;
}

static void keeper_end(struct cgroup_keeper **keeper)
{
	if (!*keeper)
		return;
	(void)kill((*keeper)->pid, SIGKILL);
	(void)TEMP_FAILURE_RETRY(waitpid((*keeper)->pid, NULL, 0));
	free((*keeper)->pids_max);
	free(*keeper);
	*keeper = NULL;
}

/* --- what systemd is told ------------------------------------------------------------ */

/* A user's manager may not load programs, nor may we there. */
static int add_devices(struct systemd_properties *props, const struct cgroup_request *request,
		       struct error *err)
{
	cleanup_free struct device_rule *rules = NULL;
	size_t n;
	int r = device_rules_make(request->resources, request->devices, request->n_devices,
				  &rules, &n, err);

	if (r == 0 && n > 0 && !systemd_is_user())
		systemd_properties_from_devices(props, rules, n);
	return r;
}

/* A slice has no processes to begin with, and hands everything down anyway. */
static void add_scope(struct systemd_properties *props, const struct systemd_unit *unit,
		      pid_t keeper)
{
	struct systemd_property *pids;

	if (!unit->slice)
		return;
	systemd_properties_set(props, "Slice", "s", unit->slice);
	systemd_properties_set(props, "Delegate", "b", "true");
	pids = systemd_properties_add(props, "PIDs", "au");
	strvec_push(&pids->values, "1");
	strvec_pushf(&pids->values, "%d", (int)keeper);
}

static int make_properties(struct systemd_properties *props, const struct cgroup_request *request,
			   const struct cgroup_plan *plan, struct error *err)
{
	int r;

	strvec_pushf(&systemd_properties_add(props, "Description", "s")->values,
		     "dabba container %s", request->id);
	/* Whoever manages containers ends them at shutdown, in an order of his own. */
	systemd_properties_set(props, "DefaultDependencies", "b", "false");
	systemd_properties_set(props, "CollectMode", "s", "inactive-or-failed");
	/* systemd's default for services is not for containers that have no limit. */
	systemd_properties_set(props, "TasksMax", "t", "18446744073709551615");
	r = systemd_properties_from_annotations(props, request->annotations, err);
	/* After them: these are written into the files as well. */
	if (r == 0)
		r = systemd_properties_from_plan(props, plan, err);
	return r < 0 ? r : add_devices(props, request, err);
}

/* --- the kernel's part --------------------------------------------------------------- */

/* All of PLAN but pids.max, which waits for cgroup_settle(). */
static int apply_limits(const struct cgroup_plan *plan, struct cgroup *cg, struct error *err)
{
	int r = cgroup_fs_driver.prepare(cg->path, plan, err);

	for (size_t i = 0; r == 0 && i < plan->n; i++) {
		const struct cgroup_write *w = &plan->v[i];

		r = cgroup_write_apply(w, cg->fd, err);
		if (r < 0 || !streq(w->file, "pids.max") || !cg->keeper)
			continue;
		free(cg->keeper->pids_max);
		cg->keeper->pids_max = xstrdup(w->value);
		r = file_write_at(cg->fd, "pids.max", "max", err);
	}
	return r;
}

static int set_limits(const struct cgroup_request *request, const struct cgroup_plan *plan,
		      struct cgroup *cg, struct error *err)
{
	int r = apply_limits(plan, cg, err);

	return r < 0 ? r
		     : device_bpf_attach(cg->fd, request->resources, request->devices,
					 request->n_devices, err);
}

static int systemd_settle(struct cgroup *cg, struct error *err)
{
	cleanup_free char *pids_max = NULL;

	if (!cg->keeper)
		return 0;
	pids_max = take_ptr(cg->keeper->pids_max);
	keeper_end(&cg->keeper);
	if (!pids_max)
		return 0;
	if (file_write_at(cg->fd, "pids.max", pids_max, err) < 0)
		return error_pointer(err, "linux.resources.pids.limit");
	return 0;
}

static void systemd_release(struct cgroup *cg)
{
	keeper_end(&cg->keeper);
}

/* A directory of that name may have been there before: init would never run in it. */
static int check_thawed(const struct cgroup *cg, struct error *err)
{
	bool frozen;
	int r = cgroup_is_frozen(cg, &frozen, err);

	if (r < 0 || !frozen)
		return r;
	(void)error_set(err, EBUSY, "container's cgroup %s unexpectedly frozen", cg->path);
	return error_hint(err, "write 0 to its cgroup.freeze");
}

/* --- the driver ---------------------------------------------------------------------- */

static int make(const struct cgroup_request *request, const struct cgroup_plan *plan,
		const struct systemd_unit *unit, struct systemd_properties *props,
		struct cgroup *cg, struct error *err)
{
	cleanup_cgroup struct cgroup opened = CGROUP_INIT;
	cleanup_free char *path = NULL;
	struct error ignored = ERROR_INIT;
	int r = unit->slice ? keeper_start(&cg->keeper, err) : 0;

	if (r < 0)
		return r;
	add_scope(props, unit, cg->keeper ? cg->keeper->pid : 0);
	r = systemd_start(unit->name, props, &path, err);
	if (r < 0)
		return r;
	r = cgroup_open(path, &opened, err);
	cg->path = take_ptr(opened.path);
	cg->fd = take_fd(opened.fd);
	if (r == 0)
		r = check_thawed(cg, err);
	if (r == 0)
		r = set_limits(request, plan, cg, err);
	if (r < 0) {
		keeper_end(&cg->keeper);
		(void)systemd_stop(unit->name, &ignored);
	}
	return r;
}

static int systemd_create(const struct cgroup_request *request, struct cgroup *out,
			  struct error *err)
{
	cleanup_systemd_properties struct systemd_properties props = { 0 };
	cleanup_cgroup_plan struct cgroup_plan plan = { 0 };
	cleanup_systemd_unit struct systemd_unit unit = { 0 };
	cleanup_cgroup struct cgroup cg = { .driver = &cgroup_systemd_driver, .fd = -EBADF };
	int r = systemd_unit_parse(request->path, request->id, systemd_is_user(), &unit, err);

	if (r == 0)
		r = cgroup_plan_make(request->resources, &plan, err);
	if (r == 0)
		r = make_properties(&props, request, &plan, err);
	if (r == 0)
		r = make(request, &plan, &unit, &props, &cg, err);
	if (r < 0)
		return r;
	*out = cg;
	cg = (struct cgroup)CGROUP_INIT;
	return 0;
}

/* Without systemd to be asked, an empty cgroup can go by itself: that ends the scope, too. */
static int systemd_remove(const char *path, struct error *err)
{
	struct error asked = ERROR_INIT;

	if (systemd_stop(systemd_unit_of_path(path), &asked) < 0)
		log_warning("cgroup %s is removed without systemd: %s", path, asked.msg);
	return cgroup_fs_driver.remove(path, err);
}

static int systemd_prepare(const char *path, const struct cgroup_plan *plan, struct error *err)
{
	return cgroup_fs_driver.prepare(path, plan, err);
}

/*
 * What the files hold now, as a line of PLAN may have set one half of a file;
 * a file that is not there has nothing to be kept.
 */
static int add_files(struct systemd_properties *props, const struct cgroup *cg,
		     const struct cgroup_plan *plan, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->n; i++) {
		const char *files[] = { plan->v[i].file, plan->v[i].fallback_file };

		for (size_t j = 0; r == 0 && j < ARRAY_SIZE(files) && files[j]; j++) {
			cleanup_strbuf struct strbuf text = STRBUF_INIT;
			struct error ignored;

			if (file_read_at(cg->fd, files[j], 1 << 16, &text, &ignored) == 0)
				r = systemd_properties_from_file(props, files[j], text.buf, err);
		}
	}
	return r;
}

static int systemd_keep(const struct cgroup *cg, const struct cgroup_plan *plan,
			const struct cgroup_request *request, struct error *err)
{
	cleanup_systemd_properties struct systemd_properties props = { 0 };
	int r = add_files(&props, cg, plan, err);

	if (r == 0)
		r = add_devices(&props, request, err);
	if (r == 0 && props.n > 0)
		r = systemd_set(systemd_unit_of_path(cg->path), &props, err);
	/* systemd has written its own idea of them, a quota in whole percents for one. */
	return r < 0 || props.n == 0 ? r : cgroup_plan_apply(plan, cg->fd, err);
}

static int systemd_adopt(const char *path, const struct cgroup *cg, pid_t pid,
			 struct error *err)
{
	const char *below = str_skip_prefix(cg->path, path);

	return systemd_attach(systemd_unit_of_path(path), below ? below : "", pid, err);
}

const struct cgroup_driver cgroup_systemd_driver = {
	.name = "systemd",
	.create = systemd_create,
	.settle = systemd_settle,
	.release = systemd_release,
	.remove = systemd_remove,
	.prepare = systemd_prepare,
	.keep = systemd_keep,
	.adopt = systemd_adopt,
};
