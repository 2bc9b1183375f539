/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/pause.h"

#include "libocispec/names.h"

int container_load_live(struct container *c, const char *root, const char *id,
			enum oci_status *status, struct cgroup *cg, struct error *err)
{
	int r = container_load(c, root, id, err);

	if (r == 0)
		r = container_status(c, status, err);
	if (r < 0)
		return r;
	if (*status == OCI_STATUS_STOPPED || *status == OCI_STATUS_CREATING)
		return error_set(err, ESRCH, "container \"%s\": container not running: %s", id,
				 oci_name(&oci_status_names, *status));
	if (!c->record.cgroup_path) {
		(void)error_set(err, ENOTSUP, "container \"%s\" has no cgroup of its own", id);
		return error_hint(
			err, "only a container with a cgroup can be paused, listed or updated");
	}
	return cgroup_open(c->record.cgroup_path, cg, err);
}

int container_pause(const char *root, const char *id, struct error *err)
{
	cleanup_container struct container c = CONTAINER_INIT;
	cleanup_cgroup struct cgroup cg = CGROUP_INIT;
	enum oci_status status;
	int r = container_load_live(&c, root, id, &status, &cg, err);

	if (r < 0)
		return r;
	if (status == OCI_STATUS_PAUSED)
		return error_set(err, EALREADY, "container \"%s\" is already paused", id);
	return cgroup_freeze(&cg, true, err);
}

int container_resume(const char *root, const char *id, struct error *err)
{
	cleanup_container struct container c = CONTAINER_INIT;
	cleanup_cgroup struct cgroup cg = CGROUP_INIT;
	enum oci_status status;
	bool frozen;
	int r = container_load_live(&c, root, id, &status, &cg, err);

	/* A created container may be paused too, and its status does not show it. */
	if (r == 0)
		r = cgroup_is_frozen(&cg, &frozen, err);
	if (r < 0)
		return r;
	if (!frozen)
		return error_set(err, EINVAL, "container \"%s\" is not paused", id);
	return cgroup_freeze(&cg, false, err);
}

int container_pids(const char *root, const char *id, pid_t **pids, size_t *n,
		   struct error *err)
{
	cleanup_container struct container c = CONTAINER_INIT;
	cleanup_cgroup struct cgroup cg = CGROUP_INIT;
	enum oci_status status = OCI_STATUS_CREATING;
	int r = container_load_live(&c, root, id, &status, &cg, err);

	*pids = NULL;
	*n = 0;
	/* It has none left: that is an answer. */
	if (r == -ESRCH && status == OCI_STATUS_STOPPED) {
		error_clear(err);
		return 0;
	}
	return r < 0 ? r : cgroup_list_pids(&cg, pids, n, err);
}
