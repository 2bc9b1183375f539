/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/seccomp-library.h"

#include <linux/filter.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "linux/seccomp-profile.h"
#include "linux/seccomp.h"

/* The kernel's BPF_MAXINSNS. */
enum { MAX_FILTER = 4096 };

/* libseccomp's "binary tree of system calls". */
enum { OPTIMIZE_TREE = 2 };

static void release(scmp_filter_ctx *ctx)
{
	if (*ctx)
		seccomp_release(*ctx);
}

static int add_archs(scmp_filter_ctx ctx, const struct seccomp_profile *profile,
		     struct error *err)
{
	for (size_t i = 1; i < profile->n_archs; i++) {
		int r = seccomp_arch_add(ctx, profile->archs[i]);

		/* EDOM: of the other byte order, so nothing of it runs here. */
		if (r < 0 && r != -EDOM && r != -EEXIST)
			return error_set(err, r, "libseccomp: add architecture %#x: %s",
					 profile->archs[i], strerror(-r));
	}
	return 0;
}

static int add_rule(scmp_filter_ctx ctx, const struct seccomp_rule *rule, struct error *err)
{
	int number = seccomp_syscall_resolve_name(rule->name);
	struct scmp_arg_cmp args[SECCOMP_MAX_ARGS];
	int r;

	if (number == __NR_SCMP_ERROR) {
		log_debug("linux.seccomp.syscalls[%zu]: unknown system call \"%s\" skipped",
			  rule->index, rule->name);
		return 0;
	}
	for (uint32_t i = 0; i < rule->n_conditions; i++)
		args[i] = (struct scmp_arg_cmp){
			.arg = rule->conditions[i].index,
			.op = (enum scmp_compare)rule->conditions[i].op,
			.datum_a = rule->conditions[i].value,
			.datum_b = rule->conditions[i].value_two,
		};
	r = seccomp_rule_add_array(ctx, rule->action, number, rule->n_conditions, args);
	if (r == 0)
		return 0;
	(void)error_set(err, r, "libseccomp: rule for \"%s\": %s", rule->name, strerror(-r));
	return error_pointer(err, "linux.seccomp.syscalls[%zu]", rule->index);
}

static int export_filter(scmp_filter_ctx ctx, struct seccomp_program *out, struct error *err)
{
	cleanup_close int fd = memfd_create("seccomp", MFD_CLOEXEC);
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	int r;

	if (fd < 0)
		return error_sys(err, "memfd_create", "for the seccomp filter");
	r = seccomp_export_bpf(ctx, fd);
	if (r < 0)
		return error_set(err, r, "libseccomp: export the filter: %s", strerror(-r));
	if (lseek(fd, 0, SEEK_SET) < 0)
		return error_sys(err, "lseek", "seccomp filter");
	r = file_read_fd(fd, "seccomp filter", MAX_FILTER * sizeof(struct sock_filter), &sb, err);
	if (r < 0)
		return r;
	out->n_filter = (unsigned short)(sb.len / sizeof(struct sock_filter));
	out->filter = xcalloc(out->n_filter + 1u, sizeof(*out->filter));
	memcpy(out->filter, sb.buf, out->n_filter * sizeof(*out->filter));
	return 0;
}

int seccomp_library_compile(const struct seccomp_profile *profile,
			    struct seccomp_program *out, struct error *err)
{
	__attribute__((cleanup(release))) scmp_filter_ctx ctx =
		seccomp_init(profile->default_action);
	int r;

	if (!ctx)
		return error_set(err, ENOMEM, "libseccomp: seccomp_init");
	/* Older than 2.5: a linear filter, slower but the same. */
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, OPTIMIZE_TREE);
	r = add_archs(ctx, profile, err);
	/* What only repeats the default says nothing; libseccomp refuses it. */
	for (size_t i = 0; i < profile->n_rules && r == 0; i++)
		if (profile->rules[i].action != profile->default_action)
			r = add_rule(ctx, &profile->rules[i], err);
	return r < 0 ? r : export_filter(ctx, out, err);
}
