/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "cli/runtime.h"
#include "libocispec/runtime.h"
#include "runtime/update.h"

struct update_options {
	const char *resources;
	const char *blkio_weight;
	const char *cpu_burst, *cpu_idle, *cpu_period, *cpu_quota, *cpu_share;
	const char *cpu_rt_period, *cpu_rt_runtime;
	const char *cpuset_cpus, *cpuset_mems;
	const char *kernel_memory, *kernel_memory_tcp;
	const char *memory, *memory_reservation, *memory_swap;
	const char *pids_limit;
	const char *l3_cache_schema, *mem_bw_schema;
};

#define LIMIT(name, field, value, help) \
	{ name, 0, OPTION_STRING, offsetof(struct update_options, field), value, help }

/* clang-format off */
static const struct option_spec options[] = {
	{ "resources", 'r', OPTION_STRING, offsetof(struct update_options, resources), "FILE",
	  "take the limits from FILE, or from standard input if it is \"-\": the "
	  "\"linux.resources\" object of config.json; other options are ignored" },
	LIMIT("memory", memory, "BYTES", "memory; k, m, g and t multiply, -1 is no limit"),
	LIMIT("memory-reservation", memory_reservation, "BYTES",
	      "memory that is not reclaimed as long as other memory can be"),
	LIMIT("memory-swap", memory_swap, "BYTES", "memory and swap together"),
	LIMIT("cpu-share", cpu_share, "N", "share of the CPU's time, 2 to 262144"),
	LIMIT("cpu-quota", cpu_quota, "USEC", "CPU time within a period, -1 is no limit"),
	LIMIT("cpu-period", cpu_period, "USEC", "length of a period"),
	LIMIT("cpu-burst", cpu_burst, "USEC", "unused quota that may be saved up"),
	LIMIT("cpu-idle", cpu_idle, "0|1", "run only when nothing else wants the CPU"),
	LIMIT("cpuset-cpus", cpuset_cpus, "LIST", "CPUs to run on, as in 0-3,6"),
	LIMIT("cpuset-mems", cpuset_mems, "LIST", "memory nodes to use"),
	LIMIT("pids-limit", pids_limit, "N", "number of tasks, -1 is no limit"),
	LIMIT("blkio-weight", blkio_weight, "N", "weight of block I/O, 10 to 1000"),
	LIMIT("cpu-rt-period", cpu_rt_period, "USEC", "refused: cgroup v1 only"),
	LIMIT("cpu-rt-runtime", cpu_rt_runtime, "USEC", "refused: cgroup v1 only"),
	LIMIT("kernel-memory", kernel_memory, "BYTES", "refused: cgroup v1 only"),
	LIMIT("kernel-memory-tcp", kernel_memory_tcp, "BYTES", "refused: cgroup v1 only"),
	LIMIT("l3-cache-schema", l3_cache_schema, "SCHEMA", "parts of the L3 cache, by Intel RDT"),
	LIMIT("mem-bw-schema", mem_bw_schema, "SCHEMA", "memory bandwidth, by Intel RDT"),
	OPTION_END,
};
/* clang-format on */

/* What the options say, as if a document had said it. */
struct limits {
	struct oci_resources resources;
	struct oci_memory memory;
	struct oci_cpu cpu;
	struct oci_pids pids;
	struct oci_block_io block_io;
	int64_t limit, reservation, swap, kernel, kernel_tcp;
	int64_t quota, realtime_runtime, idle, pids_limit;
	uint64_t shares, burst, period, realtime_period;
	uint16_t weight;
};

/* These leave *FIELD as it is when the option was not given. */

static int take_i64(const char *option, const char *text, int64_t *value, const int64_t **field,
		    struct error *err)
{
	if (!text)
		return 0;
	if (!str_to_i64(text, INT64_MIN, INT64_MAX, value))
		return error_set(err, EINVAL, "option --%s: \"%s\" is not a number", option, text);
	*field = value;
	return 0;
}

static int take_u64(const char *option, const char *text, uint64_t *value,
		    const uint64_t **field, struct error *err)
{
	if (!text)
		return 0;
	if (!str_to_u64(text, UINT64_MAX, value))
		return error_set(err, EINVAL, "option --%s: \"%s\" is not a number from 0 on",
				 option, text);
	*field = value;
	return 0;
}

/* "64m" and the like; the letters of runc. */
static int take_bytes(const char *option, const char *text, int64_t *value,
		      const int64_t **field, struct error *err)
{
	static const char units[] = "kmgt";
	size_t n = text ? strspn(text, "-0123456789") : 0;
	char number[32];
	const char *unit;
	int shift;

	if (!text)
		return 0;
	unit = text[n] ? strchr(units, text[n] | 0x20) : NULL;
	shift = unit ? 10 * (int)(unit - units + 1) : 0;
	if (n < sizeof(number) && (!text[n] || (unit && !text[n + 1]))) {
		memcpy(number, text, n);
		number[n] = '\0';
		if (str_to_i64(number, -1, INT64_MAX >> shift, value)) {
			if (*value > 0)
				*value <<= shift;
			*field = value;
			return 0;
		}
	}
	return error_set(err, EINVAL, "option --%s: \"%s\" is neither a number of bytes, such as "
			 "67108864 or 64m, nor -1", option, text);
}

static int take_weight(const struct update_options *o, struct limits *l, struct error *err)
{
	uint64_t weight;

	if (!o->blkio_weight)
		return 0;
	if (!str_to_u64(o->blkio_weight, 1000, &weight) || (weight != 0 && weight < 10))
		return error_set(err, EINVAL, "option --blkio-weight: \"%s\" is not a number from "
				 "10 to 1000", o->blkio_weight);
	l->weight = (uint16_t)weight;
	l->block_io.weight = &l->weight;
	l->resources.block_io = &l->block_io;
	return 0;
}

static int take_memory(const struct update_options *o, struct limits *l, struct error *err)
{
	struct oci_memory *m = &l->memory;
	int r = take_bytes("memory", o->memory, &l->limit, &m->limit, err);

	if (r == 0)
		r = take_bytes("memory-reservation", o->memory_reservation, &l->reservation,
			       &m->reservation, err);
	if (r == 0)
		r = take_bytes("memory-swap", o->memory_swap, &l->swap, &m->swap, err);
	if (r == 0)
		r = take_bytes("kernel-memory", o->kernel_memory, &l->kernel, &m->kernel, err);
	if (r == 0)
		r = take_bytes("kernel-memory-tcp", o->kernel_memory_tcp, &l->kernel_tcp,
			       &m->kernel_tcp, err);
	l->resources.memory = m;
	return r;
}

static int take_cpu(const struct update_options *o, struct limits *l, struct error *err)
{
	struct oci_cpu *c = &l->cpu;
	int r = take_u64("cpu-share", o->cpu_share, &l->shares, &c->shares, err);

	if (r == 0)
		r = take_i64("cpu-quota", o->cpu_quota, &l->quota, &c->quota, err);
	if (r == 0)
		r = take_u64("cpu-period", o->cpu_period, &l->period, &c->period, err);
	if (r == 0)
		r = take_u64("cpu-burst", o->cpu_burst, &l->burst, &c->burst, err);
	if (r == 0)
		r = take_i64("cpu-idle", o->cpu_idle, &l->idle, &c->idle, err);
	if (r == 0)
		r = take_u64("cpu-rt-period", o->cpu_rt_period, &l->realtime_period,
			     &c->realtime_period, err);
	if (r == 0)
		r = take_i64("cpu-rt-runtime", o->cpu_rt_runtime, &l->realtime_runtime,
			     &c->realtime_runtime, err);
	c->cpus = o->cpuset_cpus;
	c->mems = o->cpuset_mems;
	l->resources.cpu = c;
	return r;
}

/* 0 is what callers of runc write for "as it is"; a document can say 0. */
static int take_pids(const struct update_options *o, struct limits *l, struct error *err)
{
	const int64_t *given = NULL;
	int r = take_i64("pids-limit", o->pids_limit, &l->pids_limit, &given, err);

	if (r == 0 && given && *given != 0) {
		l->pids.limit = *given;
		l->resources.pids = &l->pids;
	}
	return r;
}

static int run(struct invocation *invocation, struct error *err)
{
	const struct update_options *o = invocation->options;
	const char *root = runtime_root(invocation), *id = invocation->args[0];
	struct oci_intel_rdt rdt = {
		.l3_cache_schema = o->l3_cache_schema,
		.mem_bw_schema = o->mem_bw_schema,
	};
	bool has_rdt = rdt.l3_cache_schema || rdt.mem_bw_schema;
	struct limits limits = { 0 };
	int r;

	if (o->resources)
		return container_update_from(root, id, o->resources, err);
	r = take_memory(o, &limits, err);
	if (r == 0)
		r = take_cpu(o, &limits, err);
	if (r == 0)
		r = take_pids(o, &limits, err);
	if (r == 0)
		r = take_weight(o, &limits, err);
	return r < 0 ? r : container_update(root, id, &limits.resources, has_rdt ? &rdt : NULL, err);
}

const struct command command_update = {
	.name = "update",
	.arguments = "ID",
	.summary = "Change the resource limits of a container",
	.description = "What no option names stays as it is. When the kernel refuses a value, the "
		       "values that were set before it are taken back.",
	.options = options,
	.options_size = sizeof(struct update_options),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
