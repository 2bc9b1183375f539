/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/update.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "libocispec/oci-error.h"
#include "libocispec/read.h"
#include "linux/document.h"
#include "runtime/pause.h"

enum { MAX_RESOURCES = 1 << 20 };

int container_update(const char *root, const char *id, const struct oci_resources *resources,
		     struct error *err)
{
	cleanup_container struct container c = CONTAINER_INIT;
	cleanup_cgroup struct cgroup cg = CGROUP_INIT;
	struct cgroup_request request = { .resources = resources };
	enum oci_status status;
	int r = container_load_live(&c, root, id, &status, &cg, err);

	/* Two updates at once would restore each other's values. */
	if (r == 0)
		r = container_lock_loaded(&c, root, err);
	/* New device rules have to let the container have the devices it was made with. */
	if (r == 0 && resources->n_devices > 0)
		r = container_load_config(&c, err);
	if (r == 0 && c.config && c.config->linux) {
		request.devices = c.config->linux->devices;
		request.n_devices = c.config->linux->n_devices;
	}
	if (r == 0)
		r = cgroup_update(&cg, c.record.cgroup_driver, &request, err);
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
	r = r < 0 ? error_from_oci(err, &oci_err) : container_update(root, id, &resources, err);
	oci_arena_release(&arena);
	return r;
}
