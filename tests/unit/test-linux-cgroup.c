/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conversions and paths run as anybody.  What makes cgroups needs root, and
 * works in a mount namespace of its own, below one cgroup that is ours.
 */
#include "tests/unit/tap.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/syscall.h"
#include "libocispec/runtime.h"
#include "linux/cgroup-resources.h"
#include "linux/cgroup.h"

static void test_weights(void)
{
	static const struct {
		unsigned long shares, weight;
	} cases[] = {
		{ 0, 1 }, { 2, 1 }, { 1024, 100 }, { 262144, 10000 }, { 300000, 10000 },
		{ 512, 59 }, { 2048, 174 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		ok_named(cgroup_weight_of_shares(cases[i].shares) == cases[i].weight,
			 "%lu shares are weight %lu, got %lu", cases[i].shares, cases[i].weight,
			 cgroup_weight_of_shares(cases[i].shares));
}

/* The value planned for FILE, or NULL. */
static const char *planned(const struct cgroup_plan *plan, const char *file)
{
	for (size_t i = 0; i < plan->n; i++)
		if (streq(plan->v[i].file, file))
			return plan->v[i].value;
	return NULL;
}

static void test_plan(void)
{
	const int64_t limit = 100 << 20, swap = 150 << 20, quota = -1, idle = 0;
	const uint64_t shares = 1024, period = 50000;
	const uint16_t weight = 500;
	struct oci_memory memory = { .limit = &limit, .swap = &swap };
	struct oci_cpu cpu = { .shares = &shares, .quota = &quota, .period = &period,
			       .idle = &idle, .cpus = "0-1" };
	struct oci_pids pids = { .limit = 0 };
	struct oci_throttle_device throttle = { .major = 8, .minor = 0, .rate = 1000 };
	struct oci_block_io io = { .weight = &weight, .throttle_read_bps_device = &throttle,
				   .n_throttle_read_bps_device = 1 };
	struct oci_hugepage_limit huge = { .page_size = "2MB", .limit = 4096 };
	struct oci_string_pair unified = { "memory.high", "1000" };
	struct oci_resources resources = {
		.memory = &memory, .cpu = &cpu, .pids = &pids, .block_io = &io,
		.hugepage_limits = &huge, .n_hugepage_limits = 1,
		.unified = { .items = &unified, .n = 1 },
	};
	struct cgroup_plan plan;
	struct error err = ERROR_INIT;

	if (!ok(cgroup_plan_make(&resources, &plan, &err) == 0))
		return;
	ok_str(planned(&plan, "memory.max"), "104857600");
	ok_str(planned(&plan, "memory.swap.max"), "52428800");
	ok_str(planned(&plan, "cpu.weight"), "100");
	ok_str(planned(&plan, "cpu.max"), "max 50000");
	ok_str(planned(&plan, "cpu.idle"), "0");
	ok_str(planned(&plan, "cpuset.cpus"), "0-1");
	ok_str(planned(&plan, "cpuset.mems"), NULL);
	ok_str(planned(&plan, "pids.max"), "0");
	ok_str(planned(&plan, "io.bfq.weight"), "500");
	ok_str(planned(&plan, "io.max"), "8:0 rbps=1000");
	ok_str(planned(&plan, "hugetlb.2MB.rsvd.max"), "4096");
	ok_str(planned(&plan, "hugetlb.2MB.max"), "4096");
	ok_str(plan.v[plan.n - 1].file, "memory.high");
	ok_int(cgroup_plan_controllers(&plan),
	       1 << CGROUP_MEMORY | 1 << CGROUP_CPU | 1 << CGROUP_CPUSET | 1 << CGROUP_PIDS |
		       1 << CGROUP_IO | 1 << CGROUP_HUGETLB);
	cgroup_plan_fini(&plan);

	ok(cgroup_plan_make(NULL, &plan, &err) == 0 && plan.n == 0);
	cgroup_plan_fini(&plan);
}

/* What an idle cgroup does not take, and what has to be 0 in between. */
static void test_plan_cpu(void)
{
	const int64_t quota = 5000, idle = 1;
	const uint64_t shares = 1024, burst = 700;
	struct oci_cpu cpu = { .shares = &shares, .idle = &idle, .quota = &quota,
			       .burst = &burst };
	struct oci_resources resources = { .cpu = &cpu };
	struct cgroup_plan plan;
	struct error err = ERROR_INIT;

	if (!ok(cgroup_plan_make(&resources, &plan, &err) == 0) || !ok(plan.n == 4))
		return;
	ok_str(planned(&plan, "cpu.idle"), "1");
	ok_str(planned(&plan, "cpu.weight"), NULL);
	ok_str(plan.v[1].file, "cpu.max.burst");
	ok_str(plan.v[1].value, "0");
	ok_str(plan.v[2].value, "5000");
	ok_str(plan.v[3].value, "700");
	cgroup_plan_fini(&plan);
}

/* No limit of memory is none of memory and swap. */
static void test_plan_no_memory_limit(void)
{
	const int64_t limit = -1;
	struct oci_memory memory = { .limit = &limit };
	struct oci_resources resources = { .memory = &memory };
	struct cgroup_plan plan;
	struct error err = ERROR_INIT;

	if (!ok(cgroup_plan_make(&resources, &plan, &err) == 0))
		return;
	ok_str(planned(&plan, "memory.max"), "max");
	ok_str(planned(&plan, "memory.swap.max"), "max");
	cgroup_plan_fini(&plan);
}

/* The fields that few engines set. */
static void test_plan_rare(void)
{
	const int64_t reservation = 4096;
	const uint64_t burst = 700;
	const uint16_t weight = 1000;
	const uint32_t handles = 3, objects = 10;
	struct oci_memory memory = { .reservation = &reservation };
	struct oci_cpu cpu = { .burst = &burst, .mems = "0" };
	struct oci_weight_device device = { .major = 8, .minor = 16, .weight = &weight };
	struct oci_throttle_device throttle = { .major = 8, .minor = 0, .rate = 0 };
	struct oci_block_io io = { .weight_device = &device, .n_weight_device = 1,
				   .throttle_write_iops_device = &throttle,
				   .n_throttle_write_iops_device = 1 };
	struct oci_rdma rdma = { .key = "mlx5_1", .hca_handles = &handles,
				 .hca_objects = &objects };
	struct oci_resources resources = {
		.memory = &memory, .cpu = &cpu, .block_io = &io, .rdma = &rdma, .n_rdma = 1,
	};
	struct cgroup_plan plan;
	struct error err = ERROR_INIT;

	if (!ok(cgroup_plan_make(&resources, &plan, &err) == 0))
		return;
	ok_str(planned(&plan, "memory.low"), "4096");
	ok_str(planned(&plan, "cpu.max.burst"), "700");
	ok_str(planned(&plan, "cpuset.mems"), "0");
	ok_str(planned(&plan, "io.bfq.weight"), "8:16 1000");
	ok_str(planned(&plan, "io.max"), "8:0 wiops=max");
	ok_str(planned(&plan, "rdma.max"), "mlx5_1 hca_handle=3 hca_object=10");
	cgroup_plan_fini(&plan);
}

/* RESOURCES are refused, and the error points at POINTER. */
static void refused(const struct oci_resources *resources, const char *pointer)
{
	struct cgroup_plan plan;
	struct error err = ERROR_INIT;

	ok_named(cgroup_plan_make(resources, &plan, &err) < 0, "%s is refused: %s", pointer,
		 err.msg);
	ok_str(err.pointer, pointer);
}

static void test_plan_refused(void)
{
	const int64_t limit = 100, less = 50, realtime = 10;
	struct oci_memory memory = { .swap = &less };
	struct oci_cpu cpu = { .realtime_runtime = &realtime };
	const uint64_t burst = 101;
	struct oci_weight_device device = { .major = 8 };
	struct oci_block_io io = { .weight_device = &device, .n_weight_device = 1 };
	struct oci_rdma rdma = { .key = "mlx5_1" };
	struct oci_string_pair unified = { "../memory.max", "1" };
	struct oci_resources resources = { .memory = &memory };

	refused(&resources, "linux.resources.memory.swap");
	memory.limit = &limit;
	refused(&resources, "linux.resources.memory.swap");
	resources = (struct oci_resources){ .cpu = &cpu };
	refused(&resources, "linux.resources.cpu.realtimeRuntime");
	cpu = (struct oci_cpu){ .quota = &limit, .burst = &burst };
	refused(&resources, "linux.resources.cpu.burst");
	resources = (struct oci_resources){ .block_io = &io };
	refused(&resources, "linux.resources.blockIO.weightDevice[0]");
	resources = (struct oci_resources){ .rdma = &rdma, .n_rdma = 1 };
	refused(&resources, "linux.resources.rdma.mlx5_1");
	resources = (struct oci_resources){ .unified = { .items = &unified, .n = 1 } };
	refused(&resources, "linux.resources.unified");
}

static void test_paths_refused(void)
{
	static const char *const bad[] = { "/", "//", "/a/../b", ".." };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct cgroup_request request = { .id = "x", .path = bad[i] };
		struct cgroup cg = CGROUP_INIT;
		struct error err = ERROR_INIT;

		ok_named(cgroup_create(&request, &cg, &err) == -EINVAL, "path \"%s\" is refused",
			 bad[i]);
		ok_str(err.pointer, "linux.cgroupsPath");
	}
}

static void test_managers(void)
{
	struct cgroup_request request = { .manager = CGROUP_MANAGER_DISABLED, .id = "x" };
	struct oci_pids pids = { .limit = 5 };
	struct oci_resources resources = { .pids = &pids };
	struct cgroup cg = CGROUP_INIT;
	struct error err = ERROR_INIT;
	enum cgroup_manager manager;

	ok(cgroup_manager_parse("disabled", &manager, &err) == 0 &&
	   manager == CGROUP_MANAGER_DISABLED);
	ok_int(cgroup_manager_parse("auto", &manager, &err), -EINVAL);
	ok(cgroup_create(&request, &cg, &err) == 0 && cg.path == NULL);
	ok_str(cgroup_driver_name(&cg), "disabled");
	request.resources = &resources;
	ok_int(cgroup_create(&request, &cg, &err), -EINVAL);
	ok_str(err.pointer, "linux.resources.pids.limit");
}

/* A cgroup2 of our own view at /sys/fs/cgroup/unified, as on a hybrid host. */
static bool make_private_view(void)
{
	return geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", "/sys/fs/cgroup", "tmpfs", 0, NULL) == 0 &&
	       mkdir("/sys/fs/cgroup/unified", 0755) == 0 &&
	       mount("none", "/sys/fs/cgroup/unified", "cgroup2", 0, NULL) == 0;
}

/* A child that sleeps in the cgroup; in a child cgroup BELOW of it when that is given. */
static pid_t spawn_sleeper(const struct cgroup *cg)
{
	struct clone_args args = {
		.flags = CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)cg->fd,
	};
	pid_t pid = sys_clone3(&args);

	if (pid == 0) {
		for (;;)
			(void)pause();
	}
	return pid;
}

static int wait_signal(pid_t pid)
{
	int status = 0;

	(void)waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? WTERMSIG(status) : -1;
}

static void test_life(struct cgroup_request *request)
{
	struct cgroup cg = CGROUP_INIT, again = CGROUP_INIT, of_pid = CGROUP_INIT;
	struct error err = ERROR_INIT;
	int before;
	bool value = false;
	pid_t pid, *pids;
	size_t n;

	/* Opened once and kept for good. */
	(void)proc_fd(&err);
	(void)cgroup_root_fd(&err);
	before = tap_count_fds();
	if (!ok_named(cgroup_create(request, &cg, &err) == 0, "created: %s", err.msg))
		return;
	ok_str(cg.path, request->path);
	ok_str(cgroup_driver_name(&cg), "cgroupfs");
	ok(cgroup_is_populated(&cg, &value, &err) == 0 && !value);

	pid = spawn_sleeper(&cg);
	ok(cgroup_is_populated(&cg, &value, &err) == 0 && value);
	ok(cgroup_list_pids(&cg, &pids, &n, &err) == 0 && n == 1 && pids[0] == pid);
	free(pids);
	ok(cgroup_open_of_pid(pid, &of_pid, &err) == 0);
	ok_str(of_pid.path, cg.path);
	cgroup_fini(&of_pid);
	ok_int(cgroup_create(request, &again, &err), -EBUSY);
	ok(strstr(err.msg, "not empty") != NULL);

	ok(cgroup_freeze(&cg, true, &err) == 0);
	ok(cgroup_is_frozen(&cg, &value, &err) == 0 && value);
	ok(cgroup_freeze(&cg, false, &err) == 0);
	ok(cgroup_is_frozen(&cg, &value, &err) == 0 && !value);

	ok(cgroup_signal(&cg, SIGUSR1, &err) == 0);
	ok_int(wait_signal(pid), SIGUSR1);
	ok(cgroup_is_populated(&cg, &value, &err) == 0 && !value);

	/* Killed while frozen, two levels down. */
	ok(mkdirat(cg.fd, "sub", 0755) == 0 && mkdirat(cg.fd, "sub/deep", 0755) == 0);
	ok(cgroup_open_below(&cg, "/sub/deep", &again, &err) == 0);
	pid = spawn_sleeper(&again);
	cgroup_fini(&again);
	ok_int(cgroup_open_below(&cg, "../..", &again, &err), -EXDEV);
	ok(cgroup_freeze(&cg, true, &err) == 0);
	ok(cgroup_kill(&cg, &err) == 0);
	ok_int(wait_signal(pid), SIGKILL);
	ok_named(cgroup_remove("cgroupfs", cg.path, &err) == 0, "removed: %s", err.msg);
	ok_int(cgroup_open(cg.path, &again, &err), -ENOENT);
	ok(cgroup_remove("cgroupfs", cg.path, &err) == 0);
	cgroup_fini(&cg);
	ok_int(tap_count_fds(), before);
}

static void test_frozen_is_refused(struct cgroup_request *request)
{
	struct cgroup cg = CGROUP_INIT, again = CGROUP_INIT;
	struct error err = ERROR_INIT;

	ok(cgroup_create(request, &cg, &err) == 0);
	ok(cgroup_create(request, &again, &err) == 0);
	cgroup_fini(&again);
	ok(cgroup_freeze(&cg, true, &err) == 0);
	ok_int(cgroup_create(request, &again, &err), -EBUSY);
	ok(strstr(err.msg, "frozen") != NULL);
	ok(cgroup_remove(NULL, cg.path, &err) == 0);
	cgroup_fini(&cg);
}

/* Only where the hierarchy lacks the controller, as this test's own hosts do. */
static void test_missing_controller(struct cgroup_request *request)
{
	cleanup_strbuf struct strbuf controllers = STRBUF_INIT;
	struct oci_pids pids = { .limit = 5 };
	struct oci_resources resources = { .pids = &pids };
	struct cgroup cg = CGROUP_INIT;
	struct error err = ERROR_INIT;

	(void)file_read_at(AT_FDCWD, "/sys/fs/cgroup/unified/cgroup.controllers", 4096,
			   &controllers, &err);
	if (strstr(controllers.buf, "pids")) {
		tap_skip("a missing controller is named", "pids is on cgroup2 here");
		return;
	}
	request->resources = &resources;
	ok_int(cgroup_create(request, &cg, &err), -ENODEV);
	ok_named(strstr(err.msg, "the pids controller") != NULL, "%s", err.msg);
	ok_str(err.pointer, "linux.resources.pids.limit");
	request->resources = NULL;
}

/* Device rules bite: /dev/full is a default, /dev/kmsg is not. */
static void test_devices(struct cgroup_request *request)
{
	struct oci_device_rule rule = { .allow = false, .access = "rwm" };
	struct oci_resources resources = { .devices = &rule, .n_devices = 1 };
	struct cgroup cg = CGROUP_INIT;
	struct error err = ERROR_INIT;
	struct clone_args args = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD };
	int status = 0;
	pid_t pid;

	request->resources = &resources;
	if (!ok_named(cgroup_create(request, &cg, &err) == 0, "device rules: %s", err.msg))
		return;
	args.cgroup = (uint64_t)cg.fd;
	pid = sys_clone3(&args);
	if (pid == 0) {
		bool null_works = open("/dev/full", O_RDWR | O_CLOEXEC) >= 0;
		bool kmsg_fails = open("/dev/kmsg", O_RDONLY | O_CLOEXEC) < 0 && errno == EPERM;
		bool mknod_fails = mknod("/sys/fs/cgroup/node", S_IFBLK | 0600, 0x700) < 0;

		_exit(null_works + 2 * kmsg_fails + 4 * mknod_fails);
	}
	(void)waitpid(pid, &status, 0);
	ok_int(WEXITSTATUS(status), 7);
	ok(cgroup_remove(NULL, cg.path, &err) == 0);
	cgroup_fini(&cg);
	request->resources = NULL;
}

int main(void)
{
	char parent[64], path[80];
	struct cgroup_request request = { .id = "x", .path = path };
	struct error err = ERROR_INIT;

	test_weights();
	test_plan();
	test_plan_cpu();
	test_plan_no_memory_limit();
	test_plan_rare();
	test_plan_refused();
	test_paths_refused();
	test_managers();
	if (!make_private_view()) {
		tap_skip("making cgroups", "needs root and cgroup2");
		return tap_done();
	}
	(void)snprintf(parent, sizeof(parent), "/dabba-unit-%d", (int)getpid());
	(void)snprintf(path, sizeof(path), "%s/one", parent);
	test_life(&request);
	test_frozen_is_refused(&request);
	test_missing_controller(&request);
	test_devices(&request);
	ok(cgroup_remove(NULL, parent, &err) == 0);
	return tap_done();
}
