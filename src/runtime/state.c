/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/state.h"

#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/mem.h"
#include "libocispec/field.h"
#include "libocispec/write.h"
#include "linux/document.h"
#include "linux/passwd.h"

static const struct oci_field report_fields[] = {
	OCI_STRING(state_report, oci_version, "ociVersion", OCI_REQUIRED),
	OCI_STRING(state_report, id, "id", OCI_REQUIRED),
	OCI_I32(state_report, pid, "pid", OCI_ALWAYS),
	OCI_ENUM(state_report, status, "status", OCI_REQUIRED, oci_status_names),
	OCI_STRING(state_report, bundle, "bundle", OCI_REQUIRED),
	OCI_STRING(state_report, rootfs, "rootfs", OCI_REQUIRED),
	OCI_STRING(state_report, created, "created", OCI_REQUIRED),
	OCI_STRING(state_report, owner, "owner", OCI_REQUIRED),
	OCI_STRING_MAP(state_report, annotations, "annotations", 0),
};

const struct oci_object state_report_object = OCI_TABLE("state", state_report, report_fields);

/* By the host's own /etc/passwd: a static program has no name service to ask. */
static const char *owner_name(struct container *c)
{
	cleanup_close int root_fd = -EBADF;
	struct passwd_user user = { 0 };
	struct error ignored = ERROR_INIT;
	cleanup_free char *name = NULL;

	if (c->record.owner == 0)
		return "root";
	root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd >= 0 && passwd_find_uid(root_fd, c->record.owner, &user, &ignored) == 1) {
		name = xstrdup(user.name);
		passwd_user_fini(&user);
	} else {
		name = xasprintf("#%u", c->record.owner);
	}
	return oci_arena_strndup(&c->arena, name, strlen(name));
}

/* A create that was killed may have left any part unknown. */
static const char *or_empty(const char *s)
{
	return s ? s : "";
}

int state_report_make(struct container *c, struct state_report *out, struct error *err)
{
	const struct container_record *record = &c->record;
	enum oci_status status;
	int r = container_status(c, &status, err);

	if (r < 0)
		return r;
	*out = (struct state_report){
		.oci_version = record->oci_version ? record->oci_version : "1.3.0",
		.id = c->id,
		.pid = status == OCI_STATUS_STOPPED ? 0 : (int32_t)record->pid,
		.status = status,
		.bundle = or_empty(record->bundle),
		.rootfs = or_empty(record->rootfs),
		.created = or_empty(record->created),
		.owner = or_empty(owner_name(c)),
		.annotations = record->annotations,
	};
	return 0;
}

int container_state(const char *root, const char *id, char **json, struct error *err)
{
	cleanup_container struct container c = CONTAINER_INIT;
	struct oci_error oci_err = OCI_ERROR_INIT;
	struct state_report report;
	size_t len;
	int r = container_load(&c, root, id, err);

	if (r == 0)
		r = state_report_make(&c, &report, err);
	if (r < 0)
		return r;
	r = oci_write(&state_report_object, &report, OCI_WRITE_INDENT, json, &len, &oci_err);
	return r < 0 ? error_from_oci(err, &oci_err) : 0;
}
