/* SPDX-License-Identifier: Apache-2.0 */
/* config.json through everything that "create" checks before it touches the host. */
#include <string.h>

#include "base/error.h"
#include "libocispec/oci-error.h"
#include "libocispec/read.h"
#include "linux/cgroup-resources.h"
#include "linux/device.h"
#include "linux/mask.h"
#include "linux/mount.h"
#include "linux/namespace.h"
#include "runtime/validate.h"
#include "tests/fuzz/process.h"
#include "tests/fuzz/fuzz.h"

/* A file that an input names is the host's, and opening it may block. */
static void drop_paths(struct oci_linux *linux)
{
	for (size_t i = 0; linux && i < linux->n_namespaces; i++)
		linux->namespaces[i].path = NULL;
}

static void check_mounts(const struct oci_config *config)
{
	struct mount_env env = MOUNT_ENV_INIT;
	struct mount_plan *plan = NULL;
	struct error err = ERROR_INIT;

	env.bundle = "/bundle";
	if (mount_plan_new(config, &env, &plan, &err) < 0)
		DEMAND(err.msg[0] && !plan);
	else
		(void)mount_plan_owns_dev(plan);
	(void)mount_plan_free(plan);
}

static void check_linux(const struct oci_linux *linux)
{
	struct device_env env = { .owns_dev = true };
	struct device_plan *devices = NULL;
	struct cgroup_plan cgroup = { 0 };
	struct error err = ERROR_INIT;

	if (device_plan_new(linux, &env, &devices, &err) < 0)
		DEMAND(err.msg[0] && !devices);
	(void)device_plan_free(devices);
	error_clear(&err);
	if (mask_check(linux, &err) < 0)
		DEMAND(err.msg[0]);
	error_clear(&err);
	if (linux && cgroup_plan_make(linux->resources, &cgroup, &err) < 0)
		DEMAND(err.msg[0]);
	for (size_t i = 0; i < cgroup.n; i++)
		DEMAND(cgroup.v[i].file && cgroup.v[i].value && !strchr(cgroup.v[i].file, '/'));
	cgroup_plan_fini(&cgroup);
}

static void check(struct oci_config *config)
{
	struct namespace_plan namespaces = NAMESPACE_PLAN_INIT;
	struct error err = ERROR_INIT;

	drop_paths(config->linux);
	if (namespace_plan_init(&namespaces, config->linux, &err) < 0 ||
	    validate_config(config, &namespaces, &err) < 0)
		DEMAND(err.msg[0]);
	check_mounts(config);
	check_linux(config->linux);
	if (config->process)
		fuzz_process(config->process);
	namespace_plan_fini(&namespaces);
}

static void count_problem(void *arg, const struct oci_error *problem)
{
	unsigned int *n = arg;

	DEMAND(problem->code <= 0 && (problem->code == 0 ? problem->path : problem->msg)[0]);
	*n += problem->code != 0;
}

/* As "check" reads it: sound, whatever was wrong with it. */
static void check_what_is_left(const uint8_t *data, size_t size, bool is_good)
{
	struct oci_arena arena = OCI_ARENA_INIT;
	struct oci_config *config = oci_arena_alloc(&arena, sizeof(*config));
	unsigned int n = 0;
	int r;

	DEMAND(config);
	r = oci_read_all(&arena, &oci_config_object, (const char *)data, size, "f", config,
			 count_problem, &n);
	DEMAND(r <= 0 && is_good == (r == 0 && n == 0));
	if (r == 0 && !is_good)
		check(config);
	oci_arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct oci_arena arena = OCI_ARENA_INIT;
	struct oci_config *config = fuzz_document(&arena, &oci_config_object, data, size);

	if (config)
		check(config);
	check_what_is_left(data, size, config != NULL);
	oci_arena_release(&arena);
	return 0;
}
