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

/*
 * Gets what is wrong with a document, one call for each problem.  One whose code is 0 only
 * says that the element at its path was left out of a list, so that those behind it moved up.
 */
typedef void oci_report(void *arg, const struct oci_error *problem);

/*
 * The same, but going on behind what is wrong, which is as if it had not been given; a
 * string that must be there is "" then, and a list goes without an element that has no
 * use.  Text that is not JSON ends it, and so do a hundred problems.  For tables without
 * OCI_REST.
 *
 * Returns 0 when OUT was written: nothing was wrong with the document, or REPORT has had
 * it all.
 */
int oci_read_all(struct oci_arena *arena, const struct oci_object *table, const char *text,
		 size_t len, const char *name, void *out, oci_report *report, void *arg);

struct oci_list {
	void *items;
	size_t n;
};

/* The same for a document that is a list of such objects. */
int oci_read_list(struct oci_arena *arena, const struct oci_object *table, const char *text,
		  size_t len, const char *name, struct oci_list *out, struct oci_error *err);
