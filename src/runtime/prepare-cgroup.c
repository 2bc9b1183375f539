/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/prepare-cgroup.h"

#include "base/log.h"
#include "linux/idmap.h"
#include "runtime/prepare.h"

int creation_make_cgroup(struct creation *cr, struct error *err)
{
	const struct oci_linux *linux = cr->container.config->linux;
	struct cgroup_request request = {
		.manager = cr->request->cgroup_manager,
		.id = cr->request->id,
		.path = linux ? linux->cgroups_path : NULL,
		.resources = linux ? linux->resources : NULL,
		.devices = linux ? linux->devices : NULL,
		.n_devices = linux ? linux->n_devices : 0,
		.annotations = &cr->container.config->annotations,
	};
	int r = cgroup_create(&request, &cr->cgroup, err);

	if (r < 0)
		return r;
	cr->container.record.cgroup_path = cr->cgroup.path;
	cr->container.record.cgroup_driver = cgroup_driver_name(&cr->cgroup);
	return 0;
}

bool creation_enters_cgroup_late(const struct creation *cr)
{
	const struct oci_linux *linux = cr->container.config->linux;
	const struct oci_resources *resources = linux ? linux->resources : NULL;

	return resources && resources->pids &&
	       (resources->pids->limit == 0 || resources->pids->limit == 1);
}

/* Init was not born there, and waits. */
static int enter_cgroup(const struct creation *cr, struct error *err)
{
	const char *driver = cr->container.record.cgroup_driver;
	int r = cgroup_enter(&cr->cgroup, cr->pid, err);

	if (r != -EACCES || !cgroup_can_adopt(driver))
		return r;
	error_clear(err);
	return cgroup_adopt(driver, cr->cgroup.path, &cr->cgroup, cr->pid, err);
}

int creation_settle_cgroup(struct creation *cr, bool born_there, struct error *err)
{
	int r = 0;

	if (!born_there && cr->cgroup.fd >= 0)
		r = enter_cgroup(cr, err);
	return r < 0 ? r : cgroup_settle(&cr->cgroup, err);
}

int creation_delegate_cgroup(struct creation *cr, struct error *err)
{
	const struct oci_config *config = cr->container.config;
	const struct oci_process *process = config->process;
	uid_t owner;
	int r;

	if (cr->cgroup.fd < 0 || !cgroup_is_delegated(config))
		return 0;
	r = idmap_host_uid(cr->pid, process && process->user ? process->user->uid : 0, &owner,
			   err);
	if (r == 0)
		r = cgroup_delegate(&cr->cgroup, owner, err);
	/* Without privilege it is the caller's already, or nobody can give it away. */
	if (r == -EPERM && !idmap_root_of_host()) {
		log_info("%s", err->msg);
		error_clear(err);
		r = 0;
	}
	return r;
}
