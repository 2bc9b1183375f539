/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One stage of a build while it is being worked on, in a process of its own;
 * what the files build-*.c share.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "image/build.h"
#include "image/build-digests.h"
#include "image/build-source.h"
#include "image/build-state.h"
#include "image/containerfile.h"
#include "image/digest.h"
#include "image/image.h"

/* A stage of the file, as the whole build sees it. */
struct stage_plan {
	const struct stage *stage;
	/* The target needs it. */
	bool needed;
	/* Index of the stage it is FROM, or -1. */
	int base_stage;
	/* The image it is FROM; NULL for a stage and for scratch. */
	struct image *base_image;
	/* Its triggers, then its own instructions. */
	struct instruction *instructions;
	size_t n_instructions;
	/* Indices of the stages that must be there first. */
	int *needs;
	size_t n_needs;
	/* Set when it is done. */
	bool done;
	struct build_state result;
};

struct pending_record {
	struct digest key;
	struct build_record record;
};

struct build_stage {
	struct store *store;
	const struct build_request *request;
	const struct containerfile *file;
	/* All stages, and the index of this one. */
	struct stage_plan *plans;
	size_t index;
	/* The values of ARG before the first FROM, "NAME=value". */
	const struct list *global_args;
	const struct ignore *ignore;
	int context_fd;
	struct oci_arena arena;
	struct build_state state;
	struct build_digests digests;
	/* The instruction being done, counted from 1; FROM is the first. */
	unsigned int step, n_steps;
	/* To be put into the cache when the layers are on the disk. */
	struct pending_record *pending;
	size_t n_pending;
	/* A SOCK_SEQPACKET socket that takes struct build_event. */
	int events_fd;
};

/* Builds it: STAGE->state is the result. */
int build_stage_run(struct build_stage *stage, struct error *err);

/* Tells the build; FORMAT as printf(3). */
void build_stage_tell(struct build_stage *stage, enum build_event_type type, const char *format,
		      ...) __attribute__((format(printf, 3, 4)));

/*
 * A step is done through these two: a record of KEY, if there is one that may
 * be used, is the step's result; else the step is done and its record, with
 * everything but "created", added to the image and remembered.
 */
bool build_step_cached(struct build_stage *stage, const struct digest *key);
void build_step_done(struct build_stage *stage, const struct digest *key,
		     struct build_record *record);

/* Replaces the variables of WORD: the result is in the stage's arena. NULL with ERR set. */
const char *build_expand(struct build_stage *stage, const char *word, struct error *err);

/* The same for the text of a here-document, in which quotes are characters as any other. */
const char *build_expand_text(struct build_stage *stage, const char *text, struct error *err);

/* PATH upon the working directory, clean but for a "/" at its end; in the arena. */
const char *build_path(struct build_stage *stage, const char *path);

/* The value behind "--NAME=", or NULL. */
const char *build_flag(const struct instruction *in, const char *name);

/* Whether NAME is one of the variables that need no ARG: HTTP_PROXY and its like. */
bool build_is_proxy(const char *name);

/* What "--from" names: the index of a stage, or -1. */
int build_find_stage(const struct containerfile *file, size_t before, const char *name);

/*
 * ERR says that there is no image NAME; when the stage INDEX or one after it is
 * called so, it says that instead.
 */
int build_stage_missing(const struct containerfile *file, size_t index, const char *name,
			struct error *err);

/* A read-only view of the stage or image FROM: its fd. */
int build_open_from(struct build_stage *stage, const char *from, struct error *err);

/* COPY and ADD; RUN; WORKDIR. */
int build_step_copy(struct build_stage *stage, const struct instruction *in, struct error *err);
int build_step_run(struct build_stage *stage, const struct instruction *in, struct error *err);
int build_step_workdir(struct build_stage *stage, const struct instruction *in,
		       struct error *err);

/* Keys: each part is hashed with its end, so that none can stand for two. */
void build_key_begin(struct hasher *hasher, const struct build_stage *stage, const char *what);
void build_key_add(struct hasher *hasher, const char *text);
