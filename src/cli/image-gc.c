/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "cli/image.h"
#include "cli/output.h"
#include "image/catalog.h"
#include "image/collect.h"
#include "image/human.h"
#include "image/manage.h"

struct gc_options {
	bool dry_run;
	bool untagged;
};

static const struct option_spec options[] = {
	{ "dry-run", 'n', OPTION_FLAG, offsetof(struct gc_options, dry_run), NULL,
	  "remove nothing, say what would go" },
	{ "untagged", 0, OPTION_FLAG, offsetof(struct gc_options, untagged), NULL,
	  "also images without a name that no container uses" },
	OPTION_END,
};

/* One in use stays. */
static int remove_untagged(struct store *store, bool dry_run, struct strbuf *text,
			   struct error *err)
{
	cleanup_image_list struct image_list list = { .n = 0 };
	int r = image_list_load(store, &list, err);

	for (size_t i = 0; r == 0 && i < list.n; i++) {
		struct error why = ERROR_INIT;

		if (!streq(list.rows[i].tag, "<none>"))
			continue;
		if (dry_run)
			strbuf_addf(text, "image %s\n", list.rows[i].id.s);
		else if (image_remove(store, list.rows[i].manifest.s, false, text, &why) < 0)
			log_info("%s", why.msg);
	}
	return r;
}

static void describe(const struct garbage *garbage, bool dry_run, struct strbuf *text)
{
	uint64_t bytes = garbage->blobs.garbage_bytes + garbage->layers.garbage_bytes;

	for (size_t i = 0; i < garbage->digests.n; i++)
		strbuf_addf(text, "%s %s\n", i < garbage->layers.n_garbage ? "layer" : "blob",
			    garbage->digests.v[i]);
	strbuf_addf(text, "%s %zu blobs and %zu layers, %s\n",
		    dry_run ? "Would remove" : "Removed", garbage->blobs.n_garbage,
		    garbage->layers.n_garbage, human_size(bytes).s);
}

static int run(struct invocation *invocation, struct error *err)
{
	const struct gc_options *o = invocation->options;
	cleanup_store struct store store = STORE_INIT;
	cleanup_garbage struct garbage garbage = GARBAGE_INIT;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	bool busy = false;
	int r = image_open_store(invocation, &store, err);

	if (r == 0 && o->untagged)
		r = remove_untagged(&store, o->dry_run, &text, err);
	if (r == 0)
		r = o->dry_run ? store_find_garbage(&store, &garbage, err)
			       : store_collect(&store, &garbage, &busy, err);
	if (r < 0)
		return r;
	if (busy) {
		(void)error_set(err, EBUSY, "the store %s is in use", store.path);
		return error_hint(err, "try again when no import, export or commit is at work");
	}
	describe(&garbage, o->dry_run, &text);
	return output_write(text.buf, err);
}

const struct command command_gc = {
	.name = "gc",
	.arguments = "",
	.summary = "Remove blobs and layers that nothing needs",
	.description = "Images and containers need what they are made of. \"rmi\" and a failed "
		       "import collect garbage themselves; this is for what a killed one left.",
	.options = options,
	.options_size = sizeof(struct gc_options),
	.run = run,
};
