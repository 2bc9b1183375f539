/* SPDX-License-Identifier: Apache-2.0 */
#include "image/containerfile.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "image/document.h"
#include "image/list.h"
#include "image/words.h"

static const char *const names[] = {
	[INSTRUCTION_ADD] = "ADD",
	[INSTRUCTION_ARG] = "ARG",
	[INSTRUCTION_CMD] = "CMD",
	[INSTRUCTION_COPY] = "COPY",
	[INSTRUCTION_ENTRYPOINT] = "ENTRYPOINT",
	[INSTRUCTION_ENV] = "ENV",
	[INSTRUCTION_EXPOSE] = "EXPOSE",
	[INSTRUCTION_FROM] = "FROM",
	[INSTRUCTION_HEALTHCHECK] = "HEALTHCHECK",
	[INSTRUCTION_LABEL] = "LABEL",
	[INSTRUCTION_MAINTAINER] = "MAINTAINER",
	[INSTRUCTION_ONBUILD] = "ONBUILD",
	[INSTRUCTION_RUN] = "RUN",
	[INSTRUCTION_SHELL] = "SHELL",
	[INSTRUCTION_STOPSIGNAL] = "STOPSIGNAL",
	[INSTRUCTION_USER] = "USER",
	[INSTRUCTION_VOLUME] = "VOLUME",
	[INSTRUCTION_WORKDIR] = "WORKDIR",
};

const char *instruction_name(enum instruction_kind kind)
{
	return names[kind];
}

struct parser {
	struct oci_arena *arena;
	struct containerfile *out;
	/* What is not yet read, and the number of the line it starts with. */
	const char *p, *end;
	size_t line;
	struct error *err;
};

static int fail(struct parser *parser, size_t line, const char *what)
{
	(void)error_set(parser->err, EINVAL, "%s:%zu: %s", parser->out->file, line, what);
	return parser->err->code;
}

/* --- lines ------------------------------------------------------------------------- */

/* One line without its end; false behind the last one. */
static bool next_line(struct parser *parser, struct strbuf *line)
{
	const char *end;

	strbuf_reset(line);
	if (parser->p == parser->end)
		return false;
	end = memchr(parser->p, '\n', (size_t)(parser->end - parser->p));
	if (!end)
		end = parser->end;
	strbuf_add(line, parser->p, (size_t)(end - parser->p));
	if (line->len > 0 && line->buf[line->len - 1] == '\r')
		line->buf[--line->len] = '\0';
	parser->p = end == parser->end ? end : end + 1;
	parser->line++;
	return true;
}

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

static void trim_end(struct strbuf *sb)
{
	while (sb->len > 0 && strchr(" \t", sb->buf[sb->len - 1]))
		sb->buf[--sb->len] = '\0';
}

/* Takes an escape at the end of LINE away, blanks behind it too: the next line goes on. */
static bool take_continuation(struct strbuf *line, char escape)
{
	size_t len = line->len;

	while (len > 0 && strchr(" \t", line->buf[len - 1]))
		len--;
	if (len == 0 || line->buf[len - 1] != escape)
		return false;
	line->len = len - 1;
	line->buf[line->len] = '\0';
	return true;
}

/* "# escape=`": false when LINE is none, and so ends them. */
static bool directive(struct parser *parser, const char *line, int *r)
{
	const char *name = skip_blanks(line), *value;
	size_t len = 0;

	*r = 0;
	if (*name++ != '#')
		return false;
	name = skip_blanks(name);
	while (isalnum((unsigned char)name[len]))
		len++;
	value = skip_blanks(name + len);
	if (len == 0 || *value++ != '=')
		return false;
	value = skip_blanks(value);
	if (len != strlen("escape") || strncasecmp(name, "escape", len) != 0)
		return (len == strlen("syntax") && strncasecmp(name, "syntax", len) == 0) ||
		       (len == strlen("check") && strncasecmp(name, "check", len) == 0);
	if ((value[0] != '\\' && value[0] != '`') || *skip_blanks(value + 1) != '\0')
		*r = fail(parser, parser->line, "the escape character is \"\\\" or \"`\"");
	parser->out->escape = value[0];
	return true;
}

static int read_directives(struct parser *parser)
{
	cleanup_strbuf struct strbuf line = STRBUF_INIT;

	for (;;) {
		struct parser before = *parser;
		int r;

		if (!next_line(parser, &line))
			return 0;
		if (!directive(parser, line.buf, &r)) {
			*parser = before;
			return 0;
		}
		if (r < 0)
			return r;
	}
}

/*
 * Appends the lines that make one instruction; false behind the last.
 * Comments and empty lines between continued ones are left out.
 */
static bool logical_line(struct parser *parser, struct strbuf *text, size_t *first)
{
	cleanup_strbuf struct strbuf line = STRBUF_INIT;
	bool goes_on = false;

	strbuf_reset(text);
	while (next_line(parser, &line)) {
		const char *start = skip_blanks(line.buf);

		if (*start == '\0' || *start == '#')
			continue;
		if (!goes_on)
			*first = parser->line;
		goes_on = take_continuation(&line, parser->out->escape);
		strbuf_adds(text, text->len ? line.buf : skip_blanks(line.buf));
		if (!goes_on)
			break;
	}
	trim_end(text);
	return text->len > 0;
}

/* --- here-documents ---------------------------------------------------------------- */

/* "<<WORD", "<<-WORD", also behind a file descriptor's number: true, *MARK behind "<<". */
static bool is_heredoc(const char *word, const char **mark)
{
	while (isdigit((unsigned char)*word))
		word++;
	*mark = str_skip_prefix(word, "<<");
	return *mark && **mark != '<' && **mark != '\0' && strcmp(*mark, "-") != 0;
}

static int read_heredoc(struct parser *parser, const char *mark, struct heredoc *doc)
{
	bool strip = *mark == '-';
	size_t first = parser->line;
	cleanup_strbuf struct strbuf name = STRBUF_INIT, line = STRBUF_INIT, content = STRBUF_INIT;
	int r;

	mark += strip;
	doc->expand = !strpbrk(mark, "'\"\\");
	r = words_expand_by(mark, parser->out->escape, NULL, &name, parser->err);
	if (r < 0)
		return r;
	doc->name = document_strdup(parser->arena, name.buf);
	while (next_line(parser, &line)) {
		const char *text = line.buf + (strip ? strspn(line.buf, "\t") : 0);

		if (streq(text, doc->name)) {
			doc->content = document_strdup(parser->arena, content.buf);
			return 0;
		}
		strbuf_addf(&content, "%s\n", text);
	}
	(void)error_set(parser->err, EINVAL, "%s:%zu: the here-document \"%s\" has no end",
			parser->out->file, first, doc->name);
	return error_hint(parser->err, "a line with %s alone ends it", doc->name);
}

static bool takes_heredocs(const struct instruction *in)
{
	return !in->is_json && (in->kind == INSTRUCTION_RUN || in->kind == INSTRUCTION_COPY ||
				in->kind == INSTRUCTION_ADD);
}

static int read_heredocs(struct parser *parser, struct instruction *in)
{
	cleanup_strvec struct strvec words = STRVEC_INIT;
	struct error ignored = ERROR_INIT;
	int r = 0;

	/* A shell's own quoting may be anything: what is no list of words has no documents. */
	if (!takes_heredocs(in) ||
	    words_split_by(in->rest, parser->out->escape, &words, &ignored) < 0)
		return 0;
	in->heredocs = document_alloc(parser->arena, (words.n + 1) * sizeof(*in->heredocs));
	for (size_t i = 0; r == 0 && i < words.n; i++) {
		const char *mark;

		if (is_heredoc(words.v[i], &mark))
			r = read_heredoc(parser, mark, &in->heredocs[in->n_heredocs++]);
	}
	return r;
}

/* --- one instruction --------------------------------------------------------------- */

static enum instruction_kind kind_of(const char *name, size_t len)
{
	for (size_t i = 1; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i]) == len && strncasecmp(names[i], name, len) == 0)
			return (enum instruction_kind)i;
	return 0;
}

/* HEALTHCHECK's are looked at with the rest of it. */
static void take_flags(struct parser *parser, struct instruction *in)
{
	const char *p = in->text;

	while (in->kind != INSTRUCTION_HEALTHCHECK && str_skip_prefix(p, "--")) {
		size_t len = strcspn(p, " \t");
		cleanup_free char *flag = xstrndup(p, len);

		p = skip_blanks(p + len);
		if (len == 2)
			break;
		list_add(parser->arena, &in->flags, &in->n_flags, flag);
	}
	in->rest = p;
}

static bool takes_json(enum instruction_kind kind)
{
	return kind == INSTRUCTION_ADD || kind == INSTRUCTION_COPY || kind == INSTRUCTION_CMD ||
	       kind == INSTRUCTION_ENTRYPOINT || kind == INSTRUCTION_RUN ||
	       kind == INSTRUCTION_SHELL || kind == INSTRUCTION_VOLUME;
}

static int parse_instruction(struct parser *parser, const char *text, size_t line,
			     struct instruction *in)
{
	size_t len = strcspn(text, " \t");
	struct list words;

	*in = (struct instruction){ .kind = kind_of(text, len), .line = line };
	if (!in->kind) {
		(void)error_set(parser->err, EINVAL, "%s:%zu: unknown instruction \"%.*s\"",
				parser->out->file, line, (int)len, text);
		return error_hint(parser->err, "an instruction is one of ADD, ARG, CMD, COPY, "
				  "ENTRYPOINT, ENV, EXPOSE, FROM, HEALTHCHECK, LABEL, ONBUILD, "
				  "RUN, SHELL, STOPSIGNAL, USER, VOLUME, WORKDIR");
	}
	in->text = document_strdup(parser->arena, skip_blanks(text + len));
	take_flags(parser, in);
	if (*in->rest == '\0') {
		(void)error_set(parser->err, EINVAL, "%s:%zu: %s needs an argument",
				parser->out->file, line, names[in->kind]);
		return parser->err->code;
	}
	if (takes_json(in->kind) && list_from_json(parser->arena, in->rest, &words)) {
		in->is_json = true;
		in->words = words.v;
		in->n_words = words.n_v;
	}
	return read_heredocs(parser, in);
}

/* --- stages ------------------------------------------------------------------------ */

static bool is_stage_name(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.-");

	return islower((unsigned char)name[0]) && name[n] == '\0';
}

static int name_stage(struct parser *parser, const char *word, struct stage *stage)
{
	char *name = document_strdup(parser->arena, word);

	for (char *p = name; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	if (!is_stage_name(name)) {
		(void)error_set(parser->err, EINVAL, "%s:%zu: \"%s\" is no name for a stage",
				parser->out->file, stage->line, word);
		return error_hint(parser->err, "letters, digits, \"_\", \".\" and \"-\", starting "
				  "with a letter");
	}
	for (size_t i = 0; i < parser->out->n_stages; i++)
		if (parser->out->stages[i].name && streq(parser->out->stages[i].name, name))
			return error_set(parser->err, EINVAL, "%s:%zu: line %zu has a stage %s "
					 "already", parser->out->file, stage->line,
					 parser->out->stages[i].line, name);
	stage->name = name;
	return 0;
}

/* FROM [--platform=P] IMAGE [AS NAME] */
static int begin_stage(struct parser *parser, const struct instruction *from,
		       struct stage *stage)
{
	cleanup_strvec struct strvec words = STRVEC_INIT;
	int r = words_split_by(from->rest, parser->out->escape, &words, parser->err);

	*stage = (struct stage){ .line = from->line };
	if (r < 0)
		return error_context(parser->err, "%s:%zu", parser->out->file, from->line);
	for (size_t i = 0; i < from->n_flags; i++) {
		stage->platform = str_skip_prefix(from->flags[i], "--platform=");
		if (!stage->platform)
			return error_set(parser->err, EINVAL, "%s:%zu: FROM has no flag %s",
					 parser->out->file, from->line, from->flags[i]);
	}
	if (words.n != 1 && (words.n != 3 || strcasecmp(words.v[1], "AS") != 0)) {
		(void)error_set(parser->err, EINVAL, "%s:%zu: FROM %s: expected an image, or an "
				"image AS a name", parser->out->file, from->line, from->rest);
		return parser->err->code;
	}
	stage->base = document_strdup(parser->arena, words.v[0]);
	return words.n == 3 ? name_stage(parser, words.v[2], stage) : 0;
}

static void add_instruction(struct parser *parser, struct instruction **v, size_t *n,
			    const struct instruction *in)
{
	/* Room is doubled: at each power of two. */
	if ((*n & (*n - 1)) == 0) {
		struct instruction *more =
			document_alloc(parser->arena, (*n ? *n * 2 : 1) * sizeof(*more));

		for (size_t i = 0; i < *n; i++)
			more[i] = (*v)[i];
		*v = more;
	}
	(*v)[(*n)++] = *in;
}

static int add_stage(struct parser *parser, const struct instruction *from)
{
	struct containerfile *out = parser->out;
	struct stage stage, *more;
	int r = begin_stage(parser, from, &stage);

	if (r < 0)
		return r;
	more = document_alloc(parser->arena, (out->n_stages + 1) * sizeof(*more));
	for (size_t i = 0; i < out->n_stages; i++)
		more[i] = out->stages[i];
	more[out->n_stages++] = stage;
	out->stages = more;
	return 0;
}

static int place(struct parser *parser, const struct instruction *in)
{
	struct containerfile *out = parser->out;
	struct stage *stage;

	if (in->kind == INSTRUCTION_FROM)
		return add_stage(parser, in);
	if (out->n_stages == 0) {
		if (in->kind != INSTRUCTION_ARG)
			return fail(parser, in->line, "only ARG may stand before the first FROM");
		add_instruction(parser, &out->args, &out->n_args, in);
		return 0;
	}
	stage = &out->stages[out->n_stages - 1];
	add_instruction(parser, &stage->instructions, &stage->n_instructions, in);
	return 0;
}

int containerfile_parse(struct oci_arena *arena, const char *file, const char *text, size_t len,
			struct containerfile *out, struct error *err)
{
	static const char byte_order_mark[] = "\xef\xbb\xbf";
	struct parser parser = {
		.arena = arena, .out = out, .p = text, .end = text + len, .err = err,
	};
	cleanup_strbuf struct strbuf line = STRBUF_INIT;
	size_t first = 0;
	int r;

	*out = (struct containerfile){ .file = file, .escape = '\\' };
	if (memchr(text, '\0', len))
		return error_set(err, EINVAL, "%s has a NUL byte: it is no text", file);
	if (len >= 3 && memcmp(text, byte_order_mark, 3) == 0)
		parser.p += 3;
	r = read_directives(&parser);
	while (r == 0 && logical_line(&parser, &line, &first)) {
		struct instruction in;

		r = parse_instruction(&parser, line.buf, first, &in);
		if (r == 0)
			r = place(&parser, &in);
	}
	if (r == 0 && out->n_stages == 0)
		return error_set(err, EINVAL, "%s has no FROM", file);
	return r;
}

int containerfile_parse_trigger(struct oci_arena *arena, const struct containerfile *file,
				const char *text, size_t line, struct instruction *out,
				struct error *err)
{
	struct containerfile part = { .file = file->file, .escape = file->escape };
	const char *rest = strchr(text, '\n');
	struct parser parser = {
		.arena = arena,
		.out = &part,
		/* The content of here-documents. */
		.p = rest ? rest + 1 : "",
		.line = line,
		.err = err,
	};
	cleanup_free char *first = xstrndup(text, strcspn(text, "\n"));
	int r;

	parser.end = parser.p + strlen(parser.p);
	r = parse_instruction(&parser, first, line, out);
	if (r < 0)
		return error_context(err, "trigger \"%s\" of the base image", first);
	if (out->kind == INSTRUCTION_FROM || out->kind == INSTRUCTION_ONBUILD ||
	    out->kind == INSTRUCTION_MAINTAINER)
		return error_set(err, EINVAL, "%s:%zu: %s cannot be a trigger of the base image",
				 file->file, line, names[out->kind]);
	return 0;
}
