/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON text to C structs, in one pass and without a tree in between.
 *
 * Unknown members are skipped, or kept where the table has an OCI_REST line.  null
 * means absent for a member that may be absent and an empty list for one that may
 * not (encoders written in Go send it for nil).  Refused: a key given twice, a
 * missing required key, a value of the wrong type or out of range, an unknown name
 * of an enumeration, NUL inside a string, nesting deeper than OCI_MAX_DEPTH, text
 * longer than the table allows, anything after the document.
 */
#pragma once

#include <stddef.h>

struct oci_arena;
struct oci_error;
struct oci_object;

/*
 * Reads one object of LEN bytes into OUT, the struct that TABLE describes.  What
 * OUT points to lives in ARENA; TEXT is not needed afterwards.  NAME is what errors
 * call the document: usually the file's name.
 *
 * Returns 0, -EINVAL, -EFBIG or -ENOMEM.  OUT is written on success only; the
 * arena may have grown in any case.
 */
int oci_read(struct oci_arena *arena, const struct oci_object *table, const char *text,
	     size_t len, const char *name, void *out, struct oci_error *err);

struct oci_list {
	void *items;
	size_t n;
};

/* The same for a document that is a list of such objects. */
int oci_read_list(struct oci_arena *arena, const struct oci_object *table, const char *text,
		  size_t len, const char *name, struct oci_list *out, struct oci_error *err);
