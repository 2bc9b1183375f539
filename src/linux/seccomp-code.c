/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/seccomp-code.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"

/* A jump reaches 255 instructions; a few of them may come between. */
enum { REACH = 240 };

void seccomp_code_init(struct seccomp_code *code)
{
	*code = (struct seccomp_code){ .n = 0 };
}

void seccomp_code_fini(struct seccomp_code *code)
{
	free(code->instruction);
	code->instruction = NULL;
}

static size_t put(struct seccomp_code *code, struct sock_filter instruction)
{
	if (code->n == code->room) {
		code->room = code->room * 2 + 512;
		code->instruction =
			xrealloc(code->instruction, code->room, sizeof(*code->instruction));
	}
	code->instruction[code->n] = instruction;
	return code->n++;
}

static bool is_near(const struct seccomp_code *code, size_t at)
{
	return code->n - at <= REACH;
}

size_t seccomp_code_return(struct seccomp_code *code, uint32_t action)
{
	size_t at;

	for (size_t i = 0; i < code->n_returns; i++)
		if (code->returns[i].action == action && is_near(code, code->returns[i].at))
			return code->returns[i].at;
	at = put(code, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
	if (code->n_returns < SECCOMP_CODE_RETURNS)
		code->n_returns++;
	for (size_t i = code->n_returns - 1; i > 0; i--)
		code->returns[i] = code->returns[i - 1];
	code->returns[0] = (struct seccomp_code_return){ action, at };
	return at;
}

size_t seccomp_code_load(struct seccomp_code *code, uint32_t offset)
{
	return put(code, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset));
}

size_t seccomp_code_mask(struct seccomp_code *code, uint32_t mask)
{
	return put(code, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
}

static size_t put_goto(struct seccomp_code *code, size_t at)
{
	return put(code, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA,
						      (uint32_t)(code->n - at - 1)));
}

void seccomp_code_continue(struct seccomp_code *code, size_t at)
{
	if (at + 1 != code->n)
		(void)put_goto(code, at);
}

/* A place near enough to jump to that does what the one at AT does. */
static size_t reach(struct seccomp_code *code, size_t at)
{
	if (is_near(code, at))
		return at;
	if (code->instruction[at].code == (BPF_RET | BPF_K))
		return seccomp_code_return(code, code->instruction[at].k);
	return put_goto(code, at);
}

size_t seccomp_code_jump(struct seccomp_code *code, uint16_t comparison, uint32_t value,
			 size_t yes, size_t no)
{
	yes = reach(code, yes);
	no = reach(code, no);
	return put(code, (struct sock_filter)BPF_JUMP(
				 (uint16_t)(BPF_JMP | BPF_K | comparison), value,
				 (uint8_t)(code->n - yes - 1), (uint8_t)(code->n - no - 1)));
}

struct sock_filter *seccomp_code_finish(const struct seccomp_code *code)
{
	struct sock_filter *filter = xcalloc(code->n, sizeof(*filter));

	for (size_t i = 0; i < code->n; i++)
		filter[i] = code->instruction[code->n - 1 - i];
	return filter;
}
