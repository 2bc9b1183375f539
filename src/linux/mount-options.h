/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words in mounts[].options: what each one means to the kernel.  One table
 * serves the parser, the planner and `dabba features`.  Pure.
 * Source: runtime-spec config.md "Linux mount options"; mount(8).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mount_flag {
	MOUNT_BIND       = 1 << 0,
	MOUNT_RBIND      = 1 << 1,
	MOUNT_REMOUNT    = 1 << 2,
	MOUNT_IDMAP      = 1 << 3,
	MOUNT_RIDMAP     = 1 << 4,
	MOUNT_TMPCOPYUP  = 1 << 5,
	/* The propagation is for the whole tree ("rslave", not "slave"). */
	MOUNT_REC_PROPAGATION = 1 << 6,
};

/* What a list of options adds up to; a later option wins over an earlier one. */
struct mount_options {
	/* MOUNT_ATTR_*: of the mount itself, and ("rro", ...) of its whole tree. */
	uint64_t attr_set, attr_clr;
	uint64_t rec_set, rec_clr;
	/* MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_UNBINDABLE, or 0 when not said. */
	uint64_t propagation;
	/* MS_* of the superblock: RDONLY, SYNCHRONOUS, DIRSYNC, MANDLOCK, LAZYTIME, I_VERSION. */
	uint64_t sb_set, sb_clr;
	/* enum mount_flag. */
	uint32_t flags;
};

/* Adds OPTION to O; false when it is none of ours: then it is data for the file system. */
bool mount_options_add(struct mount_options *o, const char *option);

/* The name of the I-th known option, in alphabetical order; NULL past the last. */
const char *mount_options_name(size_t i);
