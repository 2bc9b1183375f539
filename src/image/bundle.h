/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an image's config to a runtime's config.json.  Reference: image-spec
 * conversion.md; what it leaves open is as docker has it: namespaces, mounts,
 * masked paths, capabilities, the seccomp profile.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "libocispec/arena.h"
#include "libocispec/image.h"
#include "libocispec/runtime.h"

/* A bind mount of SOURCE at DESTINATION, in docker's way. */
struct oci_mount bundle_bind(const char *source, const char *destination, bool readonly);

/* docker's, for an image that sets no $PATH. */
#define BUNDLE_DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct bundle_request {
	const struct oci_image_config *image;
	/* Used in place of the image's Cmd; NULL-terminated, or NULL. */
	char *const *command;
	/* Used when there is neither that nor an Entrypoint or Cmd; or NULL. */
	char *const *fallback;
	/* The root file system, for users, groups and home directories. */
	int rootfs_fd;
	/* What config.json calls it: "rootfs". */
	const char *rootfs;
	/* NULL: none is set. */
	const char *hostname;
	bool terminal;
	bool host_network;
	bool readonly_root;
	/* Upon docker's default mounts. */
	const struct oci_mount *mounts;
	size_t n_mounts;
	/* Volumes become tmpfs mounts: for bundles whose mounts do not cover them. */
	bool tmpfs_volumes;
	/* Or NULL. */
	struct oci_resources *resources;
	/* NULL: the runtime's choice. */
	const char *cgroups_path;
};

/* Fills *CONFIG; everything in it lives in ARENA, REQUEST or static memory. */
int bundle_convert(const struct bundle_request *request, struct oci_arena *arena,
		   struct oci_config *config, struct error *err);

/* Writes CONFIG as the file "config.json" below DIR_FD. */
int bundle_write(int dir_fd, const struct oci_config *config, struct error *err);

/* The defaults for HOST's machine, in static memory. */
const struct oci_seccomp *bundle_seccomp(void);
