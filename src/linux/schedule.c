/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/schedule.h"

#include <linux/ioprio.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "libocispec/runtime.h"

enum { BITS_PER_WORD = 8 * sizeof(unsigned long) };

/* sched(7): a real-time priority, a nice value, the smallest deadline budget. */
enum {
	MIN_PRIORITY = 1,
	MAX_PRIORITY = 99,
	MIN_NICE = -20,
	MAX_NICE = 19,
	MIN_RUNTIME_NS = 1024,
	MAX_IO_PRIORITY = 7,
};

/* uapi/linux/sched.h, which cannot be included together with sched.h. */
static const uint32_t policies[] = {
	[OCI_SCHEDULER_POLICY_OTHER] = 0,    [OCI_SCHEDULER_POLICY_FIFO] = 1,
	[OCI_SCHEDULER_POLICY_RR] = 2,	     [OCI_SCHEDULER_POLICY_BATCH] = 3,
	[OCI_SCHEDULER_POLICY_ISO] = 4,	     [OCI_SCHEDULER_POLICY_IDLE] = 5,
	[OCI_SCHEDULER_POLICY_DEADLINE] = 6,
};

static const uint64_t scheduler_flags[] = {
	[OCI_SCHEDULER_FLAG_RESET_ON_FORK] = 0x01,  [OCI_SCHEDULER_FLAG_RECLAIM] = 0x02,
	[OCI_SCHEDULER_FLAG_DL_OVERRUN] = 0x04,	    [OCI_SCHEDULER_FLAG_KEEP_POLICY] = 0x08,
	[OCI_SCHEDULER_FLAG_KEEP_PARAMS] = 0x10,    [OCI_SCHEDULER_FLAG_UTIL_CLAMP_MIN] = 0x20,
	[OCI_SCHEDULER_FLAG_UTIL_CLAMP_MAX] = 0x40,
};

static const int io_classes[] = {
	[OCI_IO_PRIORITY_CLASS_RT] = IOPRIO_CLASS_RT,
	[OCI_IO_PRIORITY_CLASS_BE] = IOPRIO_CLASS_BE,
	[OCI_IO_PRIORITY_CLASS_IDLE] = IOPRIO_CLASS_IDLE,
};

/* uapi/linux/mempolicy.h; 6 is newer than Debian 12's. */
enum { MODE_DEFAULT, MODE_PREFERRED, MODE_BIND, MODE_INTERLEAVE, MODE_LOCAL };

static const int memory_modes[] = {
	[OCI_MEMORY_POLICY_MODE_DEFAULT] = MODE_DEFAULT,
	[OCI_MEMORY_POLICY_MODE_BIND] = MODE_BIND,
	[OCI_MEMORY_POLICY_MODE_INTERLEAVE] = MODE_INTERLEAVE,
	[OCI_MEMORY_POLICY_MODE_WEIGHTED_INTERLEAVE] = 6,
	[OCI_MEMORY_POLICY_MODE_PREFERRED] = MODE_PREFERRED,
	[OCI_MEMORY_POLICY_MODE_PREFERRED_MANY] = 5,
	[OCI_MEMORY_POLICY_MODE_LOCAL] = MODE_LOCAL,
};

static const int memory_flags[] = {
	[OCI_MEMORY_POLICY_FLAG_NUMA_BALANCING] = 1 << 13,
	[OCI_MEMORY_POLICY_FLAG_RELATIVE_NODES] = 1 << 14,
	[OCI_MEMORY_POLICY_FLAG_STATIC_NODES] = 1 << 15,
};

static int list_error(const char *text, const char *where, struct error *err)
{
	(void)error_set(err, EINVAL, "%s: \"%s\" is not a list such as \"0-3,7\" of numbers "
			"below %d", where, text, SCHEDULE_MAX_BITS);
	return error_pointer(err, "%s", where);
}

static const char *skip_spaces(const char *s)
{
	return s + strspn(s, " ");
}

/* A number at *TEXT, which is moved behind it. */
static bool take_number(const char **text, unsigned int *out)
{
	const char *s = skip_spaces(*text);
	unsigned int value = 0;

	if (*s < '0' || *s > '9')
		return false;
	for (; *s >= '0' && *s <= '9'; s++) {
		value = value * 10 + (unsigned int)(*s - '0');
		if (value >= SCHEDULE_MAX_BITS)
			return false;
	}
	*out = value;
	*text = skip_spaces(s);
	return true;
}

int schedule_parse_list(const char *text, const char *where, struct schedule_bits *out,
			struct error *err)
{
	struct schedule_bits bits = { .set = true };
	const char *s = text;
	unsigned int first, last;

	for (;;) {
		if (!take_number(&s, &first))
			return list_error(text, where, err);
		last = first;
		if (*s == '-' && (s++, !take_number(&s, &last) || last < first))
			return list_error(text, where, err);
		for (unsigned int i = first; i <= last; i++)
			bits.word[i / BITS_PER_WORD] |= 1ul << (i % BITS_PER_WORD);
		if (*s == '\0')
			break;
		if (*s++ != ',')
			return list_error(text, where, err);
	}
	*out = bits;
	return 0;
}

int schedule_parse_affinity(const struct oci_exec_cpu_affinity *affinity,
			    struct schedule_affinity *out, struct error *err)
{
	int r = 0;

	if (!affinity)
		return 0;
	if (affinity->initial && affinity->initial[0])
		r = schedule_parse_list(affinity->initial, "process.execCPUAffinity.initial",
					&out->initial, err);
	if (r == 0 && affinity->final && affinity->final[0])
		r = schedule_parse_list(affinity->final, "process.execCPUAffinity.final",
					&out->final, err);
	return r;
}

static int check_deadline(const struct oci_scheduler *s, struct error *err)
{
	if (s->runtime >= MIN_RUNTIME_NS && s->runtime <= s->deadline &&
	    (s->period == 0 || s->deadline <= s->period))
		return 0;
	(void)error_set(err, EINVAL, "SCHED_DEADLINE needs %d <= runtime <= deadline <= period "
			"in nanoseconds, not %llu, %llu, %llu", MIN_RUNTIME_NS,
			(unsigned long long)s->runtime, (unsigned long long)s->deadline,
			(unsigned long long)s->period);
	return error_pointer(err, "process.scheduler.runtime");
}

static int check_range(int32_t value, int min, int max, const char *field,
		       const char *name, struct error *err)
{
	if (value >= min && value <= max)
		return 0;
	(void)error_set(err, EINVAL, "%s takes a %s from %d to %d, not %d", name, field, min,
			max, value);
	return error_pointer(err, "process.scheduler.%s", field);
}

static int check_scheduler(const struct oci_scheduler *s, struct error *err)
{
	const char *name = oci_name(&oci_scheduler_policy_names, s->policy);
	int r;

	switch (s->policy) {
	case OCI_SCHEDULER_POLICY_OTHER:
	case OCI_SCHEDULER_POLICY_BATCH:
	case OCI_SCHEDULER_POLICY_IDLE:
		r = check_range(s->nice, MIN_NICE, MAX_NICE, "nice", name, err);
		return r < 0 ? r : check_range(s->priority, 0, 0, "priority", name, err);
	case OCI_SCHEDULER_POLICY_FIFO:
	case OCI_SCHEDULER_POLICY_RR:
		return check_range(s->priority, MIN_PRIORITY, MAX_PRIORITY, "priority", name,
				   err);
	case OCI_SCHEDULER_POLICY_DEADLINE:
		return check_deadline(s, err);
	default:
		(void)error_set(err, EINVAL, "Linux does not implement the policy %s", name);
		return error_pointer(err, "process.scheduler.policy");
	}
}

static int parse_scheduler(const struct oci_scheduler *s, struct schedule_attr *out,
			   struct error *err)
{
	int r = check_scheduler(s, err);

	if (r < 0)
		return r;
	*out = (struct schedule_attr){
		.size = sizeof(*out),
		.policy = policies[s->policy],
		.nice = s->nice,
		.priority = (uint32_t)s->priority,
		.runtime = s->runtime,
		.deadline = s->deadline,
		.period = s->period,
	};
	for (size_t i = 0; i < s->n_flags; i++)
		out->flags |= scheduler_flags[s->flags[i]];
	return 0;
}

static int parse_io(const struct oci_io_priority *io, int *out, struct error *err)
{
	if (io->priority < 0 || io->priority > MAX_IO_PRIORITY) {
		(void)error_set(err, EINVAL, "the I/O priority %d is not between 0 and %d",
				io->priority, MAX_IO_PRIORITY);
		return error_pointer(err, "process.ioPriority.priority");
	}
	*out = io_classes[io->class] << IOPRIO_CLASS_SHIFT | io->priority;
	return 0;
}

static int check_nodes(int mode, bool has_nodes, const char *name, struct error *err)
{
	if (has_nodes && (mode == MODE_DEFAULT || mode == MODE_LOCAL))
		(void)error_set(err, EINVAL, "%s takes no nodes", name);
	else if (!has_nodes && mode != MODE_DEFAULT && mode != MODE_LOCAL &&
		 mode != MODE_PREFERRED)
		(void)error_set(err, EINVAL, "%s needs nodes", name);
	else
		return 0;
	return error_pointer(err, "linux.memoryPolicy.nodes");
}

static int parse_memory(const struct oci_memory_policy *memory, struct schedule *out,
			struct error *err)
{
	bool has_nodes = memory->nodes && memory->nodes[0];
	int mode = memory_modes[memory->mode], flags = 0;
	int r = check_nodes(mode, has_nodes, oci_name(&oci_memory_policy_mode_names, memory->mode),
			    err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < memory->n_flags; i++)
		flags |= memory_flags[memory->flags[i]];
	if ((flags & memory_flags[OCI_MEMORY_POLICY_FLAG_RELATIVE_NODES]) &&
	    (flags & memory_flags[OCI_MEMORY_POLICY_FLAG_STATIC_NODES])) {
		(void)error_set(err, EINVAL, "nodes cannot be both relative and static");
		return error_pointer(err, "linux.memoryPolicy.flags");
	}
	out->memory_mode = mode | flags;
	return has_nodes ? schedule_parse_list(memory->nodes, "linux.memoryPolicy.nodes",
					       &out->memory_nodes, err)
			 : 0;
}

int schedule_parse(const struct oci_scheduler *scheduler, const struct oci_io_priority *io,
		   const struct oci_memory_policy *memory, struct schedule *out,
		   struct error *err)
{
	int r = 0;

	*out = (struct schedule)SCHEDULE_INIT;
	if (scheduler)
		r = parse_scheduler(scheduler, &out->attr, err);
	if (r == 0 && io)
		r = parse_io(io, &out->io_priority, err);
	if (r == 0 && memory)
		r = parse_memory(memory, out, err);
	return r;
}

static int explain(const char *call, const char *pointer, struct error *err)
{
	(void)error_sys(err, call, "%s", pointer);
	if (err->code == -EPERM)
		(void)error_hint(err, "this needs CAP_SYS_NICE; SCHED_DEADLINE also all CPUs of "
				      "its scheduling domain, and real-time policies a cgroup "
				      "that allows them");
	return error_pointer(err, "%s", pointer);
}

int schedule_apply(const struct schedule *schedule, struct error *err)
{
	const struct schedule_bits *nodes = &schedule->memory_nodes;

	if (schedule->attr.size && syscall(SYS_sched_setattr, 0, &schedule->attr, 0) < 0)
		return explain("sched_setattr", "process.scheduler", err);
	if (schedule->io_priority &&
	    syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, schedule->io_priority) < 0)
		return explain("ioprio_set", "process.ioPriority", err);
	/* The kernel reads one bit less than it is told. */
	if (schedule->memory_mode >= 0 &&
	    syscall(SYS_set_mempolicy, schedule->memory_mode, nodes->set ? nodes->word : NULL,
		    nodes->set ? SCHEDULE_MAX_BITS + 1 : 0) < 0)
		return explain("set_mempolicy", "linux.memoryPolicy", err);
	return 0;
}

int schedule_apply_affinity(const struct schedule_bits *cpus, struct error *err)
{
	if (!cpus->set || syscall(SYS_sched_setaffinity, 0, sizeof(cpus->word), cpus->word) == 0)
		return 0;
	(void)error_sys(err, "sched_setaffinity", "process.execCPUAffinity");
	if (err->code == -EINVAL)
		(void)error_hint(err, "none of these CPUs is on line and allowed by the cgroup");
	return error_pointer(err, "process.execCPUAffinity");
}

/* Failure leaves what was inherited, which is no reason to give up a container. */
void schedule_reset_affinity(void)
{
	struct schedule_bits all;

	memset(&all, 0xff, sizeof(all));
	(void)syscall(SYS_sched_setaffinity, 0, sizeof(all.word), all.word);
}
