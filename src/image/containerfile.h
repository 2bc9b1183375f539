/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Containerfile (Dockerfile) as its stages and their instructions.
 * Reference: docs.docker.com/reference/dockerfile.
 *
 * Only the shape is looked at here: parser directives, comments, continued
 * lines, flags, here-documents, the two forms of commands.  Variables are not
 * replaced: what they say depends on the instructions before.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "libocispec/arena.h"

enum instruction_kind {
	INSTRUCTION_ADD = 1,
	INSTRUCTION_ARG,
	INSTRUCTION_CMD,
	INSTRUCTION_COPY,
	INSTRUCTION_ENTRYPOINT,
	INSTRUCTION_ENV,
	INSTRUCTION_EXPOSE,
	INSTRUCTION_FROM,
	INSTRUCTION_HEALTHCHECK,
	INSTRUCTION_LABEL,
	INSTRUCTION_MAINTAINER,
	INSTRUCTION_ONBUILD,
	INSTRUCTION_RUN,
	INSTRUCTION_SHELL,
	INSTRUCTION_STOPSIGNAL,
	INSTRUCTION_USER,
	INSTRUCTION_VOLUME,
	INSTRUCTION_WORKDIR,
};

/* In capitals. */
const char *instruction_name(enum instruction_kind kind);

struct heredoc {
	/* The word that ends it. */
	const char *name;
	const char *content;
	/* The word was not quoted: variables are replaced. */
	bool expand;
};

struct instruction {
	enum instruction_kind kind;
	/* The first line is 1. */
	size_t line;
	/* All of it in one line, flags included, without the name. */
	const char *text;
	/* "--name=value" or "--name". */
	char **flags;
	size_t n_flags;
	/* What stands behind the flags. */
	const char *rest;
	/* REST when it is a JSON list of strings; is_json tells. */
	char **words;
	size_t n_words;
	bool is_json;
	struct heredoc *heredocs;
	size_t n_heredocs;
};

struct stage {
	/* In lower case; NULL when it has none. */
	const char *name;
	/* Of FROM, variables not yet replaced; platform is NULL when not given. */
	const char *base;
	const char *platform;
	size_t line;
	struct instruction *instructions;
	size_t n_instructions;
};

struct containerfile {
	/* As the messages call it. */
	const char *file;
	char escape;
	/* The ARG instructions before the first FROM. */
	struct instruction *args;
	size_t n_args;
	struct stage *stages;
	size_t n_stages;
};

/* Everything in *OUT lives in ARENA or is FILE. */
int containerfile_parse(struct oci_arena *arena, const char *file, const char *text, size_t len,
			struct containerfile *out, struct error *err);

/* One instruction of an image's OnBuild list, which stands for LINE. */
int containerfile_parse_trigger(struct oci_arena *arena, const struct containerfile *file,
				const char *text, size_t line, struct instruction *out,
				struct error *err);
