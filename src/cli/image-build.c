/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/image-build-progress.h"
#include "cli/image.h"
#include "cli/output.h"
#include "image/build.h"
#include "image/runtime-call.h"

struct build_options {
	const char *file;
	struct strvec tags;
	struct strvec build_args;
	const char *target;
	bool no_cache;
	struct strvec labels;
	const char *network;
	const char *timestamp;
	const char *iidfile;
	struct strvec secrets;
	bool keep_failed;
	const char *progress;
	bool quiet;
	const char *runtime;
	struct strvec runtime_flags;
};

static const struct build_options defaults = {
	.tags = STRVEC_INIT,
	.build_args = STRVEC_INIT,
	.labels = STRVEC_INIT,
	.network = "host",
	.secrets = STRVEC_INIT,
	.progress = "auto",
	.runtime_flags = STRVEC_INIT,
};

static const struct option_spec options[] = {
	{ "file", 'f', OPTION_STRING, offsetof(struct build_options, file), "FILE",
	  "the Containerfile, \"-\" for standard input (default: Containerfile or Dockerfile in "
	  "the context)" },
	{ "tag", 't', OPTION_LIST, offsetof(struct build_options, tags), "NAME",
	  "what to call the image; may be given several times" },
	{ "build-arg", 0, OPTION_LIST, offsetof(struct build_options, build_args), "NAME[=VALUE]",
	  "a value for ARG, our environment's if none is given; may be given several times" },
	{ "target", 0, OPTION_STRING, offsetof(struct build_options, target), "STAGE",
	  "the stage to stop at, by name or number (default: the last)" },
	{ "no-cache", 0, OPTION_FLAG, offsetof(struct build_options, no_cache), NULL,
	  "do every step, whatever was done before" },
	{ "label", 0, OPTION_LIST, offsetof(struct build_options, labels), "NAME=VALUE",
	  "a label of the image; may be given several times" },
	{ "network", 0, OPTION_CHOICE, offsetof(struct build_options, network), "host|none",
	  "the network of RUN (default: host)" },
	{ "timestamp", 0, OPTION_STRING, offsetof(struct build_options, timestamp), "SECONDS",
	  "the time of every file and of the image, since the epoch: the same input gives the same "
	  "digests" },
	{ "iidfile", 0, OPTION_STRING, offsetof(struct build_options, iidfile), "FILE",
	  "write the image's ID to FILE" },
	{ "secret", 0, OPTION_LIST, offsetof(struct build_options, secrets), "id=ID,src=FILE",
	  "a file for RUN --mount=type=secret; may be given several times" },
	{ "keep-failed", 0, OPTION_FLAG, offsetof(struct build_options, keep_failed), NULL,
	  "keep the container of a RUN that failed" },
	{ "progress", 0, OPTION_CHOICE, offsetof(struct build_options, progress),
	  "auto|plain|tty|json", "how to show what goes on (default: auto)" },
	{ "quiet", 'q', OPTION_FLAG, offsetof(struct build_options, quiet), NULL,
	  "print the image's ID alone" },
	{ "runtime", 0, OPTION_STRING, offsetof(struct build_options, runtime), "PATH",
	  "the program that runs the steps (default: dabba)" },
	{ "runtime-flag", 0, OPTION_LIST, offsetof(struct build_options, runtime_flags), "FLAG",
	  "a global option for that program; may be given several times" },
	OPTION_END,
};

static int write_iidfile(const char *path, const struct digest *id, struct error *err)
{
	int r = path ? file_replace_at(AT_FDCWD, path, id->s, strlen(id->s), 0644, err) : 0;

	return r < 0 ? error_context(err, "--iidfile %s", path) : 0;
}

static int read_timestamp(const char *text, int64_t *timestamp, struct error *err)
{
	/* What RFC 3339 can say. */
	if (!text || str_to_i64(text, 0, 253402300799, timestamp))
		return 0;
	return error_set(err, EINVAL, "--timestamp %s: not a number of seconds since the epoch",
			 text);
}

static int build(struct invocation *invocation, struct build_request *request,
		 struct error *err)
{
	const struct build_options *o = invocation->options;
	cleanup_store struct store store = STORE_INIT;
	cleanup_strbuf struct strbuf line = STRBUF_INIT;
	struct build_progress *progress;
	struct digest id;
	int r = image_open_store(invocation, &store, err);

	if (r < 0)
		return r;
	progress = build_progress_new(o->quiet ? "quiet" : o->progress);
	request->event = build_progress_event;
	request->event_ctx = progress;
	request->ticks = build_progress_ticks(progress);
	r = build_image(&store, request, &id, err);
	build_progress_free(progress);
	if (r == 0)
		r = write_iidfile(o->iidfile, &id, err);
	if (r < 0)
		return r;
	strbuf_addf(&line, "%s\n", id.s);
	return output_write(line.buf, err);
}

static int run(struct invocation *invocation, struct error *err)
{
	const struct build_options *o = invocation->options;
	cleanup_free char *runtime = runtime_resolve(o->runtime);
	int64_t timestamp = 0;
	struct build_request request = {
		.context = invocation->args[0],
		.file = o->file,
		.names = o->tags.v,
		.build_args = o->build_args.v,
		.labels = o->labels.v,
		.secrets = o->secrets.v,
		.target = o->target,
		.timestamp = o->timestamp ? &timestamp : NULL,
		.no_cache = o->no_cache,
		.no_network = streq(o->network, "none"),
		.keep_failed = o->keep_failed,
		.runtime = runtime,
		.runtime_flags = o->runtime_flags.v,
	};
	int r = read_timestamp(o->timestamp, &timestamp, err);

	return r < 0 ? r : build(invocation, &request, err);
}

const struct command command_build = {
	.name = "build",
	.arguments = "CONTEXT",
	.summary = "Build an image from a Containerfile",
	.description = "Does one instruction of the file after the other, each upon the image that "
		       "the one before left; what COPY and ADD take is in the directory CONTEXT. A "
		       "step whose instruction, files and predecessor are what they were in an "
		       "earlier build is not done again. Prints the ID of the new image.",
	.options = options,
	.options_size = sizeof(struct build_options),
	.defaults = &defaults,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
