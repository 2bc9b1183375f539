/* SPDX-License-Identifier: Apache-2.0 */
/* A stage of a build between two steps: the image so far. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "image/build-cache.h"
#include "image/digest.h"
#include "image/list.h"
#include "libocispec/arena.h"
#include "libocispec/image.h"

struct image;

struct build_state {
	/* Everything below lives in it. */
	struct oci_arena *arena;
	struct oci_image_config config;
	struct oci_image_run_config run;
	struct oci_image_rootfs rootfs;
	struct oci_manifest manifest;
	/* Of the layers, lowest first. */
	struct list chain_ids;
	/* ARG's: "NAME=value". */
	struct list args;
	/* By an instruction of this stage, so that ENTRYPOINT leaves it. */
	bool cmd_set;
	/* Of the base and every step since. */
	struct digest key;
};

/* FROM scratch. */
void build_state_scratch(struct build_state *state, struct oci_arena *arena);

/* FROM an image, whose memory is shared. */
void build_state_from_image(struct build_state *state, struct oci_arena *arena,
			    const struct image *image);

/* FROM a stage that was built. ARG and what CMD remembers do not come with it. */
void build_state_from_stage(struct build_state *state, struct oci_arena *arena,
			    const struct build_state *stage);

/* The topmost chainID, "" for none. */
const char *build_state_chain(const struct build_state *state);

/* The environment in which variables are replaced: Env, then the ARGs it does not have. */
char **build_state_env(const struct build_state *state);

/* Adds a step: its history, and its layer if it has one. */
void build_state_add(struct build_state *state, const struct build_record *record);

/* As a document, and back; for another process. */
int build_state_write(const struct build_state *state, char **text, size_t *len,
		      struct error *err);
int build_state_read(struct build_state *state, struct oci_arena *arena, const char *text,
		     size_t len, struct error *err);
