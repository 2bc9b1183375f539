/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What .containerignore (.dockerignore) leaves out of a build's context.
 *
 * One pattern a line, relative to the context: "*" and "?" match within a
 * component, "**" any number of components, "[a-z]" a character, a backslash
 * takes a meaning away.  What is in a directory that matches is left out with
 * it.  "!" takes back in what it matches; the last pattern that matches
 * decides.  Empty lines and those that start with "#" say nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

struct ignore {
	struct ignore_pattern *patterns;
	size_t n;
	/* There is a "!": below an ignored directory there may be files that are not. */
	bool has_exceptions;
	/* "DIR/.containerignore" for messages; NULL when there is none. */
	char *file;
};

void ignore_release(struct ignore *ignore);

/*
 * Reads the file that holds for CONTAINERFILE (its base name): "NAME.dockerignore",
 * ".containerignore" or ".dockerignore" of the context, the first that exists.
 */
int ignore_read(struct ignore *ignore, int context_fd, const char *containerfile,
		struct error *err);

/* The patterns in TEXT; NAME is for messages. */
int ignore_parse(struct ignore *ignore, const char *name, const char *text, struct error *err);

/* Whether PATH, relative and clean, is left out; *LINE is the deciding one, 0 for none. */
bool ignore_has(const struct ignore *ignore, const char *path, size_t *line);
