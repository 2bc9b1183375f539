/* SPDX-License-Identifier: Apache-2.0 */
/* dabba: the OCI runtime. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/runtime.h"
#include "linux/idmap.h"
#include "linux/self-exe.h"

static const struct command *const commands[] = {
	&command_create, &command_start, &command_run,	  &command_state,  &command_kill,
	&command_delete, &command_list,	 &command_exec,	  &command_ps,	   &command_pause,
	&command_resume, &command_update, &command_events, &command_spec,
	&command_check,  &command_features,
	NULL,
};

/* clang-format off */
static const struct option_spec globals[] = {
	GLOBAL_OPTIONS("keep the state of containers in DIR (default: /run/dabba, "
		       "or $XDG_RUNTIME_DIR/dabba for other users than root)"),
	{ "cgroup-manager", 0, OPTION_CHOICE, offsetof(struct runtime_globals, cgroup_manager),
	  "cgroupfs|systemd|disabled", "who makes the cgroups (default: cgroupfs)" },
	{ "systemd-cgroup", 0, OPTION_FLAG, offsetof(struct runtime_globals, systemd_cgroup),
	  NULL, "the same as --cgroup-manager=systemd" },
	{ "rootless", 0, OPTION_IGNORED_STRING, 0, "true|false|auto",
	  "ignored, for callers of runc: dabba finds out by itself" },
	{ "criu", 0, OPTION_IGNORED_STRING, 0, "PATH", "ignored, for callers of runc" },
	OPTION_END,
};
/* clang-format on */

/*
 * Root inside a user namespace keeps its state where its user may write.
 * conmon sets XDG_RUNTIME_DIR to the empty string for root.
 */
static int default_root(char **out, struct error *err)
{
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");

	if (runtime_dir && *runtime_dir == '/' && !idmap_root_of_host()) {
		*out = xasprintf("%s/dabba", runtime_dir);
		return 0;
	}
	if (geteuid() == 0) {
		*out = xstrdup("/run/dabba");
		return 0;
	}
	(void)error_set(err, ENOENT, "no place for the state of containers: XDG_RUNTIME_DIR is "
			"not set");
	return error_hint(err, "use --root DIR, or log in so that /run/user/%u exists",
			  (unsigned)getuid());
}

/* Later steps change directory, so the root becomes absolute here. */
static int choose_root(void *values, struct error *err)
{
	/* Used until the program ends. */
	static char *root;
	struct globals *g = values;
	cleanup_free char *here = NULL;
	int r = 0;

	if (g->root && g->root[0] == '/')
		return 0;
	if (g->root && !*g->root)
		return error_set(err, EINVAL, "option --root: the directory's name is empty");
	if (g->root) {
		here = getcwd(NULL, 0);
		if (!here)
			return error_sys(err, "getcwd", "for --root %s", g->root);
		root = xasprintf("%s/%s", here, g->root);
	} else {
		r = default_root(&root, err);
	}
	g->root = root;
	return r;
}

const char *runtime_root(const struct invocation *invocation)
{
	return ((const struct globals *)invocation->globals)->root;
}

int runtime_cgroup_manager(const struct invocation *invocation, enum cgroup_manager *out,
			   struct error *err)
{
	const struct runtime_globals *g = invocation->globals;

	if (g->systemd_cgroup && !g->cgroup_manager)
		*out = CGROUP_MANAGER_SYSTEMD;
	else if (g->cgroup_manager)
		return cgroup_manager_parse(g->cgroup_manager, out, err);
	else
		*out = CGROUP_MANAGER_AUTO;
	return 0;
}

int main(int argc, char **argv)
{
	static const struct program dabba = {
		.name = "dabba",
		.summary = "Creates and runs containers by the OCI runtime specification.",
		.commands = commands,
		.globals = globals,
		.globals_size = sizeof(struct runtime_globals),
		.prepare = choose_root,
		.protect = self_exe_protect,
		/* The engines read the words before the colons and "version". */
		.version = "dabba version " PACKAGE_VERSION "\n"
			   "commit: " DABBA_COMMIT "\n"
			   "spec: 1.3.0\n"
			   "libc: " DABBA_LIBC "\n",
	};

	return program_main(&dabba, argc, argv);
}
