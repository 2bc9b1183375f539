/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/image-progress.h"
#include "cli/image.h"
#include "cli/output.h"
#include "image/commit.h"

struct commit_options {
	const char *message;
	const char *author;
	struct strvec changes;
	const char *compress;
	const char *level;
	bool bundle;
	bool stopped;
	bool no_pause;
	const char *progress;
};

static const struct commit_options defaults = { .changes = STRVEC_INIT, .compress = "gzip" };

static const struct option_spec options[] = {
	{ "message", 'm', OPTION_STRING, offsetof(struct commit_options, message), "MESSAGE",
	  "what was done, for the history" },
	{ "author", 'a', OPTION_STRING, offsetof(struct commit_options, author), "AUTHOR",
	  "who did it" },
	{ "change", 'c', OPTION_LIST, offsetof(struct commit_options, changes), "CHANGE",
	  "a Containerfile's CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, "
	  "STOPSIGNAL, USER, VOLUME or WORKDIR; may be given several times" },
	{ "compress", 0, OPTION_CHOICE, offsetof(struct commit_options, compress),
	  "gzip|zstd|none", "how the new layer is compressed (default: gzip)" },
	{ "level", 0, OPTION_STRING, offsetof(struct commit_options, level), "N",
	  "how hard to compress: gzip 0 to 3 (to 9 without isa-l), zstd 1 to 19" },
	{ "bundle", 'b', OPTION_FLAG, offsetof(struct commit_options, bundle), NULL,
	  "CONTAINER is the directory of a bundle that \"unpack\" made" },
	{ "stopped", 0, OPTION_FLAG, offsetof(struct commit_options, stopped), NULL,
	  "refuse a container that runs" },
	{ "no-pause", 0, OPTION_FLAG, offsetof(struct commit_options, no_pause), NULL,
	  "let a running container run on meanwhile" },
	PROGRESS_OPTION(struct commit_options),
	OPTION_END,
};

static int choose_compression(const struct commit_options *o, struct commit_request *request,
			      struct error *err)
{
	int64_t level;

	request->level = -1;
	if (!compression_from_name(o->compress, &request->compression))
		return error_set(err, EINVAL, "--compress %s", o->compress);
	if (o->level && !str_to_i64(o->level, 0, 22, &level))
		return error_set(err, EINVAL, "--level %s: not a level", o->level);
	if (o->level)
		request->level = (int)level;
	return 0;
}

static int commit(struct store *store, const struct commit_options *o, const char *name,
		  const struct commit_request *request, struct digest *id, struct error *err)
{
	cleanup_container struct container c = CONTAINER_INIT;
	int r;

	if (o->bundle)
		return commit_bundle(store, name, request, id, err);
	r = container_open(store, name, &c, err);
	return r < 0 ? r : commit_container(&c, request, id, err);
}

static int run(struct invocation *invocation, struct error *err)
{
	const struct commit_options *o = invocation->options;
	struct commit_request request = {
		.name = invocation->n_args > 1 ? invocation->args[1] : NULL,
		.message = o->message,
		.author = o->author,
		.changes = o->changes.v,
		.stopped = o->stopped,
		.pause = !o->no_pause,
	};
	cleanup_store struct store store = STORE_INIT;
	cleanup_strbuf struct strbuf line = STRBUF_INIT;
	struct digest id;
	int r = choose_compression(o, &request, err);

	progress_show(o->progress);
	if (r == 0)
		r = image_open_store(invocation, &store, err);
	if (r == 0)
		r = commit(&store, o, invocation->args[0], &request, &id, err);
	progress_hide();
	if (r < 0)
		return r;
	strbuf_addf(&line, "%s\n", id.s);
	return output_write(line.buf, err);
}

const struct command command_commit = {
	.name = "commit",
	.arguments = "CONTAINER [IMAGE]",
	.summary = "Make an image of what a container changed",
	.description = "One layer with the difference alone is put upon those of the container's "
		       "image. The container may run, and is paused meanwhile, or may have ended. "
		       "Volumes are not part of it. Prints the ID of the new image.",
	.options = options,
	.options_size = sizeof(struct commit_options),
	.defaults = &defaults,
	.min_args = 1,
	.max_args = 2,
	.run = run,
};
