/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/seccomp-data.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "libocispec/oci-error.h"
#include "libocispec/read.h"
#include "libocispec/runtime.h"

bool read_profile(const char *name, struct oci_arena *arena, struct oci_seccomp *out)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct oci_error oci_err = OCI_ERROR_INIT;
	struct error err = ERROR_INIT;
	const char *srcdir = getenv("srcdir");
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/tests/data/%s", srcdir ? srcdir : ".", name);
	if (file_read_at(AT_FDCWD, path, 1 << 20, &text, &err) < 0 ||
	    oci_read(arena, &oci_seccomp_object, text.buf, text.len, name, out, &oci_err) < 0) {
		printf("# %s%s\n", err.msg, oci_err.msg);
		return false;
	}
	return true;
}
