/* SPDX-License-Identifier: Apache-2.0 */
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
static void load_one(const char *root, const char *id, struct state_list *list)
{
	struct container *c = &list->containers[list->n];
	struct error err = ERROR_INIT;
	int r;

	*c = (struct container)CONTAINER_INIT;
	r = container_load(c, root, id, &err);
	if (r == 0)
		r = state_report_make(c, &list->reports[list->n], &err);
	if (r == 0) {
		/* There may be more containers than a process may have open files. */
		fd_close(&c->dir_fd);
		list->n++;
		return;
	}
	container_fini(c);
	if (r != -ENOENT)
		log_warning("container %s is left out: %s", id, err.msg);
}

int state_list_load(const char *root, struct state_list *out, struct error *err)
{
	cleanup_strvec struct strvec ids = STRVEC_INIT;
	int r = store_list(root, &ids, err);

	if (r < 0)
		return r;
	*out = (struct state_list){
		.containers = xcalloc(ids.n + 1, sizeof(*out->containers)),
		.reports = xcalloc(ids.n + 1, sizeof(*out->reports)),
	};
	for (size_t i = 0; i < ids.n; i++)
		load_one(root, ids.v[i], out);
	return 0;
}

void state_list_fini(struct state_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		container_fini(&list->containers[i]);
	free(list->containers);
	free(list->reports);
	*list = (struct state_list){ 0 };
}

int state_list_json(const struct state_list *list, char **json, struct error *err)
{
	struct oci_list items = { .items = list->reports, .n = list->n };
	struct oci_error oci_err = OCI_ERROR_INIT;
	size_t len;
	int r = oci_write_list(&state_report_object, &items, 0, json, &len, &oci_err);

	return r < 0 ? error_from_oci(err, &oci_err) : 0;
}
