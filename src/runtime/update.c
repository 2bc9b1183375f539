/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/update.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/str.h"
#include "libocispec/oci-error.h"
#include "libocispec/read.h"
#include "linux/document.h"
#include "linux/intel-rdt.h"
#include "runtime/pause.h"

enum { MAX_RESOURCES = 1 << 20 };

static int update_cgroup(struct container *c, const struct cgroup *cg,
			 const struct oci_resources *resources, struct error *err)
{
	struct cgroup_request request = { .resources = resources };
	int r = 0;

	/* New device rules have to let the container have the devices it was made with. */
	if (resources->n_devices > 0)
		r = container_load_config(c, err);
	if (r == 0 && c->config && c->config->linux) {
		request.devices = c->config->linux->devices;
		request.n_devices = c->config->linux->n_devices;
	}
	return r < 0 ? r : cgroup_update(cg, c->record.cgroup_driver, &request, err);
}

static int open_rdt_root(const struct container *c, struct error *err)
{
	if (c->record.rdt_group && c->record.rdt_group_is_ours)
		return intel_rdt_open_root(err);
	if (c->record.rdt_group)
		return error_set(err, EPERM, "the resctrl group \"%s\" was there before container "
				 "%s: write its schemata file yourself", c->record.rdt_group, c->id);
	(void)error_set(err, ENOENT, "container %s has no resctrl group", c->id);
	return error_hint(err, "it gets one from linux.intelRdt of config.json, at create");
}

/* Cache and memory bandwidth first: what was there before is easily written back. */
static int update_both(struct container *c, const struct cgroup *cg,
		       const struct oci_resources *resources, const struct oci_intel_rdt *rdt,
		       struct error *err)
{
	cleanup_close int root_fd = open_rdt_root(c, err);
	cleanup_strbuf struct strbuf old = STRBUF_INIT;
	struct error ignored = ERROR_INIT;
	int r = root_fd < 0 ? root_fd : intel_rdt_check(rdt, err);

	if (r == 0)
		r = intel_rdt_update(root_fd, rdt, c->record.rdt_group, &old, err);
	if (r < 0)
		return r;
	r = update_cgroup(c, cg, resources, err);
	if (r < 0)
		(void)intel_rdt_write(root_fd, c->record.rdt_group, old.buf, &ignored);
	return r;
}

int container_update(const char *root, const char *id, const struct oci_resources *resources,
		     const struct oci_intel_rdt *rdt, struct error *err)
{
	cleanup_container struct container c = CONTAINER_INIT;
	cleanup_cgroup struct cgroup cg = CGROUP_INIT;
	enum oci_status status;
	int r = container_load_live(&c, root, id, &status, &cg, err);

	/* Two updates at once would restore each other's values. */
	if (r == 0)
		r = container_lock_loaded(&c, root, err);
	if (r == 0)
		r = rdt ? update_both(&c, &cg, resources, rdt, err)
			: update_cgroup(&c, &cg, resources, err);
	/* Said here: by itself a place is understood as one in config.json. */
	return r < 0 && *err->pointer ? error_context(err, "%s", err->pointer) : r;
}

int container_update_from(const char *root, const char *id, const char *file,
			  struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct oci_error oci_err = OCI_ERROR_INIT;
	struct oci_arena arena = OCI_ARENA_INIT;
	struct oci_resources resources = { 0 };
	const char *name = streq(file, "-") ? "standard input" : file;
	int r;

	if (streq(file, "-"))
		r = file_read_fd(STDIN_FILENO, name, MAX_RESOURCES, &text, err);
	else
		r = file_read_at(AT_FDCWD, file, MAX_RESOURCES, &text, err);
	if (r < 0)
		return r;
	r = oci_read(&arena, &oci_resources_object, text.buf, text.len, name, &resources,
		     &oci_err);
	r = r < 0 ? error_from_oci(err, &oci_err) : container_update(root, id, &resources, NULL, err);
	oci_arena_release(&arena);
	return r;
}
