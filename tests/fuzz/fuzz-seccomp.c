/* SPDX-License-Identifier: Apache-2.0 */
/* linux.seccomp, compiled: the kernel would take the filter. */
#include <linux/filter.h>

#include "base/error.h"
#include "libocispec/runtime.h"
#include "linux/seccomp.h"
#include "tests/fuzz/fuzz.h"

/* The rules of seccomp(2)'s checker that a compiler can break: jumps, loads, the end. */
static void check_filter(const struct seccomp_program *program)
{
	DEMAND(program->n_filter <= BPF_MAXINSNS);
	for (unsigned int i = 0; i < program->n_filter; i++) {
		const struct sock_filter *insn = &program->filter[i];
		unsigned int left = program->n_filter - i - 1;

		switch (BPF_CLASS(insn->code)) {
		case BPF_JMP:
			if (BPF_OP(insn->code) == BPF_JA)
				DEMAND(insn->k < left);
			else
				DEMAND(insn->jt < left && insn->jf < left);
			break;
		case BPF_LD:
			DEMAND(insn->code == (BPF_LD | BPF_W | BPF_ABS));
			DEMAND(insn->k % 4 == 0 && insn->k < 64);
			break;
		case BPF_ALU:
			DEMAND(insn->code == (BPF_ALU | BPF_AND | BPF_K));
			break;
		default:
			DEMAND(insn->code == (BPF_RET | BPF_K));
		}
	}
	if (program->n_filter > 0)
		DEMAND(BPF_CLASS(program->filter[program->n_filter - 1].code) == BPF_RET);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seccomp_program program = SECCOMP_PROGRAM_INIT;
	struct oci_arena arena = OCI_ARENA_INIT;
	struct error err = ERROR_INIT;
	struct oci_seccomp *seccomp;

	seccomp = fuzz_document(&arena, &oci_seccomp_object, data, size);
	if (seccomp && seccomp_compile(seccomp, &program, &err) < 0)
		DEMAND(err.msg[0]);
	else
		check_filter(&program);
	seccomp_program_fini(&program);
	oci_arena_release(&arena);
	return 0;
}
