/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole store against what its names promise: every blob's digest, every
 * manifest and config, every layer's size and diffID, and the unpacked trees.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"
#include "image/store.h"

struct verify_report {
	size_t n_blobs, n_images, n_layers, n_trees;
	/* One sentence for each thing that is wrong. */
	struct strvec problems;
	/* One for each that was put right, or out of the way of the next import. */
	struct strvec repairs;
};

#define VERIFY_REPORT_INIT { .problems = STRVEC_INIT, .repairs = STRVEC_INIT }

void verify_report_release(struct verify_report *report);
#define cleanup_verify_report __attribute__((cleanup(verify_report_release)))

/*
 * REPAIR unpacks damaged trees again from their blobs, and removes damaged
 * blobs, so that an import of the same image brings them back.  A problem is
 * no failure.
 */
int store_verify(struct store *store, bool repair, struct verify_report *report,
		 struct error *err);
