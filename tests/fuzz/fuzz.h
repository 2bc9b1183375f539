/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the fuzz targets share.  A target is one file fuzz-NAME.c with
 * LLVMFuzzerTestOneInput(); it is linked with libFuzzer (or AFL++'s driver of the
 * same interface) by --enable-fuzzers, and always with replay.c, which runs
 * "make check" over the inputs kept in tests/fuzz/inputs/NAME.
 *
 * A target finds what the sanitizers see, what DEMAND() refuses, and what takes
 * too long or too much memory.  It leaves nothing behind: no file, fd or memory.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "libocispec/arena.h"
#include "libocispec/field.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Must hold for every input: a failure is a finding. */
#define DEMAND(expr)                                                                       \
	do {                                                                               \
		if (!(expr)) {                                                             \
			(void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__,   \
				      #expr);                                              \
			abort();                                                           \
		}                                                                          \
	} while (0)

/*
 * Reads the document into a struct of TABLE in ARENA; NULL when it is refused, which
 * must be with a reason and a place.  What was read can be written, and what was
 * written reads and writes as itself.
 */
void *fuzz_document(struct oci_arena *arena, const struct oci_object *table,
		    const uint8_t *data, size_t size);

/*
 * Cuts the line that *REST (SIZE bytes) begins with off and gives it as a string on
 * the heap; NULL at the end.
 */
char *fuzz_line(const uint8_t **rest, size_t *size);

/*
 * A copy of SIZE bytes of tar, the caller's to free, with the checksums that its
 * headers must have: what was changed in them would be refused for that alone.
 */
uint8_t *fuzz_seal_tar(const uint8_t *data, size_t size);
