/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of image-spec's documents.  Every one keeps what it does not know. */
#include "libocispec/image.h"

#include "libocispec/check.h"

/*
 * Registries take manifests of at most 4 MiB.  The bound also keeps a hostile list
 * of empty objects from becoming a gigabyte of structs.
 */
enum { MAX_SIZE = 4 * 1024 * 1024 };

/* clang-format off */
static const struct oci_field layout_fields[] = {
	OCI_STRING(oci_layout, image_layout_version, "imageLayoutVersion", OCI_REQUIRED,
		   .check = oci_check_layout_version),
	OCI_REST(oci_layout, rest),
};
const struct oci_object oci_layout_object = OCI_TABLE("layout", oci_layout, layout_fields);

static const struct oci_field platform_fields[] = {
	OCI_STRING(oci_platform, architecture, "architecture", OCI_REQUIRED),
	OCI_STRING(oci_platform, os, "os", OCI_REQUIRED),
	OCI_STRING(oci_platform, os_version, "os.version", 0),
	OCI_STRINGS(oci_platform, os_features, "os.features", 0),
	OCI_STRING(oci_platform, variant, "variant", 0),
	OCI_REST(oci_platform, rest),
};
static const struct oci_object platform_object =
	OCI_TABLE("platform", oci_platform, platform_fields);

static const struct oci_field descriptor_fields[] = {
	OCI_STRING(oci_descriptor, media_type, "mediaType", OCI_REQUIRED),
	OCI_STRING(oci_descriptor, digest, "digest", OCI_REQUIRED, .check = oci_check_digest),
	OCI_I64(oci_descriptor, size, "size", OCI_REQUIRED, .max = INT64_MAX),
	OCI_STRINGS(oci_descriptor, urls, "urls", 0),
	OCI_STRING_MAP(oci_descriptor, annotations, "annotations", 0),
	OCI_STRING(oci_descriptor, data, "data", 0),
	OCI_OBJECT(oci_descriptor, platform, "platform", 0, platform_object),
	OCI_STRING(oci_descriptor, artifact_type, "artifactType", 0),
	OCI_REST(oci_descriptor, rest),
};
const struct oci_object oci_descriptor_object =
	OCI_TABLE("descriptor", oci_descriptor, descriptor_fields);

static const struct oci_field index_fields[] = {
	OCI_U32(oci_index, schema_version, "schemaVersion", OCI_REQUIRED, .min = 2, .max = 2),
	OCI_STRING(oci_index, media_type, "mediaType", 0),
	OCI_STRING(oci_index, artifact_type, "artifactType", 0),
	OCI_OBJECTS(oci_index, manifests, "manifests", OCI_REQUIRED, oci_descriptor_object),
	OCI_OBJECT(oci_index, subject, "subject", 0, oci_descriptor_object),
	OCI_STRING_MAP(oci_index, annotations, "annotations", 0),
	OCI_REST(oci_index, rest),
};
const struct oci_object oci_index_object = OCI_TABLE("index", oci_index, index_fields);

static const struct oci_field manifest_fields[] = {
	OCI_U32(oci_manifest, schema_version, "schemaVersion", OCI_REQUIRED, .min = 2, .max = 2),
	OCI_STRING(oci_manifest, media_type, "mediaType", 0),
	OCI_STRING(oci_manifest, artifact_type, "artifactType", 0),
	OCI_OBJECT(oci_manifest, config, "config", OCI_REQUIRED, oci_descriptor_object),
	OCI_OBJECTS(oci_manifest, layers, "layers", OCI_REQUIRED, oci_descriptor_object),
	OCI_OBJECT(oci_manifest, subject, "subject", 0, oci_descriptor_object),
	OCI_STRING_MAP(oci_manifest, annotations, "annotations", 0),
	OCI_REST(oci_manifest, rest),
};
const struct oci_object oci_manifest_object =
	OCI_TABLE("manifest", oci_manifest, manifest_fields, .max_size = MAX_SIZE);

static const struct oci_field healthcheck_fields[] = {
	OCI_STRINGS(oci_healthcheck, test, "Test", 0),
	OCI_I64(oci_healthcheck, interval, "Interval", 0),
	OCI_I64(oci_healthcheck, timeout, "Timeout", 0),
	OCI_I64(oci_healthcheck, start_period, "StartPeriod", 0),
	OCI_I64(oci_healthcheck, start_interval, "StartInterval", 0),
	OCI_I64(oci_healthcheck, retries, "Retries", 0),
	OCI_REST(oci_healthcheck, rest),
};
static const struct oci_object healthcheck_object =
	OCI_TABLE("health check", oci_healthcheck, healthcheck_fields);

static const struct oci_field run_config_fields[] = {
	OCI_STRING(oci_image_run_config, user, "User", 0),
	OCI_KEY_SET(oci_image_run_config, exposed_ports, "ExposedPorts", 0),
	OCI_STRINGS(oci_image_run_config, env, "Env", 0),
	OCI_STRINGS(oci_image_run_config, entrypoint, "Entrypoint", 0),
	OCI_STRINGS(oci_image_run_config, cmd, "Cmd", 0),
	OCI_KEY_SET(oci_image_run_config, volumes, "Volumes", 0),
	OCI_STRING(oci_image_run_config, working_dir, "WorkingDir", 0),
	OCI_STRING_MAP(oci_image_run_config, labels, "Labels", 0),
	OCI_STRING(oci_image_run_config, stop_signal, "StopSignal", 0),
	OCI_BOOL(oci_image_run_config, args_escaped, "ArgsEscaped", 0),
	OCI_OBJECT(oci_image_run_config, healthcheck, "Healthcheck", 0, healthcheck_object),
	OCI_STRINGS(oci_image_run_config, on_build, "OnBuild", 0),
	OCI_STRINGS(oci_image_run_config, shell, "Shell", 0),
	OCI_I64_OPTIONAL(oci_image_run_config, stop_timeout, "StopTimeout"),
	OCI_REST(oci_image_run_config, rest),
};
const struct oci_object oci_image_run_config_object =
	OCI_TABLE("config", oci_image_run_config, run_config_fields);

static const struct oci_field rootfs_fields[] = {
	OCI_STRING(oci_image_rootfs, type, "type", OCI_REQUIRED, .check = oci_check_rootfs_type),
	OCI_STRINGS(oci_image_rootfs, diff_ids, "diff_ids", OCI_REQUIRED,
		    .check = oci_check_digest),
	OCI_REST(oci_image_rootfs, rest),
};
static const struct oci_object rootfs_object =
	OCI_TABLE("rootfs", oci_image_rootfs, rootfs_fields);

static const struct oci_field history_fields[] = {
	OCI_STRING(oci_history, created, "created", 0),
	OCI_STRING(oci_history, created_by, "created_by", 0),
	OCI_STRING(oci_history, author, "author", 0),
	OCI_STRING(oci_history, comment, "comment", 0),
	OCI_BOOL(oci_history, empty_layer, "empty_layer", 0),
	OCI_REST(oci_history, rest),
};
static const struct oci_object history_object =
	OCI_TABLE("history", oci_history, history_fields);

static const struct oci_field image_config_fields[] = {
	OCI_STRING(oci_image_config, created, "created", 0),
	OCI_STRING(oci_image_config, author, "author", 0),
	OCI_STRING(oci_image_config, architecture, "architecture", OCI_REQUIRED),
	OCI_STRING(oci_image_config, variant, "variant", 0),
	OCI_STRING(oci_image_config, os, "os", OCI_REQUIRED),
	OCI_STRING(oci_image_config, os_version, "os.version", 0),
	OCI_STRINGS(oci_image_config, os_features, "os.features", 0),
	OCI_OBJECT(oci_image_config, config, "config", 0, oci_image_run_config_object),
	OCI_OBJECT(oci_image_config, rootfs, "rootfs", OCI_REQUIRED, rootfs_object),
	OCI_OBJECTS(oci_image_config, history, "history", 0, history_object),
	OCI_REST(oci_image_config, rest),
};
const struct oci_object oci_image_config_object =
	OCI_TABLE("image config", oci_image_config, image_config_fields, .max_size = MAX_SIZE);

static const struct oci_field docker_image_fields[] = {
	OCI_STRING(oci_docker_image, config, "Config", OCI_REQUIRED),
	OCI_STRINGS(oci_docker_image, repo_tags, "RepoTags", 0),
	OCI_STRINGS(oci_docker_image, layers, "Layers", OCI_REQUIRED),
};
const struct oci_object oci_docker_image_object =
	OCI_TABLE("image", oci_docker_image, docker_image_fields);
/* clang-format on */
