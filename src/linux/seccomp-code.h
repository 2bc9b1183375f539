/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classic BPF, written from its end to its beginning: all jumps go forward, so
 * the place a jump leads to is known when the jump is written.  A place is an
 * index counted from the end.  Reference: linux/filter.h, seccomp(2).
 */
#pragma once

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

enum { SECCOMP_CODE_RETURNS = 8 };

struct seccomp_code {
	/* instruction[0] is the last one of the program. */
	struct sock_filter *instruction;
	/* May come to be more than the kernel takes, so that an error can say how many. */
	size_t n, room;
	/* The latest return of some actions, newest first. */
	struct seccomp_code_return {
		uint32_t action;
		size_t at;
	} returns[SECCOMP_CODE_RETURNS];
	size_t n_returns;
};

void seccomp_code_init(struct seccomp_code *code);
void seccomp_code_fini(struct seccomp_code *code);

/* A return of ACTION near enough to jump to. */
size_t seccomp_code_return(struct seccomp_code *code, uint32_t action);

/* Makes AT what was written last, or a jump to it. */
void seccomp_code_continue(struct seccomp_code *code, size_t at);

/* Loads the 32 bits at OFFSET of struct seccomp_data, then goes on with what was written last. */
size_t seccomp_code_load(struct seccomp_code *code, uint32_t offset);

/* Masks what is loaded, then goes on with what was written last. */
size_t seccomp_code_mask(struct seccomp_code *code, uint32_t mask);

/* BPF_JEQ, BPF_JGT or BPF_JGE against VALUE: to YES or to NO, however far they are. */
size_t seccomp_code_jump(struct seccomp_code *code, uint16_t comparison, uint32_t value,
			 size_t yes, size_t no);

/* The program in its proper order, on the heap. */
struct sock_filter *seccomp_code_finish(const struct seccomp_code *code);
