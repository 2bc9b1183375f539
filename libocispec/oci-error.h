/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with a document, and where.  This library knows nothing of the
 * rest of the tree, so it has its own error type; linux/document.h converts it.
 */
#pragma once

struct oci_error {
	/*
	 * 0 or a negative errno: -EINVAL for a document that is not what it should
	 * be, -EFBIG for one that is too large or too deep, -ENOMEM.
	 */
	int code;
	/* The first character of what is wrong, from 1; 0 when there is no such place. */
	unsigned int line;
	unsigned int column;
	/* "linux.resources.devices[3].major", or "" for the whole document. */
	char path[256];
	/* Everything in one sentence: "NAME:41:17: PATH: expected an integer, got "x"". */
	char msg[1024];
};

#define OCI_ERROR_INIT { .code = 0 }
