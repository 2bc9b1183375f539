/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/mem.h"
#include "cli/output.h"
#include "cli/runtime.h"
#include "libocispec/field.h"
#include "libocispec/write.h"
#include "linux/document.h"
#include "runtime/check.h"

struct check_options {
	const char *bundle;
	const char *config;
	const char *format;
};

static const struct check_options defaults = { .bundle = ".", .format = "text" };

/* clang-format off */
static const struct option_spec options[] = {
	{ "bundle", 'b', OPTION_STRING, offsetof(struct check_options, bundle), "DIR",
	  "directory of config.json and the root file system (default: the current one)" },
	{ "config", 0, OPTION_STRING, offsetof(struct check_options, config), "FILE",
	  "name of the configuration in the bundle (default: config.json)" },
	{ "format", 'f', OPTION_CHOICE, offsetof(struct check_options, format), "text|json",
	  "sentences to read, or a document" },
	OPTION_END,
};

struct json_problem {
	const char *level, *area, *msg, *syscall, *code, *path, *pointer, *hint;
};

struct json_report {
	const char *bundle;
	uint32_t errors, warnings;
	struct json_problem *problems;
	size_t n_problems;
};

static const struct oci_field problem_fields[] = {
	OCI_STRING(json_problem, level, "level", OCI_REQUIRED),
	OCI_STRING(json_problem, area, "area", OCI_REQUIRED),
	OCI_STRING(json_problem, msg, "msg", OCI_REQUIRED),
	OCI_STRING(json_problem, syscall, "syscall", 0),
	OCI_STRING(json_problem, code, "errno", 0),
	OCI_STRING(json_problem, path, "path", 0),
	OCI_STRING(json_problem, pointer, "pointer", 0),
	OCI_STRING(json_problem, hint, "hint", 0),
};
static const struct oci_object problem_object =
	OCI_TABLE("problem", json_problem, problem_fields);

static const struct oci_field report_fields[] = {
	OCI_STRING(json_report, bundle, "bundle", OCI_REQUIRED),
	OCI_U32(json_report, errors, "errors", OCI_ALWAYS),
	OCI_U32(json_report, warnings, "warnings", OCI_ALWAYS),
	OCI_OBJECTS(json_report, problems, "problems", OCI_ALWAYS, problem_object),
};
static const struct oci_object report_object = OCI_TABLE("report", json_report, report_fields);
/* clang-format on */

static const char *or_none(const char *s)
{
	return *s ? s : NULL;
}

static struct json_problem describe(const struct check_problem *p)
{
	const struct error *e = &p->error;

	return (struct json_problem){
		.level = p->is_warning ? "warning" : "error",
		.area = p->area,
		.msg = e->msg,
		.syscall = or_none(e->syscall),
		.code = e->code < 0 ? strerrorname_np(-e->code) : NULL,
		.path = or_none(e->path),
		.pointer = or_none(e->pointer),
		.hint = or_none(e->hint),
	};
}

static int print_json(const char *bundle, const struct check_report *report, struct error *err)
{
	cleanup_free struct json_problem *problems = xcalloc(report->n + 1, sizeof(*problems));
	struct json_report json = {
		.bundle = bundle,
		.errors = (uint32_t)report->n_errors,
		.warnings = (uint32_t)(report->n - report->n_errors),
		.problems = problems,
		.n_problems = report->n,
	};
	struct oci_error oci_err = OCI_ERROR_INIT;
	cleanup_free char *text = NULL;
	size_t len;

	for (size_t i = 0; i < report->n; i++)
		problems[i] = describe(&report->problems[i]);
	if (oci_write(&report_object, &json, OCI_WRITE_INDENT, &text, &len, &oci_err) < 0)
		return error_from_oci(err, &oci_err);
	return output_write(text, err);
}

static int print_text(const struct check_report *report, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	size_t n_warnings = report->n - report->n_errors;

	for (size_t i = 0; i < report->n; i++) {
		const struct check_problem *p = &report->problems[i];
		const struct error *e = &p->error;

		strbuf_addf(&text, "%s: %s: ", p->is_warning ? "warning" : "error", p->area);
		output_add_visible(&text, e->msg);
		if (*e->pointer && !strstr(e->msg, e->pointer))
			strbuf_addf(&text, " (config.json: %s)", e->pointer);
		strbuf_addch(&text, '\n');
		if (*e->hint) {
			strbuf_adds(&text, "  hint: ");
			output_add_visible(&text, e->hint);
			strbuf_addch(&text, '\n');
		}
	}
	if (report->n == 0)
		strbuf_adds(&text, "no problems found\n");
	else
		strbuf_addf(&text, "%zu error%s, %zu warning%s\n", report->n_errors,
			    report->n_errors == 1 ? "" : "s", n_warnings,
			    n_warnings == 1 ? "" : "s");
	return output_write(text.buf, err);
}

static int run(struct invocation *invocation, struct error *err)
{
	cleanup_check_report struct check_report report = CHECK_REPORT_INIT;
	const struct check_options *o = invocation->options;

	check_bundle(o->bundle, o->config, &report);
	invocation->exit_status = report.n_errors > 0;
	return streq(o->format, "json") ? print_json(o->bundle, &report, err)
					: print_text(&report, err);
}

const struct command command_check = {
	.name = "check",
	.arguments = "",
	.summary = "Say everything that is wrong with a bundle here",
	.description = "Reads the bundle as create would and tells all problems it has on this host "
		       "at once: in its configuration, with files, privileges, ids, controllers "
		       "and the kernel. Makes and changes nothing. Exits with 1 if a container "
		       "could not be made of it, with 0 if it could.",
	.options = options,
	.options_size = sizeof(struct check_options),
	.defaults = &defaults,
	.max_args = 0,
	.run = run,
};
