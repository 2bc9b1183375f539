/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New limits for a cgroup in use.  The kernel has no transaction over several
 * files, so the old content of each is read first and written back, last one
 * first, when a later value is refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "libocispec/runtime.h"
#include "linux/cgroup-driver.h"
#include "linux/cgroup-resources.h"
#include "linux/cgroup.h"
#include "linux/device-bpf.h"

enum { MAX_FILE = 1 << 20 };

/* What a write is about to change. */
struct saved {
	/* Of the write it belongs to; NULL when neither of its files exists. */
	const char *file;
	const char *new_value;
	char *value;
};

/* How a device without a line of its own is written into a file of lines by device. */
static const struct {
	const char *file;
	const char *value;
} device_resets[] = {
	{ "io.max", "rbps=max wbps=max riops=max wiops=max" },
	{ "io.weight", "default" },
	{ "io.bfq.weight", "default" },
};

/* A quota less than the burst is refused, whichever of the two is to be written back. */
static void reset_burst(const struct saved *s, int dir_fd)
{
	struct error ignored;

	if (streq(s->file, "cpu.max.burst"))
		(void)file_write_at(dir_fd, s->file, "0", &ignored);
}

/* A number; "max" is -1, as is a file that is not there because nothing is limited. */
static int read_limit(int dir_fd, const char *file, int64_t *out, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r = file_read_at(dir_fd, file, MAX_FILE, &text, err);

	if (r < 0 && r != -ENOENT)
		return r;
	/* cpu.max has the period after a space. */
	text.buf[strcspn(text.buf, " \n")] = '\0';
	if (!str_to_i64(text.buf, 0, INT64_MAX, out))
		*out = -1;
	return 0;
}

/* Fields that share a file or a sum with others mean the others as they are now. */
struct completed {
	struct oci_resources resources;
	struct oci_memory memory;
	struct oci_cpu cpu;
	int64_t limit, quota;
};

static int complete(struct completed *c, const struct oci_resources *r, int dir_fd,
		    struct error *err)
{
	int result = 0;

	c->resources = *r;
	if (r->memory && r->memory->swap && *r->memory->swap > 0 &&
	    (!r->memory->limit || *r->memory->limit == 0)) {
		result = read_limit(dir_fd, "memory.max", &c->limit, err);
		c->memory = *r->memory;
		c->memory.limit = c->limit > 0 ? &c->limit : NULL;
		c->resources.memory = &c->memory;
	}
	if (result == 0 && r->cpu && r->cpu->period && *r->cpu->period > 0 &&
	    (!r->cpu->quota || *r->cpu->quota == 0)) {
		result = read_limit(dir_fd, "cpu.max", &c->quota, err);
		c->cpu = *r->cpu;
		c->cpu.quota = &c->quota;
		c->resources.cpu = &c->cpu;
	}
	return result;
}

/* memory.checkBeforeUpdate: the kernel itself would kill until the new limit holds. */
static int check_usage(const struct oci_memory *memory, int dir_fd, struct error *err)
{
	int64_t usage;
	int r;

	if (!memory || !memory->check_before_update || !memory->limit || *memory->limit <= 0)
		return 0;
	r = read_limit(dir_fd, "memory.current", &usage, err);
	if (r < 0 || usage <= *memory->limit)
		return r;
	(void)error_set(err, EBUSY, "%lld is less than the %lld bytes in use, and "
			"checkBeforeUpdate is set", (long long)*memory->limit, (long long)usage);
	return error_pointer(err, "linux.resources.memory.limit");
}

static int save(const struct cgroup_write *w, int dir_fd, struct saved *out, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r = file_read_at(dir_fd, w->file, MAX_FILE, &text, err);

	*out = (struct saved){ .file = w->file, .new_value = w->value };
	if (r == -ENOENT && w->fallback_file) {
		r = file_read_at(dir_fd, w->fallback_file, MAX_FILE, &text, err);
		out->file = w->fallback_file;
		out->new_value = w->fallback_value;
	}
	if (r == -ENOENT) {
		/* Writing it will say so, or may be left out. */
		out->file = NULL;
		return 0;
	}
	if (r < 0)
		return error_pointer(err, "%s", w->pointer);
	if (text.len > 0 && text.buf[text.len - 1] == '\n')
		text.buf[--text.len] = '\0';
	out->value = strbuf_detach(&text);
	return 0;
}

/* The old lines do not name a device that had no limit: it gets the default first. */
static void reset_device(const struct saved *s, int dir_fd)
{
	size_t n = strcspn(s->new_value, " ");
	struct error ignored;

	for (size_t i = 0; i < ARRAY_SIZE(device_resets); i++) {
		cleanup_free char *line = NULL;

		if (!streq(s->file, device_resets[i].file) || !memchr(s->new_value, ':', n))
			continue;
		line = xasprintf("%.*s %s", (int)n, s->new_value, device_resets[i].value);
		(void)file_write_at(dir_fd, s->file, line, &ignored);
	}
}

static void restore(const struct saved *saved, size_t n, int dir_fd)
{
	struct error ignored;

	while (n-- > 0) {
		if (!saved[n].file)
			continue;
		reset_device(&saved[n], dir_fd);
		reset_burst(&saved[n], dir_fd);
		(void)cgroup_write_lines(dir_fd, saved[n].file, saved[n].value, &ignored);
	}
}

/* The device rules last: they are one program, which takes the other's place or does not. */
static int apply(const struct cgroup *cg, const struct cgroup_driver *driver,
		 const struct cgroup_plan *plan, const struct cgroup_request *request,
		 struct error *err)
{
	struct saved *saved = xcalloc(plan->n + 1, sizeof(*saved));
	size_t n_saved = 0, i = 0;
	int r = 0;

	while (r == 0 && n_saved < plan->n) {
		r = save(&plan->v[n_saved], cg->fd, &saved[n_saved], err);
		if (r == 0)
			n_saved++;
	}
	while (r == 0 && i < plan->n)
		r = cgroup_write_apply(&plan->v[i++], cg->fd, err);
	if (r == 0 && driver->keep)
		r = driver->keep(cg, plan, request, err);
	if (r == 0)
		r = device_bpf_attach(cg->fd, request->resources, request->devices,
				      request->n_devices, err);
	if (r < 0)
		restore(saved, i, cg->fd);
	while (n_saved > 0)
		free(saved[--n_saved].value);
	free(saved);
	return r;
}

static int update(const struct cgroup *cg, const struct cgroup_driver *driver,
		  const struct cgroup_request *request, struct error *err)
{
	const struct oci_resources *resources = request->resources;
	cleanup_cgroup_plan struct cgroup_plan plan = { 0 };
	struct completed completed = { 0 };
	int r = complete(&completed, resources, cg->fd, err);

	if (r == 0)
		r = check_usage(resources->memory, cg->fd, err);
	if (r == 0)
		r = cgroup_plan_make(&completed.resources, &plan, err);
	if (r == 0 && plan.n > 0)
		r = driver->prepare(cg->path, &plan, err);
	return r < 0 ? r : apply(cg, driver, &plan, request, err);
}

int cgroup_update(const struct cgroup *cg, const char *driver_name,
		  const struct cgroup_request *request, struct error *err)
{
	const struct cgroup_driver *driver = cgroup_driver_find(driver_name);
	int r;

	if (!driver || !driver->prepare)
		r = error_set(err, ENOTSUP, "made by the manager \"%s\", which cannot update it",
			      driver_name);
	else
		r = update(cg, driver, request, err);
	return r < 0 ? error_context(err, "cgroup %s", cg->path) : 0;
}
