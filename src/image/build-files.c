/* SPDX-License-Identifier: Apache-2.0 */
/* The steps COPY, ADD and WORKDIR. */
#include "image/build-stage.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "image/build-copy.h"
#include "image/build-layer.h"
#include "image/bundle-user.h"
#include "image/document.h"
#include "image/words.h"

struct files_step {
	struct build_stage *stage;
	const struct instruction *in;
	struct source_root root;
	/* The mount or directory that root.fd is, when it is ours. */
	int view_fd;
	struct strvec patterns;
	struct source_list sources;
	struct heredoc *documents;
	size_t n_documents;
	const char *destination;
	const char *chown;
	int mode;
	bool keep_owner;
	struct error *err;
};

/* --- what is asked for ------------------------------------------------------------- */

static int check_flags(struct files_step *step)
{
	static const char *const known[] = { "--chown=", "--chmod=", "--from=", "--link" };

	for (size_t i = 0; i < step->in->n_flags; i++) {
		const char *flag = step->in->flags[i];
		bool found = false;

		for (size_t k = 0; k < ARRAY_SIZE(known); k++)
			found |= str_skip_prefix(flag, known[k]) != NULL &&
				 !(step->in->kind == INSTRUCTION_ADD && streq(known[k], "--from="));
		if (!found) {
			(void)error_set(step->err, EINVAL, "the flag %s is not known", flag);
			return error_hint(step->err, step->in->kind == INSTRUCTION_ADD
							     ? "--chown, --chmod and --link are"
							     : "--from, --chown, --chmod and --link are");
		}
	}
	return 0;
}

static int read_flags(struct files_step *step)
{
	const char *chown = build_flag(step->in, "chown"), *chmod = build_flag(step->in, "chmod");
	char *end;
	long mode;
	int r = check_flags(step);

	step->mode = -1;
	if (r < 0)
		return r;
	step->chown = chown ? build_expand(step->stage, chown, step->err) : "";
	if (!step->chown)
		return step->err->code;
	chmod = chmod ? build_expand(step->stage, chmod, step->err) : "";
	if (!chmod)
		return step->err->code;
	if (!*chmod)
		return 0;
	mode = strtol(chmod, &end, 8);
	if (*end || mode < 0 || mode > 07777) {
		(void)error_set(step->err, EINVAL, "--chmod=%s is no mode", chmod);
		return error_hint(step->err, "four octal digits at most, such as 0644");
	}
	step->mode = (int)mode;
	return 0;
}

static bool is_url(const char *text)
{
	static const char *const schemes[] = { "http://", "https://", "ftp://", "git://", "git@" };

	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		if (str_skip_prefix(text, schemes[i]))
			return true;
	return false;
}

static bool is_document(const struct files_step *step, const char *word)
{
	return !step->in->is_json && step->in->n_heredocs > 0 && str_skip_prefix(word, "<<");
}

static int add_word(struct files_step *step, const char *word)
{
	const char *text;

	if (is_document(step, word))
		return 0;
	text = build_expand(step->stage, word, step->err);
	if (!text)
		return step->err->code;
	if (is_url(text)) {
		(void)error_set(step->err, EOPNOTSUPP, "\"%s\" is not fetched: a build uses no "
				"files but those of its context and of images", text);
		return error_hint(step->err, "put the file into the context, or fetch it in a RUN");
	}
	strvec_push(&step->patterns, text);
	return 0;
}

/* The last word is the destination. */
static int read_words(struct files_step *step)
{
	cleanup_strvec struct strvec words = STRVEC_INIT;
	size_t n = step->in->n_heredocs;
	int r = 0;

	if (step->in->is_json)
		for (size_t i = 0; i < step->in->n_words; i++)
			strvec_push(&words, step->in->words[i]);
	else
		r = words_split_by(step->in->rest, step->stage->file->escape, &words, step->err);
	for (size_t i = 0; r == 0 && i < words.n; i++)
		r = add_word(step, words.v[i]);
	if (r < 0)
		return r;
	if (step->patterns.n + n < 2 || step->patterns.n == 0)
		return error_set(step->err, EINVAL, "\"%s\": expected a source and a destination",
				 step->in->rest);
	step->patterns.n--;
	step->destination = build_path(step->stage, step->patterns.v[step->patterns.n]);
	free(step->patterns.v[step->patterns.n]);
	step->patterns.v[step->patterns.n] = NULL;
	if (step->patterns.n + n > 1 && !str_has_suffix(step->destination, "/")) {
		(void)error_set(step->err, EINVAL, "several sources, and \"%s\" is no directory",
				step->destination);
		return error_hint(step->err, "end it with \"/\"");
	}
	return 0;
}

static int expand_documents(struct files_step *step)
{
	const struct instruction *in = step->in;

	step->n_documents = in->n_heredocs;
	step->documents = document_alloc(&step->stage->arena,
					 (in->n_heredocs + 1) * sizeof(*step->documents));
	for (size_t i = 0; i < in->n_heredocs; i++) {
		step->documents[i] = in->heredocs[i];
		if (!in->heredocs[i].expand)
			continue;
		step->documents[i].content =
			build_expand_text(step->stage, in->heredocs[i].content, step->err);
		if (!step->documents[i].content)
			return step->err->code;
	}
	return 0;
}

/* --- where it comes from ----------------------------------------------------------- */

static int open_root(struct files_step *step)
{
	struct build_stage *stage = step->stage;
	const char *from = build_flag(step->in, "from");

	if (!from) {
		step->root = (struct source_root){
			.fd = stage->context_fd, .what = "the context",
			.ignore = stage->ignore, .digests = &stage->digests,
		};
		return 0;
	}
	from = build_expand(stage, from, step->err);
	if (!from)
		return step->err->code;
	step->view_fd = build_open_from(stage, from, step->err);
	if (step->view_fd < 0)
		return error_context(step->err, "--from=%s", from);
	step->root = (struct source_root){
		.fd = step->view_fd,
		.what = document_strdup(&stage->arena, from),
	};
	step->keep_owner = true;
	return 0;
}

/* --- the key and the work ---------------------------------------------------------- */

/* "file:DIGEST" as the history has it, and everything that the result depends on. */
static int digest_sources(struct files_step *step, struct digest *key, struct digest *content)
{
	cleanup_free char *mode = xasprintf("%d", step->mode);
	struct hasher hasher;
	int r = 0;

	hasher_open(&hasher, NULL);
	for (size_t i = 0; r == 0 && i < step->sources.n; i++) {
		const struct source *source = &step->sources.v[i];
		const char *slash = strrchr(source->path, '/');

		/* A file keeps its name, a directory does not. */
		if (!S_ISDIR(source->entries[0].st.st_mode))
			build_key_add(&hasher, slash ? slash + 1 : source->path);
		r = source_digest(&step->root, source, step->keep_owner, &hasher, step->err);
	}
	for (size_t i = 0; i < step->n_documents; i++) {
		build_key_add(&hasher, step->documents[i].name);
		build_key_add(&hasher, step->documents[i].content);
	}
	hasher_finish(&hasher, content);
	build_key_begin(&hasher, step->stage, instruction_name(step->in->kind));
	build_key_add(&hasher, build_state_chain(&step->stage->state));
	build_key_add(&hasher, content->s);
	build_key_add(&hasher, step->destination);
	build_key_add(&hasher, step->chown);
	build_key_add(&hasher, mode);
	hasher_finish(&hasher, key);
	return r;
}

static const char *created_by(struct files_step *step, const struct digest *content)
{
	const char *what = "multi";
	cleanup_free char *text = NULL;

	if (step->sources.n + step->n_documents == 1)
		what = step->n_documents || !S_ISDIR(step->sources.v[0].entries[0].st.st_mode)
			       ? "file" : "dir";
	text = xasprintf("/bin/sh -c #(nop) %s %s:%s in %s ", instruction_name(step->in->kind), what,
			 digest_hex(content), step->destination);
	return document_strdup(&step->stage->arena, text);
}

/* A user alone is the group of the same name too: docker's rule for --chown. */
static int find_owner(struct files_step *step, int root_fd, struct build_copy *copy)
{
	cleanup_free char *text = NULL;
	struct oci_user user;
	const char *home;
	int r;

	if (!*step->chown)
		return 0;
	text = strchr(step->chown, ':') ? xstrdup(step->chown)
					: xasprintf("%s:%s", step->chown, step->chown);
	r = bundle_find_user(root_fd, text, &step->stage->arena, &user, &home, step->err);
	if (r < 0)
		return error_context(step->err, "--chown=%s", step->chown);
	copy->keep_owner = false;
	copy->chown = true;
	copy->uid = user.uid;
	copy->gid = user.gid;
	return 0;
}

static int copy_files(struct files_step *step, struct build_record *record)
{
	struct build_stage *stage = step->stage;
	cleanup_build_layer struct build_layer layer = BUILD_LAYER_INIT;
	struct build_copy copy = {
		.root = &step->root,
		.sources = &step->sources,
		.documents = step->documents,
		.n_documents = step->n_documents,
		.destination = step->destination,
		.unpack = step->in->kind == INSTRUCTION_ADD,
		.keep_owner = step->keep_owner,
		.mode = step->mode,
	};
	int r = build_layer_open(&layer, stage, step->err);

	if (r == 0)
		r = find_owner(step, layer.root_fd, &copy);
	if (r == 0)
		r = build_copy(layer.root_fd, &copy, step->err);
	if (r == 0)
		r = build_layer_finish(&layer, stage, record, step->err);
	return r;
}

static int do_files(struct files_step *step)
{
	struct build_record record = { 0 };
	struct digest key, content;
	int r = read_flags(step);

	if (r == 0)
		r = read_words(step);
	if (r == 0)
		r = expand_documents(step);
	if (r == 0)
		r = open_root(step);
	for (size_t i = 0; r == 0 && i < step->patterns.n; i++)
		r = source_find(&step->root, step->patterns.v[i], &step->sources, step->err);
	if (r == 0)
		r = digest_sources(step, &key, &content);
	if (r < 0)
		return r;
	if (step->sources.n > 1 && !str_has_suffix(step->destination, "/"))
		return error_set(step->err, EINVAL, "%zu files match, and \"%s\" is no directory",
				 step->sources.n, step->destination);
	record.created_by = created_by(step, &content);
	if (build_step_cached(step->stage, &key)) {
		build_stage_tell(step->stage, BUILD_CACHED, "%s", "");
		return 0;
	}
	r = copy_files(step, &record);
	if (r == 0)
		build_step_done(step->stage, &key, &record);
	return r;
}

int build_step_copy(struct build_stage *stage, const struct instruction *in, struct error *err)
{
	struct files_step step = {
		.stage = stage, .in = in, .view_fd = -EBADF, .patterns = STRVEC_INIT, .err = err,
	};
	int r = do_files(&step);

	strvec_release(&step.patterns);
	source_list_release(&step.sources);
	fd_close(&step.view_fd);
	return r;
}

/* --- WORKDIR ----------------------------------------------------------------------- */

static int make_workdir(struct build_stage *stage, const char *path, struct build_record *record,
			struct error *err)
{
	cleanup_build_layer struct build_layer layer = BUILD_LAYER_INIT;
	cleanup_close int fd = -EBADF;
	int r = build_layer_open(&layer, stage, err);
	mode_t old_umask;

	if (r < 0)
		return r;
	fd = path_try_open(layer.root_fd, path, PATH_IN_ROOT, O_PATH | O_DIRECTORY, 0);
	if (fd >= 0)
		return 0;
	old_umask = umask(0022);
	fd = path_make_dir(layer.root_fd, path, 0755, err);
	(void)umask(old_umask);
	if (fd < 0)
		return fd;
	return build_layer_finish(&layer, stage, record, err);
}

int build_step_workdir(struct build_stage *stage, const struct instruction *in,
		       struct error *err)
{
	const char *text = build_expand(stage, in->rest, err), *path;
	cleanup_free char *created_by = NULL;
	struct build_record record = { 0 };
	struct hasher hasher;
	struct digest key;
	int r;

	if (!text)
		return err->code;
	path = build_path(stage, text);
	if (path[1] && str_has_suffix(path, "/"))
		path = oci_arena_strndup(&stage->arena, path, strlen(path) - 1);
	stage->state.run.working_dir = path;
	created_by = xasprintf("/bin/sh -c #(nop) WORKDIR %s", path);
	record.created_by = document_strdup(&stage->arena, created_by);
	build_key_begin(&hasher, stage, created_by);
	build_key_add(&hasher, build_state_chain(&stage->state));
	hasher_finish(&hasher, &key);
	if (build_step_cached(stage, &key)) {
		build_stage_tell(stage, BUILD_CACHED, "%s", "");
		return 0;
	}
	r = make_workdir(stage, path, &record, err);
	if (r == 0)
		build_step_done(stage, &key, &record);
	return r;
}
