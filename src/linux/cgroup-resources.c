/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line of the table for each limit of one value: the field of the
 * specification, the file, and the conversion between them.  Lists (throttled
 * devices, huge pages, rdma, unified) follow by hand, unified last, since it
 * overrides the rest.  Reference: config-linux.md, "Control groups";
 * admin-guide/cgroup-v2.rst.
 */
#include "linux/cgroup-resources.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "libocispec/runtime.h"

const char *const cgroup_controllers[CGROUP_N_CONTROLLERS] = {
	[CGROUP_CPUSET] = "cpuset",   [CGROUP_CPU] = "cpu",   [CGROUP_IO] = "io",
	[CGROUP_MEMORY] = "memory",   [CGROUP_HUGETLB] = "hugetlb", [CGROUP_PIDS] = "pids",
	[CGROUP_RDMA] = "rdma",	      [CGROUP_MISC] = "misc", [CGROUP_DMEM] = "dmem",
};

/* Appends the file's text to VALUE, or nothing when R does not ask for it. */
typedef int (*limit_format)(const struct oci_resources *r, struct strbuf *value,
			    struct error *err);

static void add_number_or_max(struct strbuf *value, int64_t number)
{
	if (number < 0)
		strbuf_adds(value, "max");
	else
		strbuf_addf(value, "%lld", (long long)number);
}

/* 0 is "not set", as in runc: some engines send it for every field. */
static int format_memory_limit(const struct oci_resources *r, struct strbuf *value,
			       struct error *err)
{
	(void)err;
	if (r->memory && r->memory->limit && *r->memory->limit != 0)
		add_number_or_max(value, *r->memory->limit);
	return 0;
}

static int format_memory_reservation(const struct oci_resources *r, struct strbuf *value,
				     struct error *err)
{
	(void)err;
	if (r->memory && r->memory->reservation && *r->memory->reservation != 0)
		add_number_or_max(value, *r->memory->reservation);
	return 0;
}

/* The specification counts memory and swap together, cgroup2 swap alone. */
static int format_memory_swap(const struct oci_resources *r, struct strbuf *value,
			      struct error *err)
{
	int64_t limit, swap;

	if (!r->memory)
		return 0;
	swap = r->memory->swap ? *r->memory->swap : 0;
	limit = r->memory->limit ? *r->memory->limit : 0;
	/* No limit of memory is none of the sum either. */
	if (swap == 0 && limit >= 0)
		return 0;
	if (swap == 0)
		swap = -1;
	if (swap < 0) {
		strbuf_adds(value, "max");
		return 0;
	}
	if (limit == 0)
		return error_set(err, EINVAL, "a limit of memory and swap needs a memory limit");
	if (limit < 0 || swap < limit)
		return error_set(err, EINVAL, "%lld for memory and swap together is less than "
				 "the memory limit alone", (long long)swap);
	strbuf_addf(value, "%lld", (long long)(swap - limit));
	return 0;
}

unsigned long cgroup_weight_of_shares(unsigned long shares)
{
	double l;

	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	/* The parabola through (2, 1), (1024, 100) and (262144, 10000) on logarithmic axes. */
	l = log2((double)shares);
	return (unsigned long)ceil(pow(10, (l * l + 125 * l) / 612.0 - 7.0 / 34.0));
}

/* An idle cgroup has the least weight there is and takes no other. */
static int format_cpu_shares(const struct oci_resources *r, struct strbuf *value,
			     struct error *err)
{
	bool is_idle = r->cpu && r->cpu->idle && *r->cpu->idle == 1;

	(void)err;
	if (r->cpu && r->cpu->shares && *r->cpu->shares != 0 && !is_idle)
		strbuf_addf(value, "%lu", cgroup_weight_of_shares(*r->cpu->shares));
	return 0;
}

/* Quota and period share a file; a lone quota leaves the period as it is. */
static int format_cpu_quota(const struct oci_resources *r, struct strbuf *value,
			    struct error *err)
{
	int64_t quota = r->cpu && r->cpu->quota ? *r->cpu->quota : 0;
	uint64_t period = r->cpu && r->cpu->period ? *r->cpu->period : 0;

	(void)err;
	if (quota == 0 && period == 0)
		return 0;
	add_number_or_max(value, quota == 0 ? -1 : quota);
	if (period > 0)
		strbuf_addf(value, " %llu", (unsigned long long)period);
	return 0;
}

/*
 * The kernel wants a quota that is no less than the burst at each moment: with no
 * burst in between, both can go up and down.
 */
static int format_cpu_no_burst(const struct oci_resources *r, struct strbuf *value,
			       struct error *err)
{
	(void)err;
	if (r->cpu && r->cpu->burst && (r->cpu->quota || r->cpu->period))
		strbuf_adds(value, "0");
	return 0;
}

static int format_cpu_burst(const struct oci_resources *r, struct strbuf *value,
			    struct error *err)
{
	(void)err;
	if (r->cpu && r->cpu->burst)
		strbuf_addf(value, "%llu", (unsigned long long)*r->cpu->burst);
	return 0;
}

static int format_cpu_idle(const struct oci_resources *r, struct strbuf *value,
			   struct error *err)
{
	(void)err;
	if (r->cpu && r->cpu->idle)
		strbuf_addf(value, "%lld", (long long)*r->cpu->idle);
	return 0;
}

static int format_cpuset_cpus(const struct oci_resources *r, struct strbuf *value,
			      struct error *err)
{
	(void)err;
	if (r->cpu && r->cpu->cpus)
		strbuf_adds(value, r->cpu->cpus);
	return 0;
}

static int format_cpuset_mems(const struct oci_resources *r, struct strbuf *value,
			      struct error *err)
{
	(void)err;
	if (r->cpu && r->cpu->mems)
		strbuf_adds(value, r->cpu->mems);
	return 0;
}

/* 0 is a limit. */
static int format_pids(const struct oci_resources *r, struct strbuf *value, struct error *err)
{
	(void)err;
	if (r->pids)
		add_number_or_max(value, r->pids->limit);
	return 0;
}

static const struct limit {
	const char *field;
	enum cgroup_controller controller;
	const char *file;
	limit_format format;
} limits[] = {
	{ "memory.limit", CGROUP_MEMORY, "memory.max", format_memory_limit },
	{ "memory.reservation", CGROUP_MEMORY, "memory.low", format_memory_reservation },
	{ "memory.swap", CGROUP_MEMORY, "memory.swap.max", format_memory_swap },
	/* What is no longer idle can have a weight. */
	{ "cpu.idle", CGROUP_CPU, "cpu.idle", format_cpu_idle },
	{ "cpu.shares", CGROUP_CPU, "cpu.weight", format_cpu_shares },
	{ "cpu.burst", CGROUP_CPU, "cpu.max.burst", format_cpu_no_burst },
	{ "cpu.quota", CGROUP_CPU, "cpu.max", format_cpu_quota },
	{ "cpu.burst", CGROUP_CPU, "cpu.max.burst", format_cpu_burst },
	{ "cpu.cpus", CGROUP_CPUSET, "cpuset.cpus", format_cpuset_cpus },
	{ "cpu.mems", CGROUP_CPUSET, "cpuset.mems", format_cpuset_mems },
	{ "pids.limit", CGROUP_PIDS, "pids.max", format_pids },
};

/* A new write at the end; FIELD is the place below linux.resources. */
static struct cgroup_write *add(struct cgroup_plan *plan, enum cgroup_controller controller,
				const char *file, const char *value, const char *field)
{
	struct cgroup_write *w;

	plan->v = xrealloc(plan->v, plan->n + 1, sizeof(*plan->v));
	w = &plan->v[plan->n++];
	*w = (struct cgroup_write){
		.controller = controller,
		.file = xstrdup(file),
		.value = xstrdup(value),
		.pointer = xasprintf("linux.resources.%s", field),
	};
	return w;
}

static int plan_table(const struct oci_resources *r, struct cgroup_plan *plan, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		const struct limit *limit = &limits[i];
		cleanup_strbuf struct strbuf value = STRBUF_INIT;
		struct cgroup_write *w;
		int result = limit->format(r, &value, err);

		if (result < 0)
			return error_pointer(err, "linux.resources.%s", limit->field);
		if (value.len == 0)
			continue;
		w = add(plan, limit->controller, limit->file, value.buf, limit->field);
		/*
		 * No limit is what there is without the controller; and a kernel
		 * without swap accounting has no swap to limit.
		 */
		w->is_optional = streq(value.buf, "max") ||
				 (streq(limit->file, "memory.swap.max") && streq(value.buf, "0"));
	}
	return 0;
}

/* BFQ takes the specification's 10 to 1000 as they are; io.weight goes from 1 to 10000. */
static unsigned long io_weight(unsigned int weight)
{
	return weight <= 10 ? 1 : 1 + (weight - 10UL) * 9999 / 990;
}

static void plan_weights(const struct oci_block_io *io, struct cgroup_plan *plan)
{
	struct cgroup_write *w;
	char text[64];

	if (io->weight && *io->weight) {
		(void)snprintf(text, sizeof(text), "%u", *io->weight);
		w = add(plan, CGROUP_IO, "io.bfq.weight", text, "blockIO.weight");
		w->fallback_file = xstrdup("io.weight");
		w->fallback_value = xasprintf("default %lu", io_weight(*io->weight));
	}
	for (size_t i = 0; i < io->n_weight_device; i++) {
		const struct oci_weight_device *d = &io->weight_device[i];

		if (!d->weight || !*d->weight)
			continue;
		(void)snprintf(text, sizeof(text), "%lld:%lld %u", (long long)d->major,
			       (long long)d->minor, *d->weight);
		w = add(plan, CGROUP_IO, "io.bfq.weight", text, "blockIO.weightDevice");
		w->fallback_file = xstrdup("io.weight");
		w->fallback_value = xasprintf("%lld:%lld %lu", (long long)d->major,
					      (long long)d->minor, io_weight(*d->weight));
	}
}

static void plan_throttle(const struct oci_throttle_device *devices, size_t n, const char *key,
			  const char *field, struct cgroup_plan *plan)
{
	for (size_t i = 0; i < n; i++) {
		const struct oci_throttle_device *d = &devices[i];
		cleanup_free char *value = NULL;

		/* 0 takes a limit away. */
		value = d->rate ? xasprintf("%lld:%lld %s=%llu", (long long)d->major,
					    (long long)d->minor, key,
					    (unsigned long long)d->rate)
				: xasprintf("%lld:%lld %s=max", (long long)d->major,
					    (long long)d->minor, key);
		(void)add(plan, CGROUP_IO, "io.max", value, field);
	}
}

static void plan_block_io(const struct oci_block_io *io, struct cgroup_plan *plan)
{
	plan_weights(io, plan);
	plan_throttle(io->throttle_read_bps_device, io->n_throttle_read_bps_device, "rbps",
		      "blockIO.throttleReadBpsDevice", plan);
	plan_throttle(io->throttle_write_bps_device, io->n_throttle_write_bps_device, "wbps",
		      "blockIO.throttleWriteBpsDevice", plan);
	plan_throttle(io->throttle_read_iops_device, io->n_throttle_read_iops_device, "riops",
		      "blockIO.throttleReadIOPSDevice", plan);
	plan_throttle(io->throttle_write_iops_device, io->n_throttle_write_iops_device, "wiops",
		      "blockIO.throttleWriteIOPSDevice", plan);
}

/* The limit on reservations first: it fails a mmap(2) where the other kills with SIGBUS. */
static int plan_huge_pages(const struct oci_resources *r, struct cgroup_plan *plan,
			   struct error *err)
{
	for (size_t i = 0; i < r->n_hugepage_limits; i++) {
		const struct oci_hugepage_limit *h = &r->hugepage_limits[i];
		cleanup_free char *field = xasprintf("hugepageLimits[%zu]", i);
		cleanup_free char *rsvd = xasprintf("hugetlb.%s.rsvd.max", h->page_size);
		cleanup_free char *plain = xasprintf("hugetlb.%s.max", h->page_size);
		cleanup_free char *value = xasprintf("%llu", (unsigned long long)h->limit);

		if (strchr(h->page_size, '/')) {
			(void)error_set(err, EINVAL, "page size \"%s\" contains \"/\"",
					h->page_size);
			return error_pointer(err, "linux.resources.%s.pageSize", field);
		}
		/* Came with Linux 5.7. */
		add(plan, CGROUP_HUGETLB, rsvd, value, field)->is_optional = true;
		(void)add(plan, CGROUP_HUGETLB, plain, value, field);
	}
	return 0;
}

static void plan_rdma(const struct oci_resources *r, struct cgroup_plan *plan)
{
	for (size_t i = 0; i < r->n_rdma; i++) {
		const struct oci_rdma *rdma = &r->rdma[i];
		cleanup_strbuf struct strbuf value = STRBUF_INIT;

		strbuf_adds(&value, rdma->key);
		if (rdma->hca_handles)
			strbuf_addf(&value, " hca_handle=%u", *rdma->hca_handles);
		if (rdma->hca_objects)
			strbuf_addf(&value, " hca_object=%u", *rdma->hca_objects);
		(void)add(plan, CGROUP_RDMA, "rdma.max", value.buf, "rdma");
	}
}

static enum cgroup_controller controller_of_file(const char *file)
{
	for (size_t i = 0; i < CGROUP_N_CONTROLLERS; i++) {
		const char *rest = str_skip_prefix(file, cgroup_controllers[i]);

		if (rest && *rest == '.')
			return (enum cgroup_controller)i;
	}
	return CGROUP_NO_CONTROLLER;
}

static int plan_unified(const struct oci_resources *r, struct cgroup_plan *plan,
			struct error *err)
{
	for (size_t i = 0; i < r->unified.n; i++) {
		const struct oci_string_pair *pair = &r->unified.items[i];
		cleanup_free char *field = xasprintf("unified[\"%s\"]", pair->key);

		if (!*pair->key || strchr(pair->key, '/') || pair->key[0] == '.') {
			(void)error_set(err, EINVAL, "\"%s\" is not the name of a cgroup file",
					pair->key);
			return error_pointer(err, "linux.resources.unified");
		}
		(void)add(plan, controller_of_file(pair->key), pair->key, pair->value, field);
	}
	return 0;
}

/* What version 1 alone can do: an error where it limits, a warning where it tunes. */
static int check_version_1(const struct oci_resources *r, struct error *err)
{
	const char *field = NULL;

	if (r->memory && r->memory->swappiness)
		log_warning("linux.resources.memory.swappiness exists with cgroup v1 only: "
			    "ignored");
	if (r->memory && r->memory->disable_oom_killer)
		log_warning("linux.resources.memory.disableOOMKiller exists with cgroup v1 only: "
			    "ignored");
	if (r->memory && r->memory->kernel && *r->memory->kernel > 0)
		field = "memory.kernel";
	if (r->memory && r->memory->kernel_tcp && *r->memory->kernel_tcp > 0)
		field = "memory.kernelTCP";
	if (r->cpu && ((r->cpu->realtime_period && *r->cpu->realtime_period) ||
		       (r->cpu->realtime_runtime && *r->cpu->realtime_runtime)))
		field = "cpu.realtimeRuntime";
	if (r->network && ((r->network->class_id && *r->network->class_id) ||
			   r->network->n_priorities > 0))
		field = "network";
	if (!field)
		return 0;
	(void)error_set(err, ENOTSUP, "a limit that exists with cgroup v1 only");
	return error_pointer(err, "linux.resources.%s", field);
}

/* What config-linux.md demands of values that go together. */
static int check_values(const struct oci_resources *r, struct error *err)
{
	const struct oci_cpu *cpu = r->cpu;
	const struct oci_block_io *io = r->block_io;

	if (cpu && cpu->burst && cpu->quota && *cpu->quota > 0 &&
	    *cpu->burst > (uint64_t)*cpu->quota) {
		(void)error_set(err, EINVAL, "the burst %llu is above the quota %lld",
				(unsigned long long)*cpu->burst, (long long)*cpu->quota);
		return error_pointer(err, "linux.resources.cpu.burst");
	}
	for (size_t i = 0; io && i < io->n_weight_device; i++) {
		if (io->weight_device[i].weight || io->weight_device[i].leaf_weight)
			continue;
		(void)error_set(err, EINVAL, "neither weight nor leafWeight is given");
		return error_pointer(err, "linux.resources.blockIO.weightDevice[%zu]", i);
	}
	for (size_t i = 0; i < r->n_rdma; i++) {
		if (r->rdma[i].hca_handles || r->rdma[i].hca_objects)
			continue;
		(void)error_set(err, EINVAL, "neither hcaHandles nor hcaObjects is given");
		return error_pointer(err, "linux.resources.rdma.%s", r->rdma[i].key);
	}
	return 0;
}

int cgroup_plan_make(const struct oci_resources *resources, struct cgroup_plan *out,
		     struct error *err)
{
	struct cgroup_plan plan = { 0 };
	int r = 0;

	if (resources) {
		r = check_version_1(resources, err);
		if (r == 0)
			r = check_values(resources, err);
		if (r == 0)
			r = plan_table(resources, &plan, err);
		if (r == 0 && resources->block_io)
			plan_block_io(resources->block_io, &plan);
		if (r == 0)
			r = plan_huge_pages(resources, &plan, err);
		if (r == 0)
			plan_rdma(resources, &plan);
		if (r == 0)
			r = plan_unified(resources, &plan, err);
	}
	if (r < 0) {
		cgroup_plan_fini(&plan);
		return r;
	}
	*out = plan;
	return 0;
}

void cgroup_plan_fini(struct cgroup_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		free(plan->v[i].file);
		free(plan->v[i].value);
		free(plan->v[i].fallback_file);
		free(plan->v[i].fallback_value);
		free(plan->v[i].pointer);
	}
	free(plan->v);
	*plan = (struct cgroup_plan){ 0 };
}

unsigned int cgroup_plan_controllers(const struct cgroup_plan *plan)
{
	unsigned int mask = 0;

	for (size_t i = 0; i < plan->n; i++)
		if (plan->v[i].controller != CGROUP_NO_CONTROLLER && !plan->v[i].is_optional)
			mask |= 1U << plan->v[i].controller;
	return mask;
}
