/* SPDX-License-Identifier: Apache-2.0 */
/* What -v, --mount, --tmpfs, --memory and --cpus mean, in docker's notation. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "libocispec/runtime.h"

struct run_mounts {
	struct oci_mount *mounts;
	size_t n_mounts;
	/* Places of volumes without a source. */
	struct strvec volumes;
	/* Of the mounts. */
	struct oci_arena arena;
};

#define RUN_MOUNTS_INIT { .volumes = STRVEC_INIT, .arena = OCI_ARENA_INIT }

void run_mounts_release(struct run_mounts *mounts);

/*
 * "SOURCE:PLACE[:OPTION,...]" or "PLACE"; a SOURCE that is missing is made, a directory.
 * The name of a volume becomes the source of a mount of type "volume".
 */
int run_mounts_add_volume(struct run_mounts *mounts, const char *text, struct error *err);

/* "type=bind,source=...,target=...,readonly" and their other names. */
int run_mounts_add(struct run_mounts *mounts, const char *text, struct error *err);

/* "PLACE[:OPTION,...]" */
int run_mounts_add_tmpfs(struct run_mounts *mounts, const char *text, struct error *err);

/* "512", "512b", "100k", "1.5g": bytes. */
int run_parse_size(const char *option, const char *text, int64_t *bytes, struct error *err);

/* "1.5": the microseconds of each 100000 that they are. */
int run_parse_cpus(const char *text, int64_t *quota, struct error *err);
