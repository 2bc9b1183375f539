/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run on the machine that builds: asks its libseccomp for the numbers of all system
 * calls on all architectures and prints seccomp-names-table.h, so that the runtime
 * needs no libseccomp.  Columns that several architectures share are printed once.
 */
#include <err.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "linux/seccomp-names-hash.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
enum { MAX_NAMES = SECCOMP_NAME_SLOTS / 2, NONE = -1 };

/* BASE is what an architecture's numbers begin with; X32 has the tree of x86_64. */
static const struct known {
	const char *name;
	int32_t base;
} known[] = {
	{ "x86", 0 },	     { "x86_64", 0 },	      { "x32", 0x40000000 },
	{ "arm", 0 },	     { "aarch64", 0 },	      { "loongarch64", 0 },
	{ "m68k", 0 },	     { "mips", 4000 },	      { "mips64", 5000 },
	{ "mips64n32", 6000 }, { "mipsel", 4000 },    { "mipsel64", 5000 },
	{ "mipsel64n32", 6000 }, { "ppc", 0 },	      { "ppc64", 0 },
	{ "ppc64le", 0 },    { "s390", 0 },	      { "s390x", 0 },
	{ "sh", 0 },	     { "sheb", 0 },	      { "parisc", 0 },
	{ "parisc64", 0 },   { "riscv64", 0 },
};

/*
 * Calls that a libseccomp as old as Debian 12's does not know.  All architectures
 * give new calls one number.  Reference: the kernel's scripts/syscall.tbl.
 */
static const struct {
	const char *name;
	int32_t number;
} newer[] = {
	{ "cachestat", 451 },	      { "fchmodat2", 452 },	  { "map_shadow_stack", 453 },
	{ "futex_wake", 454 },	      { "futex_wait", 455 },	  { "futex_requeue", 456 },
	{ "statmount", 457 },	      { "listmount", 458 },	  { "lsm_get_self_attr", 459 },
	{ "lsm_set_self_attr", 460 }, { "lsm_list_modules", 461 }, { "mseal", 462 },
	{ "setxattrat", 463 },	      { "getxattrat", 464 },	  { "listxattrat", 465 },
	{ "removexattrat", 466 },     { "open_tree_attr", 467 },  { "file_getattr", 468 },
	{ "file_setattr", 469 },
};

static char *names[MAX_NAMES];
static size_t n_names;

static struct arch {
	uint32_t token;
	int32_t base;
	int32_t numbers[MAX_NAMES];
	uint8_t subcalls[MAX_NAMES];
	bool has_subcalls;
} archs[ARRAY_SIZE(known)];

static int by_text(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static size_t index_of(const char *name)
{
	char **found = bsearch(&name, names, n_names, sizeof(*names), by_text);

	if (!found)
		errx(1, "%s: not among the names", name);
	return (size_t)(found - names);
}

static void add_name(const char *name)
{
	for (size_t i = 0; i < n_names; i++)
		if (strcmp(names[i], name) == 0)
			return;
	if (n_names == MAX_NAMES)
		errx(1, "more than %d system calls", MAX_NAMES);
	names[n_names++] = strdup(name);
}

/* CALL for each number of ARCH that has a name; arm has a few far above the others. */
static void for_each_number(const struct arch *arch,
			    void (*call)(const struct arch *arch, int number, const char *name))
{
	static const struct {
		int first, n;
	} parts[] = { { 0, 999 }, { 0xf0000, 16 } };

	for (size_t part = 0; part < ARRAY_SIZE(parts); part++)
		for (int i = 0; i < parts[part].n; i++) {
			int number = arch->base + parts[part].first + i;
			char *name = seccomp_syscall_resolve_num_arch(arch->token, number);

			if (name)
				call(arch, number, name);
			free(name);
		}
}

static void collect_name(const struct arch *arch, int number, const char *name)
{
	(void)arch;
	(void)number;
	add_name(name);
}

static void note_number(const struct arch *arch, int number, const char *name)
{
	((struct arch *)arch)->numbers[index_of(name)] = number;
}

static void collect_names(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (archs[i].token)
			for_each_number(&archs[i], collect_name);
	for (size_t i = 0; i < ARRAY_SIZE(newer); i++)
		add_name(newer[i].name);
	qsort(names, n_names, sizeof(*names), by_text);
}

/*
 * libseccomp gives a negative number, -100 - N and -200 - N, to a call that is the
 * subcall N of socketcall or ipc; some of these have a number of their own too.
 */
static void fill_arch(struct arch *arch)
{
	for (size_t i = 0; i < n_names; i++)
		arch->numbers[i] = NONE;
	for_each_number(arch, note_number);
	for (size_t i = 0; i < n_names; i++) {
		int number = seccomp_syscall_resolve_name_arch(arch->token, names[i]);

		if (number >= 0)
			arch->numbers[i] = number;
		else if (number <= -100 && number > -300)
			arch->subcalls[i] = (uint8_t)-number;
	}
	for (size_t i = 0; i < ARRAY_SIZE(newer); i++)
		if (seccomp_syscall_resolve_name(newer[i].name) == __NR_SCMP_ERROR)
			arch->numbers[index_of(newer[i].name)] = arch->base + newer[i].number;
	/* Without the call that multiplexes them these are names of nothing. */
	arch->has_subcalls = arch->numbers[index_of("socketcall")] != NONE;
	if (!arch->has_subcalls)
		memset(arch->subcalls, 0, sizeof(arch->subcalls));
}

/* The first architecture with the same column. */
static size_t same_numbers(size_t i)
{
	size_t j = 0;

	while (!archs[j].token || memcmp(archs[j].numbers, archs[i].numbers,
					 sizeof(archs[i].numbers)) != 0)
		j++;
	return j;
}

static size_t same_subcalls(size_t i)
{
	size_t j = 0;

	while (!archs[j].has_subcalls || memcmp(archs[j].subcalls, archs[i].subcalls,
						sizeof(archs[i].subcalls)) != 0)
		j++;
	return j;
}

static void print_names(void)
{
	size_t offset = 0;

	printf("static const char names[] =");
	for (size_t i = 0; i < n_names; i++)
		printf("\n\t\"%s\\0\"", names[i]);
	printf(";\n\nstatic const uint16_t name_offsets[] = {");
	for (size_t i = 0; i < n_names; i++) {
		printf("%s%zu,", i % 12 ? " " : "\n\t", offset);
		offset += strlen(names[i]) + 1;
	}
	printf("\n};\n");
}

/* One more than a name's index, so that 0 is an empty slot. */
static void print_slots(void)
{
	uint16_t slots[SECCOMP_NAME_SLOTS] = { 0 };

	for (size_t i = 0; i < n_names; i++) {
		uint32_t slot = seccomp_names_slot(names[i]);

		while (slots[slot])
			slot = (slot + 1) % SECCOMP_NAME_SLOTS;
		slots[slot] = (uint16_t)(i + 1);
	}
	printf("\nstatic const uint16_t name_slots[] = {");
	for (size_t i = 0; i < SECCOMP_NAME_SLOTS; i++)
		printf("%s%u,", i % 20 ? " " : "\n\t", slots[i]);
	printf("\n};\n");
}

static void print_columns(size_t i)
{
	if (same_numbers(i) == i) {
		printf("\nstatic const int32_t numbers_%s[] = {", known[i].name);
		for (size_t j = 0; j < n_names; j++)
			printf("%s%d,", j % 12 ? " " : "\n\t", archs[i].numbers[j]);
		printf("\n};\n");
	}
	if (archs[i].has_subcalls && same_subcalls(i) == i) {
		printf("\nstatic const uint8_t subcalls_%s[] = {", known[i].name);
		for (size_t j = 0; j < n_names; j++)
			printf("%s%u,", j % 20 ? " " : "\n\t", archs[i].subcalls[j]);
		printf("\n};\n");
	}
}

static void print_arch(size_t i)
{
	const struct arch *arch = &archs[i];
	/* x32 is a bit in the numbers of x86_64, not an architecture to the kernel. */
	uint32_t audit = arch->token == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : arch->token;
	bool narrow = !(arch->token & __AUDIT_ARCH_64BIT) ||
		      (arch->token & __AUDIT_ARCH_CONVENTION_MIPS64_N32);

	printf("\t[OCI_SECCOMP_ARCH_");
	for (const char *s = known[i].name; *s; s++)
		putchar(*s >= 'a' ? *s - 'a' + 'A' : *s);
	printf("] = { .audit = %#x, .base = %#x, .narrow = %d, .numbers = numbers_%s", audit,
	       (unsigned int)arch->base, narrow, known[same_numbers(i)].name);
	if (arch->has_subcalls)
		printf(",\n\t\t.subcalls = subcalls_%s, .socketcall = %d, .ipc = %d",
		       known[same_subcalls(i)].name, arch->numbers[index_of("socketcall")],
		       arch->numbers[index_of("ipc")]);
	printf(" },\n");
}

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		archs[i].token = seccomp_arch_resolve_name(known[i].name);
		archs[i].base = known[i].base;
	}
	collect_names();
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (archs[i].token)
			fill_arch(&archs[i]);
	printf("/* Made by seccomp-names-make.c from libseccomp %u.%u.%u. */\n\n",
	       seccomp_version()->major, seccomp_version()->minor, seccomp_version()->micro);
	print_names();
	print_slots();
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (archs[i].token)
			print_columns(i);
	printf("\nstatic const struct seccomp_arch archs[] = {\n");
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (archs[i].token)
			print_arch(i);
	printf("};\n");
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
