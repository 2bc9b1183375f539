/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The instructions of "commit --change": CMD, ENTRYPOINT, ENV, EXPOSE,
 * HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR, as in a
 * Containerfile.
 */
#pragma once

#include "base/error.h"
#include "libocispec/arena.h"
#include "libocispec/image.h"

/*
 * Applies one instruction to CONFIG, which starts empty and is merged over the
 * container's afterwards.  BASE, the container's, gives variables their values,
 * relative WORKDIRs their place and shell forms their shell.
 */
int change_apply(const char *text, const struct oci_image_run_config *base,
		 struct oci_arena *arena, struct oci_image_run_config *config,
		 struct error *err);

/* The same, with variables from elsewhere, and another escape character than the backslash. */
struct change_rules {
	const struct oci_image_run_config *base;
	/* "NAME=value", NULL-terminated or NULL. */
	char *const *env;
	char escape;
};

int change_apply_by(const char *text, const struct change_rules *rules, struct oci_arena *arena,
		    struct oci_image_run_config *config, struct error *err);

/*
 * What CONFIG leaves open is BASE's: environment and labels by name, ports and
 * volumes together, the health check by field, Cmd only when CONFIG has
 * neither Cmd nor Entrypoint.
 */
void change_merge(const struct oci_image_run_config *base, struct oci_arena *arena,
		  struct oci_image_run_config *config);
