/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pure nothing|read|filter CONFIG: the parts of a container's start that only compute, for
 * callgrind, whose count of instructions no noise disturbs: reading config.json, and
 * making the seccomp filter on top of that.
 */
#include <err.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "libocispec/oci-error.h"
#include "libocispec/read.h"
#include "libocispec/runtime.h"
#include "linux/seccomp.h"

int main(int argc, char **argv)
{
	struct oci_arena arena = { .blocks = NULL };
	struct oci_error oci_err = OCI_ERROR_INIT;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct seccomp_program program = SECCOMP_PROGRAM_INIT;
	struct error err = ERROR_INIT;
	struct oci_config spec;

	if (argc != 3)
		errx(1, "usage: pure nothing|read|filter CONFIG");
	if (file_read_at(AT_FDCWD, argv[2], 1 << 20, &text, &err) < 0)
		errx(1, "%s", err.msg);
	if (strcmp(argv[1], "nothing") == 0)
		return 0;
	if (oci_read(&arena, &oci_config_object, text.buf, text.len, argv[2], &spec, &oci_err) < 0)
		errx(1, "%s", oci_err.msg);
	if (strcmp(argv[1], "filter") == 0 &&
	    seccomp_compile(spec.linux->seccomp, &program, &err) < 0)
		errx(1, "%s", err.msg);
	seccomp_program_fini(&program);
	oci_arena_release(&arena);
	return 0;
}
