/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names and the order are those of the package "types" of runc, whose
 * structures clients decode with; like there most members that are 0 are left
 * out.  Ids and the kernel's keys need no escapes.  Times are nanoseconds; swap
 * includes memory, as it did with cgroup v1.
 */
#include "runtime/events-json.h"

#include "linux/cgroup-stats.h"

/* What cgroup v2 does not have, but decoders look for. */
#define CPUSET                                                                                 \
	"{\"cpu_exclusive\":0,\"mem_hardwall\":0,\"mem_exclusive\":0,\"memory_migrate\":0,"       \
	"\"memory_spread_page\":0,\"memory_spread_slab\":0,\"memory_pressure\":0,"                \
	"\"sched_load_balance\":0,\"sched_relax_domain_level\":0}"

static void add_key(struct strbuf *out, const char *key)
{
	char last = out->len ? out->buf[out->len - 1] : '{';

	strbuf_addf(out, "%s\"%s\":", last == '{' || last == '[' ? "" : ",", key);
}

static void add_number(struct strbuf *out, const char *key, uint64_t value)
{
	add_key(out, key);
	strbuf_addf(out, "%llu", (unsigned long long)value);
}

static void add_unless_0(struct strbuf *out, const char *key, uint64_t value)
{
	if (value != 0)
		add_number(out, key, value);
}

static void open_object(struct strbuf *out, const char *key)
{
	add_key(out, key);
	strbuf_addch(out, '{');
}

static void close_object(struct strbuf *out)
{
	strbuf_addch(out, '}');
}

static void add_stall(struct strbuf *out, const char *key, const struct cgroup_stall *stall)
{
	add_key(out, key);
	strbuf_addf(out, "{\"avg10\":%g,\"avg60\":%g,\"avg300\":%g,\"total\":%llu}", stall->avg10,
		    stall->avg60, stall->avg300, (unsigned long long)stall->total);
}

static void add_pressure(struct strbuf *out, const struct cgroup_pressure *pressure)
{
	if (!pressure->is_known)
		return;
	open_object(out, "psi");
	add_stall(out, "some", &pressure->some);
	add_stall(out, "full", &pressure->full);
	close_object(out);
}

static void add_cpu(struct strbuf *out, const struct cgroup_stats *s)
{
	open_object(out, "cpu");
	open_object(out, "usage");
	add_unless_0(out, "total", cgroup_counter(&s->cpu, "usage_usec") * 1000);
	add_number(out, "kernel", cgroup_counter(&s->cpu, "system_usec") * 1000);
	add_number(out, "user", cgroup_counter(&s->cpu, "user_usec") * 1000);
	close_object(out);
	open_object(out, "throttling");
	add_unless_0(out, "periods", cgroup_counter(&s->cpu, "nr_periods"));
	add_unless_0(out, "throttledPeriods", cgroup_counter(&s->cpu, "nr_throttled"));
	add_unless_0(out, "throttledTime", cgroup_counter(&s->cpu, "throttled_usec") * 1000);
	close_object(out);
	add_pressure(out, &s->cpu_pressure);
	close_object(out);
}

static void add_memory_entry(struct strbuf *out, const char *key, uint64_t limit, uint64_t usage,
			     uint64_t max)
{
	open_object(out, key);
	add_number(out, "limit", limit);
	add_unless_0(out, "usage", usage);
	add_unless_0(out, "max", max);
	add_number(out, "failcnt", 0);
	close_object(out);
}

static void add_counters(struct strbuf *out, const char *key,
			 const struct cgroup_counters *counters)
{
	if (counters->n == 0)
		return;
	open_object(out, key);
	for (size_t i = 0; i < counters->n; i++)
		add_number(out, counters->v[i].key, counters->v[i].value);
	close_object(out);
}

static void add_memory(struct strbuf *out, const struct cgroup_stats *s)
{
	uint64_t swap_limit = s->bytes.swap_max, swap_usage = s->bytes.swap_current;

	if (swap_limit != CGROUP_NO_LIMIT && s->bytes.max != CGROUP_NO_LIMIT)
		swap_limit += s->bytes.max;
	else
		swap_limit = CGROUP_NO_LIMIT;
	if (!s->bytes.has_swap)
		swap_limit = s->bytes.max;
	swap_usage += s->bytes.current;
	open_object(out, "memory");
	add_unless_0(out, "cache", cgroup_counter(&s->memory, "file"));
	add_memory_entry(out, "usage", s->bytes.max, s->bytes.current, s->bytes.peak);
	add_memory_entry(out, "swap", swap_limit, swap_usage, 0);
	add_memory_entry(out, "kernel", 0, 0, 0);
	add_memory_entry(out, "kernelTCP", 0, 0, 0);
	add_counters(out, "raw", &s->memory);
	add_pressure(out, &s->memory_pressure);
	add_counters(out, "event_count", &s->memory_events);
	close_object(out);
}

static void add_io(struct strbuf *out, const struct cgroup_io_device *d, const char *op,
		   uint64_t value)
{
	strbuf_adds(out, out->buf[out->len - 1] == '[' ? "{" : ",{");
	add_unless_0(out, "major", d->major);
	add_unless_0(out, "minor", d->minor);
	add_key(out, "op");
	strbuf_addf(out, "\"%s\"", op);
	add_unless_0(out, "value", value);
	close_object(out);
}

static void add_block_io(struct strbuf *out, const struct cgroup_stats *s)
{
	open_object(out, "blkio");
	if (s->n_io > 0) {
		add_key(out, "ioServiceBytesRecursive");
		strbuf_addch(out, '[');
		for (size_t i = 0; i < s->n_io; i++) {
			add_io(out, &s->io[i], "Read", s->io[i].read_bytes);
			add_io(out, &s->io[i], "Write", s->io[i].written_bytes);
		}
		strbuf_addch(out, ']');
		add_key(out, "ioServicedRecursive");
		strbuf_addch(out, '[');
		for (size_t i = 0; i < s->n_io; i++) {
			add_io(out, &s->io[i], "Read", s->io[i].reads);
			add_io(out, &s->io[i], "Write", s->io[i].writes);
		}
		strbuf_addch(out, ']');
	}
	add_pressure(out, &s->io_pressure);
	close_object(out);
}

static void add_huge_pages(struct strbuf *out, const struct cgroup_stats *s)
{
	open_object(out, "hugetlb");
	for (size_t i = 0; i < s->n_huge_pages; i++) {
		open_object(out, s->huge_pages[i].size);
		add_unless_0(out, "usage", s->huge_pages[i].usage);
		add_number(out, "failcnt", s->huge_pages[i].failures);
		close_object(out);
	}
	close_object(out);
}

void events_json_stats(const char *id, const struct cgroup_stats *s, struct strbuf *out)
{
	strbuf_addf(out, "{\"type\":\"stats\",\"id\":\"%s\",\"data\":{", id);
	add_cpu(out, s);
	strbuf_adds(out, ",\"cpuset\":" CPUSET);
	add_memory(out, s);
	open_object(out, "pids");
	add_unless_0(out, "current", s->pids.current);
	add_unless_0(out, "limit", s->pids.max);
	close_object(out);
	add_block_io(out, s);
	add_huge_pages(out, s);
	strbuf_adds(out, ",\"intel_rdt\":{},\"network_interfaces\":null}}\n");
}

void events_json_plain(const char *type, const char *id, struct strbuf *out)
{
	strbuf_addf(out, "{\"type\":\"%s\",\"id\":\"%s\"}\n", type, id);
}
