/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the state, and of what an agent for seccomp is told. */
#include "libocispec/runtime.h"

/* clang-format off */
static const struct oci_field state_fields[] = {
	OCI_STRING(oci_state, oci_version, "ociVersion", OCI_REQUIRED),
	OCI_STRING(oci_state, id, "id", OCI_REQUIRED),
	OCI_ENUM(oci_state, status, "status", OCI_REQUIRED, oci_status_names),
	OCI_I32(oci_state, pid, "pid", 0, .max = INT32_MAX),
	OCI_STRING(oci_state, bundle, "bundle", OCI_REQUIRED),
	OCI_STRING_MAP(oci_state, annotations, "annotations", 0),
};
const struct oci_object oci_state_object = OCI_TABLE("state", oci_state, state_fields);

static const struct oci_field container_process_state_fields[] = {
	OCI_STRING(oci_container_process_state, oci_version, "ociVersion", OCI_REQUIRED),
	OCI_STRINGS(oci_container_process_state, fds, "fds", OCI_REQUIRED),
	OCI_I32(oci_container_process_state, pid, "pid", OCI_REQUIRED),
	OCI_STRING(oci_container_process_state, metadata, "metadata", 0),
	OCI_OBJECT(oci_container_process_state, state, "state", OCI_REQUIRED, oci_state_object),
};
const struct oci_object oci_container_process_state_object =
	OCI_TABLE("state of a container's process", oci_container_process_state,
		  container_process_state_fields);
/* clang-format on */
