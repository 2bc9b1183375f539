/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts as lines: destination, type, source, then options up to an empty line; any
 * number of such mounts.  They are planned as "create" plans them.
 */
#include <string.h>

#include "base/error.h"
#include "linux/mount-options.h"
#include "linux/mount.h"
#include "tests/fuzz/fuzz.h"

enum { MAX_MOUNTS = 16, MAX_OPTIONS = 16 };

struct input {
	struct oci_mount mounts[MAX_MOUNTS];
	char *options[MAX_MOUNTS][MAX_OPTIONS + 1];
	size_t n;
};

static void check_options(const struct oci_mount *mount)
{
	struct mount_options options = { 0 };

	for (size_t i = 0; i < mount->n_options; i++)
		(void)mount_options_add(&options, mount->options[i]);
	/* What is to be set is never also to be cleared, but for the atime field. */
	DEMAND((options.sb_set & options.sb_clr) == 0);
}

static void read_mount(struct input *in, const uint8_t **rest, size_t *size)
{
	struct oci_mount *mount = &in->mounts[in->n];
	char *option;

	mount->destination = fuzz_line(rest, size);
	mount->type = fuzz_line(rest, size);
	mount->source = fuzz_line(rest, size);
	mount->options = in->options[in->n++];
	while (mount->n_options < MAX_OPTIONS && (option = fuzz_line(rest, size))) {
		if (!*option) {
			free(option);
			break;
		}
		mount->options[mount->n_options++] = option;
	}
	check_options(mount);
}

static void release(struct input *in)
{
	for (size_t i = 0; i < in->n; i++) {
		for (size_t j = 0; j < in->mounts[i].n_options; j++)
			free(in->mounts[i].options[j]);
		free((char *)in->mounts[i].destination);
		free((char *)in->mounts[i].type);
		free((char *)in->mounts[i].source);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct oci_namespace mount_namespace = { .type = OCI_NAMESPACE_MOUNT };
	struct oci_linux linux = { .namespaces = &mount_namespace, .n_namespaces = 1 };
	struct oci_config config = { .linux = &linux };
	struct mount_env env = MOUNT_ENV_INIT;
	struct mount_plan *plan = NULL;
	struct error err = ERROR_INIT;
	struct input in = { .n = 0 };

	while (size > 0 && in.n < MAX_MOUNTS)
		read_mount(&in, &data, &size);
	config.mounts = in.mounts;
	config.n_mounts = in.n;
	env.bundle = "/bundle";
	if (mount_plan_new(&config, &env, &plan, &err) < 0)
		DEMAND(err.msg[0] && !plan);
	else
		(void)mount_plan_owns_dev(plan);
	(void)mount_plan_free(plan);
	release(&in);
	return 0;
}
