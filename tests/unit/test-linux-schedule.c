/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tap.h"

#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "libocispec/runtime.h"
#include "linux/schedule.h"

static bool has(const struct schedule_bits *bits, unsigned int i)
{
	unsigned int n = 8 * sizeof(unsigned long);

	return bits->word[i / n] >> (i % n) & 1;
}

static void test_list(void)
{
	static const char *const bad[] = { "", "x", "1-", "-1", "3-1", "1,", ",1", "1,,2",
					   "8192", "1 2", "99999999999999999999", "1-2-3" };
	struct schedule_bits bits = { .set = false };
	struct error err = ERROR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ok_named(schedule_parse_list(bad[i], "x", &bits, &err) == -EINVAL && !bits.set,
			 "\"%s\" is refused", bad[i]);
	ok(schedule_parse_list(" 0-2, 7 ,63-64,8191", "x", &bits, &err) == 0);
	ok(has(&bits, 0) && has(&bits, 2) && !has(&bits, 3) && has(&bits, 7));
	ok(has(&bits, 63) && has(&bits, 64) && !has(&bits, 65) && has(&bits, 8191));
}

static void test_affinity(void)
{
	struct oci_exec_cpu_affinity asked = { .initial = "", .final = "0" };
	struct schedule_affinity affinity = { .initial = { .set = false } };
	struct error err = ERROR_INIT;

	ok(schedule_parse_affinity(NULL, &affinity, &err) == 0 && !affinity.final.set);
	ok(schedule_parse_affinity(&asked, &affinity, &err) == 0);
	ok(!affinity.initial.set && affinity.final.set);
	asked.initial = "a";
	ok_int(schedule_parse_affinity(&asked, &affinity, &err), -EINVAL);
	ok_str(err.pointer, "process.execCPUAffinity.initial");
}

static const char *parse_scheduler(struct oci_scheduler scheduler)
{
	static struct error err;
	struct schedule schedule;

	err = (struct error)ERROR_INIT;
	(void)schedule_parse(&scheduler, NULL, NULL, &schedule, &err);
	return err.pointer;
}

static void test_scheduler(void)
{
	enum oci_scheduler_flag flags[] = { OCI_SCHEDULER_FLAG_RESET_ON_FORK,
					    OCI_SCHEDULER_FLAG_KEEP_PARAMS };
	struct oci_scheduler batch = { .policy = OCI_SCHEDULER_POLICY_BATCH, .nice = 5,
				       .flags = flags, .n_flags = 2 };
	struct schedule schedule;
	struct error err = ERROR_INIT;

	ok(schedule_parse(&batch, NULL, NULL, &schedule, &err) == 0);
	ok(schedule.attr.policy == SCHED_BATCH && schedule.attr.nice == 5);
	ok_int((long long)schedule.attr.flags, 0x11);
	ok_str(parse_scheduler((struct oci_scheduler){ OCI_SCHEDULER_POLICY_OTHER, .nice = 20 }),
	       "process.scheduler.nice");
	ok_str(parse_scheduler((struct oci_scheduler){ OCI_SCHEDULER_POLICY_OTHER,
						       .priority = 1 }),
	       "process.scheduler.priority");
	ok_str(parse_scheduler((struct oci_scheduler){ OCI_SCHEDULER_POLICY_FIFO }),
	       "process.scheduler.priority");
	ok_str(parse_scheduler((struct oci_scheduler){ OCI_SCHEDULER_POLICY_RR, .priority = 99 }),
	       "");
	ok_str(parse_scheduler((struct oci_scheduler){ OCI_SCHEDULER_POLICY_ISO }),
	       "process.scheduler.policy");
	ok_str(parse_scheduler((struct oci_scheduler){ OCI_SCHEDULER_POLICY_DEADLINE,
						       .runtime = 2000, .deadline = 1999 }),
	       "process.scheduler.runtime");
	ok_str(parse_scheduler((struct oci_scheduler){ OCI_SCHEDULER_POLICY_DEADLINE,
						       .runtime = 2000, .deadline = 3000 }),
	       "");
}

static void test_io_and_memory(void)
{
	struct oci_io_priority io = { .class = OCI_IO_PRIORITY_CLASS_BE, .priority = 8 };
	enum oci_memory_policy_flag flags[] = { OCI_MEMORY_POLICY_FLAG_STATIC_NODES,
						OCI_MEMORY_POLICY_FLAG_RELATIVE_NODES };
	struct oci_memory_policy memory = { .mode = OCI_MEMORY_POLICY_MODE_BIND,
					    .flags = flags, .n_flags = 1 };
	struct schedule schedule;
	struct error err = ERROR_INIT;

	ok_int(schedule_parse(NULL, &io, NULL, &schedule, &err), -EINVAL);
	ok_str(err.pointer, "process.ioPriority.priority");
	io.priority = 3;
	ok(schedule_parse(NULL, &io, NULL, &schedule, &err) == 0);
	ok_int(schedule.io_priority, 2 << 13 | 3);
	ok_int(schedule.memory_mode, -1);

	ok_int(schedule_parse(NULL, NULL, &memory, &schedule, &err), -EINVAL);
	ok_str(err.msg, "MPOL_BIND needs nodes");
	memory.nodes = "0-1";
	ok(schedule_parse(NULL, NULL, &memory, &schedule, &err) == 0);
	ok_int(schedule.memory_mode, 2 | 1 << 15);
	ok(has(&schedule.memory_nodes, 1) && !has(&schedule.memory_nodes, 2));
	memory.n_flags = 2;
	ok_int(schedule_parse(NULL, NULL, &memory, &schedule, &err), -EINVAL);
	memory.n_flags = 0;
	memory.mode = OCI_MEMORY_POLICY_MODE_LOCAL;
	ok_int(schedule_parse(NULL, NULL, &memory, &schedule, &err), -EINVAL);
}

static int apply(void)
{
	struct oci_scheduler batch = { .policy = OCI_SCHEDULER_POLICY_BATCH, .nice = 3 };
	struct oci_io_priority io = { .class = OCI_IO_PRIORITY_CLASS_BE, .priority = 6 };
	struct schedule schedule;
	struct error err = ERROR_INIT;

	if (schedule_parse(&batch, &io, NULL, &schedule, &err) < 0 ||
	    schedule_apply(&schedule, &err) < 0)
		return 1;
	if (sched_getscheduler(0) != SCHED_BATCH || syscall(SYS_ioprio_get, 1, 0) != (2 << 13 | 6))
		return 2;
	return 0;
}

static int prefer_node(void)
{
	struct oci_memory_policy memory = { .mode = OCI_MEMORY_POLICY_MODE_PREFERRED,
					    .nodes = "0" };
	struct schedule schedule;
	struct error err = ERROR_INIT;
	int mode = -1;

	if (schedule_parse(NULL, NULL, &memory, &schedule, &err) < 0)
		return 1;
	if (schedule_apply(&schedule, &err) < 0)
		return err.code == -ENOSYS ? 0 : 2;
	return syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0) == 0 && mode == 1 ? 0 : 3;
}

static int pin(void)
{
	struct schedule_bits cpus = { .set = true };
	struct error err = ERROR_INIT;
	int n = 0, before;
	cpu_set_t now;

	if (sched_getaffinity(0, sizeof(now), &now) < 0)
		return 1;
	before = CPU_COUNT(&now);
	while (!CPU_ISSET(n, &now))
		n++;
	cpus.word[0] = 1ul << n;
	if (schedule_apply_affinity(&cpus, &err) < 0 ||
	    sched_getaffinity(0, sizeof(now), &now) < 0 || CPU_COUNT(&now) != 1)
		return 2;
	schedule_reset_affinity();
	if (sched_getaffinity(0, sizeof(now), &now) < 0 || CPU_COUNT(&now) < before)
		return 3;
	memset(cpus.word, 0, sizeof(cpus.word));
	cpus.word[SCHEDULE_MAX_BITS / 64 - 1] = 1;
	return schedule_apply_affinity(&cpus, &err) == -EINVAL && err.hint[0] ? 0 : 4;
}

int main(void)
{
	test_list();
	test_affinity();
	test_scheduler();
	test_io_and_memory();
	ok_int(tap_in_child(apply), 0);
	ok_int(tap_in_child(prefer_node), 0);
	ok_int(tap_in_child(pin), 0);
	return tap_done();
}
