/* SPDX-License-Identifier: Apache-2.0 */
/* process.json, as "exec --process" takes it. */
#include "tests/fuzz/process.h"

#include "base/log.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct oci_arena arena = OCI_ARENA_INIT;
	struct oci_process *process = fuzz_document(&arena, &oci_process_object, data, size);

	if (process)
		fuzz_process(process);
	oci_arena_release(&arena);
	return 0;
}
