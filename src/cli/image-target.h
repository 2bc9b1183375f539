/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands that write archives and layouts share: what, and how compressed. */
#pragma once

#include "cli/command.h"
#include "image/export.h"

struct target_options {
	const char *format;
	const char *compress;
	const char *level;
};

/* Entries of an option table, for a TYPE with a struct target_options "target". */
#define TARGET_OPTIONS(type)                                                                \
	{ "format", 'f', OPTION_CHOICE, offsetof(type, target.format),                      \
	  "oci-archive|docker-archive|oci",                                                 \
	  "what to write (default: oci for a directory, else oci-archive)" },               \
	{ "compress", 0, OPTION_CHOICE, offsetof(type, target.compress),                    \
	  "keep|gzip|zstd|none",                                                            \
	  "how layers are compressed (default: keep, and none in a docker-archive)" },      \
	{ "level", 0, OPTION_STRING, offsetof(type, target.level), "N",                     \
	  "how hard to compress: gzip 0 to 3 (to 9 without isa-l), zstd 1 to 19" }

/* Fills everything of REQUEST but the names. */
int target_request(const struct target_options *options, const char *path,
		   struct export_request *request, struct error *err);
