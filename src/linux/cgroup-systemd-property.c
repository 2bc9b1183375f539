/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits as properties of a unit.  The starting point is not linux.resources
 * but the cgroup files they were turned into: so "unified" is covered as well,
 * and what systemd writes again at daemon-reload is what stood there before.
 *
 * Left out is what systemd does not write: files it has no property for, and
 * lines by device in io.max, io.weight and others, of which it touches only
 * those it was told itself.
 */
#include <ctype.h>
#include <stdlib.h>

#include "base/mem.h"
#include "linux/cgroup-resources.h"
#include "linux/cgroup-systemd.h"
#include "linux/device-bpf.h"

/* "infinity" in a property. */
#define NO_LIMIT "18446744073709551615"

enum {
	USEC_PER_SEC = 1000000,
	/* The kernel's period where none was set (cpu.max). */
	DEFAULT_PERIOD = 100000,
	MAX_CPU = 65535,
};

/* --- the list ------------------------------------------------------------------------ */

static void property_fini(struct systemd_property *p)
{
	free(p->name);
	free(p->signature);
	strvec_release(&p->values);
}

void systemd_properties_fini(struct systemd_properties *props)
{
	for (size_t i = 0; i < props->n; i++)
		property_fini(&props->v[i]);
	free(props->v);
	*props = (struct systemd_properties){ 0 };
}

/* "CPUWeight@252" and "CPUWeight" are the same property. */
static bool same_name(const char *a, const char *b)
{
	size_t n = strcspn(a, "@");

	return n == strcspn(b, "@") && strncmp(a, b, n) == 0;
}

static struct systemd_property *append(struct systemd_properties *props, const char *name,
				       const char *signature)
{
	struct systemd_property *p;

	props->v = xrealloc(props->v, props->n + 1, sizeof(*props->v));
	p = &props->v[props->n++];
	*p = (struct systemd_property){
		.name = xstrdup(name),
		.signature = xstrdup(signature),
		.values = STRVEC_INIT,
	};
	return p;
}

struct systemd_property *systemd_properties_add(struct systemd_properties *props,
						const char *name, const char *signature)
{
	for (size_t i = 0; i < props->n; i++) {
		if (!same_name(props->v[i].name, name))
			continue;
		property_fini(&props->v[i]);
		props->n--;
		memmove(&props->v[i], &props->v[i + 1], (props->n - i) * sizeof(*props->v));
	}
	return append(props, name, signature);
}

void systemd_properties_set(struct systemd_properties *props, const char *name,
			    const char *signature, const char *value)
{
	strvec_push(&systemd_properties_add(props, name, signature)->values, value);
}

static void set_number(struct systemd_properties *props, const char *name, uint64_t value)
{
	strvec_pushf(&systemd_properties_add(props, name, "t")->values, "%llu",
		     (unsigned long long)value);
}

/* --- cgroup files -------------------------------------------------------------------- */

static int refuse(const char *value, const char *what, struct error *err)
{
	return error_set(err, EINVAL, "\"%s\" is not %s", value, what);
}

/* As the kernel reads it: "max", or bytes with K, M or G. */
static int from_limit(struct systemd_properties *props, const char *name, const char *value,
		      struct error *err)
{
	static const char units[] = "KMGTPE";
	unsigned long long number;
	const char *unit;
	char *end;

	if (streq(value, "max")) {
		systemd_properties_set(props, name, "t", NO_LIMIT);
		return 0;
	}
	errno = 0;
	number = strtoull(value, &end, 0);
	unit = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
	if (errno || !isdigit((unsigned char)*value) || (*end && (!unit || end[1])))
		return refuse(value, "a number of bytes or \"max\"", err);
	if (unit && __builtin_mul_overflow(number, 1ULL << (10 * (unit - units + 1)), &number))
		return refuse(value, "a number of bytes that can be", err);
	set_number(props, name, number);
	return 0;
}

/* systemd knows no limit of 0; with 1, which init itself is, a fork fails as well. */
static int from_tasks(struct systemd_properties *props, const char *name, const char *value,
		      struct error *err)
{
	return from_limit(props, name, streq(value, "0") ? "1" : value, err);
}

static int from_weight(struct systemd_properties *props, const char *name, const char *value,
		       struct error *err)
{
	uint64_t weight;

	if (!str_to_u64(value, 10000, &weight) || weight == 0)
		return refuse(value, "a weight from 1 to 10000", err);
	set_number(props, name, weight);
	return 0;
}

/* The line for all devices: "default 100" or "100". */
static int from_io_weight(struct systemd_properties *props, const char *name, const char *value,
			  struct error *err)
{
	cleanup_free char *lines = xstrdup(value);
	int r = 0;

	for (char *save = NULL, *line = strtok_r(lines, "\n", &save); line && r == 0;
	     line = strtok_r(NULL, "\n", &save)) {
		const char *weight = str_skip_prefix(line, "default ");

		if (weight || !strchr(line, ':'))
			r = from_weight(props, name, weight ? weight : line, err);
	}
	return r;
}

/* Weight 0 means idle, from version 252 on; older ones leave cpu.idle alone. */
static int from_cpu_idle(struct systemd_properties *props, const char *name, const char *value,
			 struct error *err)
{
	(void)err;
	if (streq(value, "1"))
		set_number(props, name, 0);
	return 0;
}

/*
 * "QUOTA [PERIOD]".  systemd counts the time per second, and at daemon-reload
 * it reads back whole percents: rounded up, or it would become less.
 */
static int from_cpu_max(struct systemd_properties *props, const char *name, const char *value,
			struct error *err)
{
	size_t n = strcspn(value, " ");
	cleanup_free char *quota_text = xstrndup(value, n);
	const char *period_text = value + n + strspn(value + n, " ");
	uint64_t quota, percent, period = DEFAULT_PERIOD;

	if (*period_text && (!str_to_u64(period_text, USEC_PER_SEC, &period) || period == 0))
		return refuse(period_text, "a period of microseconds", err);
	if (*period_text)
		set_number(props, "CPUQuotaPeriodUSec", period);
	if (streq(quota_text, "max")) {
		systemd_properties_set(props, name, "t", NO_LIMIT);
		return 0;
	}
	if (!str_to_u64(quota_text, UINT64_MAX / USEC_PER_SEC, &quota))
		return refuse(quota_text, "a number of microseconds or \"max\"", err);
	percent = (quota * 100 + period - 1) / period;
	set_number(props, name, percent * (USEC_PER_SEC / 100));
	return 0;
}

static int read_cpu_number(const char **at, unsigned long *out)
{
	char *end;

	if (!isdigit((unsigned char)**at))
		return -EINVAL;
	*out = strtoul(*at, &end, 10);
	*at = end;
	return *out > MAX_CPU ? -EINVAL : 0;
}

/* "0-3,7" as bytes of a mask, the lowest first. */
static int parse_cpu_list(const char *list, unsigned char *mask, size_t *n_bytes)
{
	*n_bytes = 0;
	while (*list) {
		unsigned long first, last;

		if (read_cpu_number(&list, &first) < 0)
			return -EINVAL;
		last = first;
		if (*list == '-') {
			list++;
			if (read_cpu_number(&list, &last) < 0 || last < first)
				return -EINVAL;
		}
		for (unsigned long i = first; i <= last; i++)
			mask[i / 8] |= (unsigned char)(1U << i % 8);
		if (last / 8 + 1 > *n_bytes)
			*n_bytes = last / 8 + 1;
		if (*list && *list++ != ',')
			return -EINVAL;
	}
	return 0;
}

static int from_cpu_list(struct systemd_properties *props, const char *name, const char *value,
			 struct error *err)
{
	unsigned char mask[MAX_CPU / 8 + 1] = { 0 };
	struct systemd_property *p;
	size_t n;

	if (parse_cpu_list(value, mask, &n) < 0)
		return refuse(value, "a list of numbers like \"0-3,7\"", err);
	p = systemd_properties_add(props, name, "ay");
	strvec_pushf(&p->values, "%zu", n);
	for (size_t i = 0; i < n; i++)
		strvec_pushf(&p->values, "%u", mask[i]);
	return 0;
}

static const struct conversion {
	const char *file;
	const char *property;
	int (*convert)(struct systemd_properties *props, const char *name, const char *value,
		       struct error *err);
} conversions[] = {
	{ "memory.min", "MemoryMin", from_limit },
	{ "memory.low", "MemoryLow", from_limit },
	{ "memory.high", "MemoryHigh", from_limit },
	{ "memory.max", "MemoryMax", from_limit },
	{ "memory.swap.max", "MemorySwapMax", from_limit },
	{ "memory.zswap.max", "MemoryZSwapMax@253", from_limit },
	{ "cpu.weight", "CPUWeight", from_weight },
	{ "cpu.idle", "CPUWeight@252", from_cpu_idle },
	{ "cpu.max", "CPUQuotaPerSecUSec", from_cpu_max },
	{ "cpuset.cpus", "AllowedCPUs", from_cpu_list },
	{ "cpuset.mems", "AllowedMemoryNodes", from_cpu_list },
	{ "pids.max", "TasksMax", from_tasks },
	{ "io.weight", "IOWeight", from_io_weight },
};

int systemd_properties_from_file(struct systemd_properties *props, const char *file,
				 const char *value, struct error *err)
{
	size_t n = strlen(value);
	cleanup_free char *text = xstrndup(value, n && value[n - 1] == '\n' ? n - 1 : n);

	for (size_t i = 0; i < ARRAY_SIZE(conversions); i++) {
		const struct conversion *c = &conversions[i];
		int r;

		if (!streq(c->file, file))
			continue;
		r = c->convert(props, c->property, text, err);
		return r < 0 ? error_context(err, "%s", file) : 0;
	}
	return 0;
}

int systemd_properties_from_plan(struct systemd_properties *props,
				 const struct cgroup_plan *plan, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < plan->n && r == 0; i++) {
		const struct cgroup_write *w = &plan->v[i];

		r = systemd_properties_from_file(props, w->file, w->value, err);
		if (r == 0 && w->fallback_file)
			r = systemd_properties_from_file(props, w->fallback_file,
							 w->fallback_value, err);
		if (r < 0)
			(void)error_pointer(err, "%s", w->pointer);
	}
	return r;
}

/* --- devices ------------------------------------------------------------------------- */

static bool is_for_all(const struct device_rule *rule)
{
	return rule->type == 'a' && rule->major == DEVICE_ANY && rule->minor == DEVICE_ANY &&
	       rule->access == device_access_parse("rwm");
}

/* The access that VALUES, after its first, pairs of device and access, has for DEVICE; or NULL. */
static char **access_of(struct strvec *values, const char *device)
{
	for (size_t i = 1; i + 1 < values->n; i += 2)
		if (streq(values->v[i], device))
			return &values->v[i + 1];
	return NULL;
}

/* Of one device systemd keeps the last entry alone: two rules that allow make one. */
static void allow_device(struct strvec *values, bool block, const struct device_rule *rule)
{
	const char *kind = block ? "block" : "char";
	cleanup_free char *device = NULL;
	uint32_t access = rule->access;
	char **before;

	if (rule->major == DEVICE_ANY)
		device = xasprintf("%s-*", kind);
	else if (rule->minor == DEVICE_ANY)
		device = xasprintf("%s-%lld", kind, (long long)rule->major);
	else
		device = xasprintf("/dev/%s/%lld:%lld", kind, (long long)rule->major,
				   (long long)rule->minor);
	before = access_of(values, device);
	if (before) {
		access |= device_access_parse(*before);
		free(*before);
	} else {
		strvec_push(values, device);
		strvec_push(values, "");
		before = &values->v[values->n - 1];
		free(*before);
	}
	*before = xasprintf("%s%s%s", access & BPF_DEVCG_ACC_READ ? "r" : "",
			    access & BPF_DEVCG_ACC_WRITE ? "w" : "",
			    access & BPF_DEVCG_ACC_MKNOD ? "m" : "");
}

void systemd_properties_from_devices(struct systemd_properties *props,
				     const struct device_rule *rules, size_t n)
{
	struct systemd_property *p;
	bool everything;
	size_t first = 0;

	/* What stands before a rule for everything has no say. */
	for (size_t i = 0; i < n; i++)
		if (is_for_all(&rules[i]))
			first = i;
	everything = is_for_all(&rules[first]) && rules[first].allow;
	systemd_properties_set(props, "DevicePolicy", "s", everything ? "auto" : "strict");
	/* A list is appended to the one before; an empty list empties it. */
	systemd_properties_set(props, "DeviceAllow", "a(ss)", "0");
	if (everything)
		return;
	p = append(props, "DeviceAllow", "a(ss)");
	strvec_push(&p->values, "");
	for (size_t i = first; i < n; i++) {
		if (!rules[i].allow)
			continue;
		if (rules[i].type != 'c')
			allow_device(&p->values, true, &rules[i]);
		if (rules[i].type != 'b')
			allow_device(&p->values, false, &rules[i]);
	}
	free(p->values.v[0]);
	p->values.v[0] = xasprintf("%zu", (p->values.n - 1) / 2);
}
