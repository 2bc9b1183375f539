/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C structs to JSON text.  Members come in the order of the table, absent ones not
 * at all.  What the tables call a document is written as one: a missing required
 * member, a number out of range or a string that is not UTF-8 is an error.
 */
#pragma once

#include <stddef.h>

struct oci_error;
struct oci_list;
struct oci_object;

enum oci_write_flags {
	/* Without these: one line, no blanks, no newline at the end. */
	OCI_WRITE_INDENT = 1 << 0, /* by two blanks; a newline at the end */
	OCI_WRITE_TABS   = 1 << 1, /* by a tab; a newline at the end */
};

/*
 * Writes OBJ, the struct TABLE describes.  *BUF is for the caller to free(); it is
 * NUL-terminated, and *LEN does not count the NUL.  Returns 0, -EINVAL or -ENOMEM;
 * *BUF and *LEN are written on success only.
 */
int oci_write(const struct oci_object *table, const void *obj, unsigned int flags, char **buf,
	      size_t *len, struct oci_error *err);

/* The same for a list of them (read.h). */
int oci_write_list(const struct oci_object *table, const struct oci_list *list,
		   unsigned int flags, char **buf, size_t *len, struct oci_error *err);
