/* SPDX-License-Identifier: Apache-2.0 */
/* What a process is to be, read and checked in the runtime before there is one. */
#include "runtime/process.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "linux/label.h"
#include "linux/personality.h"

/* The first fd that is not standard input, output or error (sd_listen_fds(3) too). */
enum { FIRST_FD = 3 };

static bool same_variable(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");

	return strncmp(a, b, n) == 0 && b[n] == '=';
}

/* Of several settings of one variable the last one counts. */
static int plan_env(struct process_plan *plan, struct error *err)
{
	const struct oci_process *process = plan->process;

	for (size_t i = 0; i < process->n_env; i++) {
		const char *var = process->env[i];
		bool again = false;

		if (!strchr(var, '=') || var[0] == '=') {
			(void)error_set(err, EINVAL, "process.env[%zu]: \"%s\" is not NAME=VALUE",
					i, var);
			return error_pointer(err, "process.env[%zu]", i);
		}
		for (size_t j = i + 1; j < process->n_env && !again; j++)
			again = same_variable(var, process->env[j]);
		if (!again)
			strvec_push(&plan->env, var);
	}
	return 0;
}

/* Socket activation (sd_listen_fds(3)): the sockets come first, and the process is pid 1. */
static unsigned int plan_listen_fds(struct process_plan *plan)
{
	const char *text = getenv("LISTEN_FDS");
	uint64_t n;

	if (!text || !str_to_u64(text, 1024, &n) || n == 0)
		return 0;
	strvec_pushf(&plan->env, "LISTEN_FDS=%s", text);
	strvec_push(&plan->env, "LISTEN_PID=1");
	if (getenv("LISTEN_FDNAMES"))
		strvec_pushf(&plan->env, "LISTEN_FDNAMES=%s", getenv("LISTEN_FDNAMES"));
	return (unsigned int)n;
}

/* Callers ask for more fds than they have, as a way to say "all": that is worth a warning only. */
static int plan_fds(struct process_plan *plan, unsigned int preserve_fds, struct error *err)
{
	long max = sysconf(_SC_OPEN_MAX);
	unsigned long wanted = (unsigned long)plan_listen_fds(plan) + preserve_fds;
	unsigned int n = max > 0 && wanted > (unsigned long)max ? (unsigned int)max
								 : (unsigned int)wanted;

	plan->kept_fds = xcalloc(n + 1, sizeof(*plan->kept_fds));
	for (unsigned int i = 0; i < n; i++)
		/* An fd of our own would be close-on-exec: this one was inherited. */
		if (fcntl((int)(FIRST_FD + i), F_GETFD) == 0)
			plan->kept_fds[plan->n_kept_fds++] = (int)(FIRST_FD + i);
	if (plan->n_kept_fds < wanted)
		log_warning("--preserve-fds and LISTEN_FDS ask for the %lu file descriptors from "
			    "%d on, and only %zu of them are open", wanted, FIRST_FD,
			    plan->n_kept_fds);
	return fd_cloexec_from(FIRST_FD + n, err);
}

static int check_args(const struct oci_process *process, struct error *err)
{
	if (!process->cwd || process->cwd[0] != '/') {
		(void)error_set(err, EINVAL, "process.cwd: \"%s\" is not an absolute path",
				process->cwd ? process->cwd : "");
		return error_pointer(err, "process.cwd");
	}
	if (process->n_args > 0 && process->args[0][0] != '\0')
		return 0;
	(void)error_set(err, EINVAL, "process.args: there must be at least the program's name");
	return error_pointer(err, "process.args");
}

static int plan_args(struct process_plan *plan, const struct process_request *request,
		     struct error *err)
{
	(void)request;
	return check_args(plan->process, err);
}

static int plan_environment(struct process_plan *plan, const struct process_request *request,
			    struct error *err)
{
	(void)request;
	return plan_env(plan, err);
}

static int plan_descriptors(struct process_plan *plan, const struct process_request *request,
			    struct error *err)
{
	return plan_fds(plan, request->preserve_fds, err);
}

static int plan_credential(struct process_plan *plan, const struct process_request *request,
			   struct error *err)
{
	int r = credential_check(plan->process->user, &plan->credential, err);

	plan->credential.keep_groups = request->keep_groups;
	return r;
}

static int plan_rlimits(struct process_plan *plan, const struct process_request *request,
			struct error *err)
{
	const struct oci_process *process = plan->process;
	int r = rlimit_parse(process->rlimits, process->n_rlimits, &plan->rlimits, err);

	(void)request;
	return r < 0 ? r : rlimit_check(&plan->rlimits, err);
}

static int plan_selinux(struct process_plan *plan, const struct process_request *request,
			struct error *err)
{
	(void)request;
	return label_check_selinux(plan->process->selinux_label, "process.selinuxLabel", err);
}

static int plan_apparmor(struct process_plan *plan, const struct process_request *request,
			 struct error *err)
{
	(void)request;
	return label_check_apparmor(plan->process->apparmor_profile, err);
}

static int plan_schedule(struct process_plan *plan, const struct process_request *request,
			 struct error *err)
{
	const struct oci_process *process = plan->process;
	const struct oci_linux *linux = request->linux;
	int r = schedule_parse(process->scheduler, process->io_priority,
			       linux ? linux->memory_policy : NULL, &plan->schedule, err);

	return r < 0 ? r
		     : schedule_parse_affinity(process->exec_cpu_affinity, &plan->affinity, err);
}

static int plan_personality(struct process_plan *plan, const struct process_request *request,
			    struct error *err)
{
	const struct oci_linux *linux = request->linux;

	return linux && linux->personality
		       ? personality_parse(linux->personality, &plan->personality, err)
		       : 0;
}

static int plan_seccomp(struct process_plan *plan, const struct process_request *request,
			struct error *err)
{
	const struct oci_linux *linux = request->linux;

	return linux && linux->seccomp ? seccomp_compile(linux->seccomp, &plan->seccomp, err) : 0;
}

static int plan_terminal(struct process_plan *plan, const struct process_request *request,
			 struct error *err)
{
	const struct oci_process *process = plan->process;

	(void)request;
	return process->terminal && process->console_size
		       ? terminal_check_size(process->console_size, err)
		       : 0;
}

static int plan_capabilities(struct process_plan *plan, const struct process_request *request,
			     struct error *err)
{
	(void)err;
	capability_parse(plan->process->capabilities,
			 capability_grantable(request->other_userns), &plan->caps);
	return 0;
}

static int (*const plan_parts[])(struct process_plan *plan, const struct process_request *request,
				 struct error *err) = {
	plan_args,     plan_environment, plan_descriptors, plan_credential,
	plan_rlimits,  plan_selinux,	 plan_apparmor,	   plan_schedule,
	plan_personality, plan_seccomp,	 plan_terminal,	   plan_capabilities,
};

bool process_keeps_groups(const struct oci_string_map *annotations)
{
	const char *value = oci_string_map_get(annotations, PROCESS_KEEP_GROUPS);

	return value && streq(value, "1");
}

static void start_plan(struct process_plan *plan, const struct process_request *request)
{
	*plan = (struct process_plan){
		.process = request->process,
		.other_userns = request->other_userns,
		.env = STRVEC_INIT,
		.schedule = SCHEDULE_INIT,
		.seccomp = SECCOMP_PROGRAM_INIT,
	};
}

int process_plan_init(struct process_plan *plan, const struct process_request *request,
		      struct error *err)
{
	start_plan(plan, request);
	for (size_t i = 0; i < ARRAY_SIZE(plan_parts); i++) {
		if (plan_parts[i](plan, request, err) == 0)
			continue;
		process_plan_fini(plan);
		return err->code;
	}
	return 0;
}

void process_check(const struct process_request *request,
		   void (*report)(void *arg, const struct error *problem), void *arg)
{
	cleanup_process_plan struct process_plan plan;

	start_plan(&plan, request);
	for (size_t i = 0; i < ARRAY_SIZE(plan_parts); i++) {
		struct error err = ERROR_INIT;

		if (plan_parts[i](&plan, request, &err) < 0)
			report(arg, &err);
	}
}

void process_plan_fini(struct process_plan *plan)
{
	strvec_release(&plan->env);
	free(take_ptr(plan->kept_fds));
	seccomp_program_fini(&plan->seccomp);
}
