/* SPDX-License-Identifier: Apache-2.0 */
/* As docker merges a container's config into that of the image made from it. */
#include "image/change.h"

#include "image/list.h"

static void merge_lists(struct oci_arena *arena, const struct list *base, char ***v, size_t *n)
{
	struct list merged = { 0 };

	for (size_t i = 0; i < base->n_v; i++)
		list_add_once(arena, &merged.v, &merged.n_v, base->v[i]);
	for (size_t i = 0; i < *n; i++)
		list_add_once(arena, &merged.v, &merged.n_v, (*v)[i]);
	*v = merged.v;
	*n = merged.n_v;
}

static void merge_env(struct oci_arena *arena, const struct oci_image_run_config *base,
		      struct oci_image_run_config *config)
{
	struct list merged = { 0 };

	for (size_t i = 0; i < base->n_env; i++)
		list_add(arena, &merged.v, &merged.n_v, base->env[i]);
	for (size_t i = 0; i < config->n_env; i++)
		list_set_env(arena, &merged.v, &merged.n_v, config->env[i]);
	config->env = merged.v;
	config->n_env = merged.n_v;
}

static void merge_labels(struct oci_arena *arena, const struct oci_image_run_config *base,
			 struct oci_image_run_config *config)
{
	struct oci_string_map merged = { 0 };

	for (size_t i = 0; i < base->labels.n; i++)
		list_set_pair(arena, &merged, base->labels.items[i].key,
			      base->labels.items[i].value);
	for (size_t i = 0; i < config->labels.n; i++)
		list_set_pair(arena, &merged, config->labels.items[i].key,
			config->labels.items[i].value);
	config->labels = merged;
}

static void merge_healthcheck(const struct oci_healthcheck *base, struct oci_healthcheck *check)
{
	if (check->n_test == 0) {
		check->test = base->test;
		check->n_test = base->n_test;
	}
	check->interval = check->interval ? check->interval : base->interval;
	check->timeout = check->timeout ? check->timeout : base->timeout;
	check->start_period = check->start_period ? check->start_period : base->start_period;
	check->start_interval = check->start_interval ? check->start_interval
						      : base->start_interval;
	check->retries = check->retries ? check->retries : base->retries;
}

static void merge_command(const struct oci_image_run_config *base,
			  struct oci_image_run_config *config)
{
	if (config->entrypoint)
		return;
	config->entrypoint = base->entrypoint;
	config->n_entrypoint = base->n_entrypoint;
	if (config->cmd)
		return;
	config->cmd = base->cmd;
	config->n_cmd = base->n_cmd;
	config->args_escaped = base->args_escaped;
}

void change_merge(const struct oci_image_run_config *base, struct oci_arena *arena,
		  struct oci_image_run_config *config)
{
	struct list ports = { base->exposed_ports, base->n_exposed_ports };
	struct list volumes = { base->volumes, base->n_volumes };

	merge_command(base, config);
	merge_env(arena, base, config);
	merge_labels(arena, base, config);
	merge_lists(arena, &ports, &config->exposed_ports, &config->n_exposed_ports);
	merge_lists(arena, &volumes, &config->volumes, &config->n_volumes);
	if (config->healthcheck && base->healthcheck)
		merge_healthcheck(base->healthcheck, config->healthcheck);
	else if (base->healthcheck)
		config->healthcheck = base->healthcheck;
	config->user = config->user ? config->user : base->user;
	config->working_dir = config->working_dir ? config->working_dir : base->working_dir;
	config->stop_signal = config->stop_signal ? config->stop_signal : base->stop_signal;
	config->stop_timeout = config->stop_timeout ? config->stop_timeout : base->stop_timeout;
	config->shell = base->shell;
	config->n_shell = base->n_shell;
	config->rest = base->rest;
}
