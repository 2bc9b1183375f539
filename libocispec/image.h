/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents of image-spec 1.1, and the members that docker adds to them.
 * Members are called as in JSON, in lower case; field.h says how each kind looks in C.
 *
 * Members that neither knows are kept in "rest" as JSON text, so that a document
 * that is read, changed and written loses nothing.
 */
#pragma once

#include "libocispec/field.h"
#include "libocispec/names.h"

#define OCI_MEDIA_TYPE_INDEX      "application/vnd.oci.image.index.v1+json"
#define OCI_MEDIA_TYPE_MANIFEST   "application/vnd.oci.image.manifest.v1+json"
#define OCI_MEDIA_TYPE_CONFIG     "application/vnd.oci.image.config.v1+json"
#define OCI_MEDIA_TYPE_LAYER      "application/vnd.oci.image.layer.v1.tar"
#define OCI_MEDIA_TYPE_LAYER_GZIP "application/vnd.oci.image.layer.v1.tar+gzip"
#define OCI_MEDIA_TYPE_LAYER_ZSTD "application/vnd.oci.image.layer.v1.tar+zstd"
#define OCI_MEDIA_TYPE_EMPTY      "application/vnd.oci.empty.v1+json"

#define OCI_ANNOTATION_REF_NAME   "org.opencontainers.image.ref.name"
#define OCI_ANNOTATION_CREATED    "org.opencontainers.image.created"

/* The file oci-layout. */
struct oci_layout {
	const char *image_layout_version;
	struct oci_string_map rest;
};

struct oci_platform {
	const char *architecture;
	const char *os;
	const char *os_version;
	char **os_features;
	size_t n_os_features;
	const char *variant;
	struct oci_string_map rest;
};

struct oci_descriptor {
	const char *media_type;
	/* "sha256:" and 64 digits; another algorithm's have the form of the spec. */
	const char *digest;
	/* Bytes, not negative. */
	int64_t size;
	char **urls;
	size_t n_urls;
	struct oci_string_map annotations;
	/* The blob itself, in base64. */
	const char *data;
	struct oci_platform *platform;
	const char *artifact_type;
	struct oci_string_map rest;
};

/* index.json, and the manifest list of an image for many platforms. */
struct oci_index {
	/* 2. */
	uint32_t schema_version;
	const char *media_type;
	const char *artifact_type;
	struct oci_descriptor *manifests;
	size_t n_manifests;
	struct oci_descriptor *subject;
	struct oci_string_map annotations;
	struct oci_string_map rest;
};

struct oci_manifest {
	/* 2. */
	uint32_t schema_version;
	const char *media_type;
	const char *artifact_type;
	/* Not NULL after reading. */
	struct oci_descriptor *config;
	struct oci_descriptor *layers;
	size_t n_layers;
	struct oci_descriptor *subject;
	struct oci_string_map annotations;
	struct oci_string_map rest;
};

/* docker's HEALTHCHECK; nanoseconds. */
struct oci_healthcheck {
	char **test;
	size_t n_test;
	int64_t interval, timeout, start_period, start_interval;
	int64_t retries;
	struct oci_string_map rest;
};

/* The member "config" of an image config: how to run the image. */
struct oci_image_run_config {
	const char *user;
	char **exposed_ports;
	size_t n_exposed_ports;
	char **env;
	size_t n_env;
	char **entrypoint;
	size_t n_entrypoint;
	char **cmd;
	size_t n_cmd;
	char **volumes;
	size_t n_volumes;
	const char *working_dir;
	struct oci_string_map labels;
	const char *stop_signal;
	bool args_escaped;
	/* docker's */
	struct oci_healthcheck *healthcheck;
	char **on_build;
	size_t n_on_build;
	char **shell;
	size_t n_shell;
	/* Seconds. */
	const int64_t *stop_timeout;
	struct oci_string_map rest;
};

struct oci_image_rootfs {
	/* "layers" */
	const char *type;
	/* Digests of the uncompressed layers, the lowest first. */
	char **diff_ids;
	size_t n_diff_ids;
	struct oci_string_map rest;
};

struct oci_history {
	/* RFC 3339. */
	const char *created;
	const char *created_by;
	const char *author;
	const char *comment;
	bool empty_layer;
	struct oci_string_map rest;
};

struct oci_image_config {
	/* RFC 3339. */
	const char *created;
	const char *author;
	const char *architecture;
	const char *variant;
	const char *os;
	const char *os_version;
	char **os_features;
	size_t n_os_features;
	struct oci_image_run_config *config;
	/* Not NULL after reading. */
	struct oci_image_rootfs *rootfs;
	struct oci_history *history;
	size_t n_history;
	struct oci_string_map rest;
};

/* One element of manifest.json, the list in a docker-archive (see oci_read_list). */
struct oci_docker_image {
	/* The name of the config's file in the archive. */
	const char *config;
	char **repo_tags;
	size_t n_repo_tags;
	/* The names of the layers' files, the lowest first. */
	char **layers;
	size_t n_layers;
};

extern const struct oci_object oci_layout_object;
extern const struct oci_object oci_descriptor_object;
extern const struct oci_object oci_index_object;
extern const struct oci_object oci_manifest_object;
extern const struct oci_object oci_image_config_object;
/* The member "config" of it. */
extern const struct oci_object oci_image_run_config_object;
extern const struct oci_object oci_docker_image_object;
