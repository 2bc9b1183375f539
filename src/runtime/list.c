/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "libocispec/oci-error.h"
#include "libocispec/read.h"
#include "libocispec/write.h"
#include "linux/document.h"
#include "runtime/state.h"
#include "runtime/store.h"

/* One container into the next free place; what fails concerns that one alone. */
static void load_one(int root_fd, const char *root, const char *id, struct state_list *list)
{
	struct container c = CONTAINER_INIT;
	struct error err = ERROR_INIT;
	int r;

	c.arena = list->arena;
	c.root_fd = root_fd;
	r = container_peek(&c, root, id, &err);
	if (r == 0)
		r = state_report_make(&c, &list->reports[list->n], &err);
	if (r == 0)
		list->reports[list->n++].id = id;
	else if (r != -ENOENT)
		log_warning("container %s is left out: %s", id, err.msg);
	list->arena = c.arena;
	c.arena = (struct oci_arena)OCI_ARENA_INIT;
	c.root_fd = -EBADF;
	container_fini(&c);
}

int state_list_load(const char *root, struct state_list *out, struct error *err)
{
	cleanup_close int root_fd = -EBADF;
	int r = store_list(root, &out->ids, err);

	if (r < 0 || out->ids.n == 0)
		return r;
	root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return error_file(err, "open", root);
	out->reports = xcalloc(out->ids.n, sizeof(*out->reports));
	for (size_t i = 0; i < out->ids.n; i++)
		load_one(root_fd, root, out->ids.v[i], out);
	return 0;
}

void state_list_fini(struct state_list *list)
{
	oci_arena_release(&list->arena);
	strvec_release(&list->ids);
	free(list->reports);
	*list = (struct state_list)STATE_LIST_INIT;
}

int state_list_json(const struct state_list *list, char **json, struct error *err)
{
	struct oci_list items = { .items = list->reports, .n = list->n };
	struct oci_error oci_err = OCI_ERROR_INIT;
	size_t len;
	int r = oci_write_list(&state_report_object, &items, 0, json, &len, &oci_err);

	return r < 0 ? error_from_oci(err, &oci_err) : 0;
}
