/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/image.h"
#include "cli/output.h"
#include "image/verify.h"

struct verify_options {
	bool repair;
};

static const struct option_spec options[] = {
	{ "repair", 0, OPTION_FLAG, offsetof(struct verify_options, repair), NULL,
	  "unpack damaged trees again, and remove damaged blobs for an import to bring back" },
	OPTION_END,
};

static int print_report(const struct verify_report *report, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < report->problems.n; i++)
		strbuf_addf(&text, "%s\n", report->problems.v[i]);
	for (size_t i = 0; i < report->repairs.n; i++)
		strbuf_addf(&text, "%s\n", report->repairs.v[i]);
	if (report->problems.n == 0)
		strbuf_addf(&text, "%zu blobs, %zu images, %zu layers, %zu unpacked: all right\n",
			    report->n_blobs, report->n_images, report->n_layers,
			    report->n_trees);
	return output_write(text.buf, err);
}

static int run(struct invocation *invocation, struct error *err)
{
	const struct verify_options *o = invocation->options;
	cleanup_store struct store store = STORE_INIT;
	cleanup_verify_report struct verify_report report = VERIFY_REPORT_INIT;
	int r = image_open_store(invocation, &store, err);

	if (r == 0)
		r = store_verify(&store, o->repair, &report, err);
	if (r == 0)
		r = print_report(&report, err);
	if (r < 0 || report.problems.n == 0)
		return r;
	(void)error_set(err, EBADMSG, "the store %s has %zu problem%s", store.path,
			report.problems.n, report.problems.n == 1 ? "" : "s");
	if (!o->repair)
		return error_hint(err, "--repair mends what it can");
	return report.repairs.n < report.problems.n || report.repairs.n == 0
		       ? error_hint(err, "import the image again")
		       : error_hint(err, "run verify again to see what is left");
}

const struct command command_verify = {
	.name = "verify",
	.arguments = "",
	.summary = "Check every blob, image and unpacked layer of the store",
	.description = "Prints a line for each thing that is not what its name promises, and fails "
		       "if there is one. Reads everything.",
	.options = options,
	.options_size = sizeof(struct verify_options),
	.run = run,
};
