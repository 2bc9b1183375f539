/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/exec-process.h"

#include <fcntl.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "libocispec/oci-error.h"
#include "libocispec/read.h"
#include "linux/credential.h"
#include "linux/document.h"

enum { MAX_PROCESS = 16 * 1024 * 1024 };

void exec_process_fini(struct exec_process *p)
{
	strvec_release(&p->env);
	free(p->additional_gids);
}

static int read_process(struct exec_process *p, struct error *err)
{
	const char *path = p->request->process_file;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct oci_error oci_err = OCI_ERROR_INIT;
	int r = file_read_at(AT_FDCWD, path, MAX_PROCESS, &text, err);

	if (r < 0)
		return r;
	if (oci_read(&p->container->arena, &oci_process_object, text.buf, text.len, path,
		     &p->process, &oci_err) < 0)
		return error_from_oci(err, &oci_err);
	return 0;
}

static int set_user(struct exec_process *p, struct error *err)
{
	const struct exec_request *request = p->request;
	struct credential_user wanted;
	size_t n = 0;
	int r;

	if (p->process.user)
		p->user = *p->process.user;
	p->process.user = &p->user;
	if (request->user) {
		r = credential_parse_user(request->user, &wanted, err);
		if (r < 0)
			return r;
		p->user.uid = wanted.uid;
		if (wanted.has_gid)
			p->user.gid = wanted.gid;
	}
	while (request->additional_gids && request->additional_gids[n])
		n++;
	if (n == 0)
		return 0;
	p->additional_gids = xcalloc(p->user.n_additional_gids + n, sizeof(uint32_t));
	for (size_t i = 0; i < p->user.n_additional_gids; i++)
		p->additional_gids[i] = p->user.additional_gids[i];
	for (size_t i = 0; i < n; i++) {
		uint64_t gid;

		if (!str_to_u64(request->additional_gids[i], UINT32_MAX - 1, &gid))
			return error_set(err, EINVAL, "--additional-gids: \"%s\" is not a group id",
					 request->additional_gids[i]);
		p->additional_gids[p->user.n_additional_gids + i] = (uint32_t)gid;
	}
	p->user.additional_gids = p->additional_gids;
	p->user.n_additional_gids += n;
	return 0;
}

/* The container's own process, with the command line's changes. */
static int derive_process(struct exec_process *p, struct error *err)
{
	const struct exec_request *request = p->request;
	const struct oci_process *base = p->container->config->process;

	if (base)
		p->process = *base;
	else
		p->process.cwd = "/";
	p->process.args = (char **)request->args;
	p->process.n_args = 0;
	while (request->args && request->args[p->process.n_args])
		p->process.n_args++;
	p->process.terminal = request->tty;
	p->process.console_size = NULL;
	for (size_t i = 0; i < p->process.n_env; i++)
		strvec_push(&p->env, p->process.env[i]);
	strvec_pushv(&p->env, request->env);
	p->process.env = p->env.v;
	p->process.n_env = p->env.n;
	if (request->cwd)
		p->process.cwd = request->cwd;
	if (request->no_new_privs)
		p->process.no_new_privileges = true;
	return set_user(p, err);
}

/* What a process document leaves out is as the container has it. */
static void inherit(struct exec_process *p)
{
	const struct oci_process *base = p->container->config->process;

	if (!base)
		return;
	if (!p->process.capabilities)
		p->process.capabilities = base->capabilities;
	if (!p->process.rlimits) {
		p->process.rlimits = base->rlimits;
		p->process.n_rlimits = base->n_rlimits;
	}
	if (!p->process.apparmor_profile)
		p->process.apparmor_profile = base->apparmor_profile;
	if (!p->process.selinux_label)
		p->process.selinux_label = base->selinux_label;
	if (!p->process.exec_cpu_affinity)
		p->process.exec_cpu_affinity = base->exec_cpu_affinity;
}

static int check_terminal(const struct exec_process *p, struct error *err)
{
	if (p->process.terminal && p->request->detach && !p->request->console_socket) {
		(void)error_set(err, EINVAL, "a detached process with a terminal needs a console "
					     "socket");
		return error_hint(err, "pass --console-socket PATH, or no terminal");
	}
	if (!p->process.terminal && p->request->console_socket)
		return error_set(err, EINVAL, "--console-socket is given, but the process has no "
					      "terminal");
	return 0;
}

int exec_process_make(struct exec_process *p, struct error *err)
{
	const struct exec_request *request = p->request;
	int r = request->process_file ? read_process(p, err) : derive_process(p, err);

	if (r < 0)
		return r;
	if (request->process_file && request->tty)
		p->process.terminal = true;
	inherit(p);
	if (request->process_label)
		p->process.selinux_label = request->process_label;
	if (request->apparmor)
		p->process.apparmor_profile = request->apparmor;
	return check_terminal(p, err);
}
