/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RUN --mount=type=bind|cache|tmpfs|secret,...: what a command sees and no
 * layer has.  Reference: docs.docker.com/reference/dockerfile, "RUN --mount".
 */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "base/str.h"
#include "image/build-stage.h"
#include "libocispec/runtime.h"

struct build_mounts {
	/* For container_prepare(), after build_mounts_open(). */
	struct oci_mount *v;
	size_t n;
	struct build_mount *wanted;
	size_t n_wanted;
	/* Of everything that is bound: a part of the step's key. */
	struct digest content;
	/* Caches' locks, and mounts of our own, to be taken away. */
	int *locks;
	size_t n_locks;
	struct strvec mounted;
};

#define BUILD_MOUNTS_INIT { .mounted = STRVEC_INIT }

/* Reads TEXT, what is behind "--mount=", and finds what is bound. */
int build_mount_add(struct build_mounts *mounts, struct build_stage *stage, const char *text,
		    struct error *err);

/* Makes the sources: directories of caches, views of stages. */
int build_mounts_open(struct build_mounts *mounts, struct build_stage *stage,
		      struct error *err);

/* One more, which is ready as it is. */
void build_mounts_push(struct build_mounts *mounts, const struct oci_mount *mount);

void build_mounts_release(struct build_mounts *mounts);
