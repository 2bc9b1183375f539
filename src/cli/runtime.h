/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands of dabba share. */
#pragma once

#include "cli/command.h"
#include "runtime/create.h"

struct runtime_globals {
	struct globals globals;
	/* "cgroupfs", "systemd", "disabled", or NULL. */
	const char *cgroup_manager;
	bool systemd_cgroup;
};

/* The state root that --root or the default names. */
const char *runtime_root(const struct invocation *invocation);

/* What --cgroup-manager and --systemd-cgroup ask for. */
int runtime_cgroup_manager(const struct invocation *invocation, enum cgroup_manager *out,
			   struct error *err);

/* Appends the container that the first argument names, or with IS_REGEX those it matches. */
int runtime_select(const struct invocation *invocation, bool is_regex, struct strvec *ids,
		   struct error *err);

/* --timing and --timing-file. */
struct timing_options {
	/* "text", "chrome", or NULL for none. */
	const char *format;
	/* NULL is standard error. */
	const char *file;
};

/* The rows that fill the member "timing" of struct OPTIONS. */
#define TIMING_OPTIONS(options)                                                              \
	{ "timing", 0, OPTION_CHOICE, offsetof(struct options, timing.format), "text|chrome", \
	  "say how long each step took, as text or as a trace for Chrome" },                 \
	{ "timing-file", 0, OPTION_STRING, offsetof(struct options, timing.file), "FILE",    \
	  "write that to FILE (default: standard error)" }

/* Before the first step, and when all is over, whether it went well or not. */
int runtime_timing_begin(const struct timing_options *options, struct error *err);
void runtime_timing_end(const struct timing_options *options);

/* The options that create and run have in common. */
struct bundle_options {
	const char *bundle;
	const char *config;
	const char *console_socket;
	const char *pid_file;
	bool no_pivot;
	bool no_new_keyring;
	unsigned int preserve_fds;
	struct timing_options timing;
};

/* clang-format off */
#define BUNDLE_OPTIONS                                                                      \
	{ "bundle", 'b', OPTION_STRING, offsetof(struct bundle_options, bundle), "DIR",     \
	  "directory of config.json and the root file system (default: the current one)" }, \
	{ "config", 'f', OPTION_STRING, offsetof(struct bundle_options, config), "FILE",    \
	  "name of the configuration in the bundle (default: config.json)" },               \
	{ "console-socket", 0, OPTION_STRING,                                               \
	  offsetof(struct bundle_options, console_socket), "PATH",                          \
	  "unix socket that gets the master of the terminal" },                             \
	{ "pid-file", 0, OPTION_STRING, offsetof(struct bundle_options, pid_file), "FILE",  \
	  "write the pid of the container's process to FILE" },                             \
	{ "no-pivot", 0, OPTION_FLAG, offsetof(struct bundle_options, no_pivot), NULL,      \
	  "chroot instead of pivot_root, for a host on a ramdisk; less safe" },             \
	{ "no-new-keyring", 0, OPTION_FLAG,                                                 \
	  offsetof(struct bundle_options, no_new_keyring), NULL,                            \
	  "keep the session keyring of the caller" },                                       \
	{ "preserve-fds", 0, OPTION_NUMBER, offsetof(struct bundle_options, preserve_fds),  \
	  "N", "pass N file descriptors from 3 on to the container" },                      \
	TIMING_OPTIONS(bundle_options)
/* clang-format on */

/* The request for the container that the invocation's first argument names. */
int runtime_create_request(const struct invocation *invocation,
			   const struct bundle_options *options, struct create_request *out,
			   struct error *err);

extern const struct command command_check;
extern const struct command command_create;
extern const struct command command_delete;
extern const struct command command_events;
extern const struct command command_exec;
extern const struct command command_features;
extern const struct command command_kill;
extern const struct command command_list;
extern const struct command command_pause;
extern const struct command command_ps;
extern const struct command command_resume;
extern const struct command command_run;
extern const struct command command_spec;
extern const struct command command_start;
extern const struct command command_state;
extern const struct command command_update;
