/* SPDX-License-Identifier: Apache-2.0 */
/* The mounts of our mount namespace. Reference: proc(5), "/proc/pid/mountinfo". */
#pragma once

#include "base/error.h"
#include "base/str.h"

/* All of it, through the checked procfs: one mount on each line. */
int mountinfo_read(struct strbuf *text, struct error *err);

/*
 * Where the file system of TYPE that LINE tells of is mounted, or NULL for
 * another type.  The path is in LINE, which is changed.
 */
char *mountinfo_match(char *line, const char *type);

/*
 * Opens the first mount of TYPE that is in sight, and whose file system has
 * that statfs(2) MAGIC; -ENODEV without a message when there is none.
 */
int mountinfo_open(const char *type, unsigned long magic, struct error *err);
