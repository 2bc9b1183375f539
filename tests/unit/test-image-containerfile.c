/* SPDX-License-Identifier: Apache-2.0 */
/* Containerfiles as text: words, variables, instructions, here-documents, patterns. */
#include "tests/unit/tap.h"

#include "base/mem.h"
#include "base/str.h"
#include "image/containerfile.h"
#include "image/ignore.h"
#include "image/words.h"

/* --- variables --------------------------------------------------------------------- */

static char *env[] = { "A=1", "EMPTY=", "PATH=/bin", "B=two words", NULL };

static const struct {
	const char *word, *want;
	char escape;
} expansions[] = {
	{ "$A${A}x", "11x", '\\' },
	{ "${NO}", "", '\\' },
	{ "${NO:-d}", "d", '\\' },
	{ "${EMPTY:-d}", "d", '\\' },
	{ "${EMPTY-d}", "", '\\' },
	{ "${NO-d}", "d", '\\' },
	{ "${A:+yes}${NO:+no}${EMPTY+set}", "yesset", '\\' },
	{ "${NO:-${A}}", "1", '\\' },
	{ "${NO:-${NO:-${B}}}/x", "two words/x", '\\' },
	{ "${NO:-\"}\"}", "}", '\\' },
	{ "${A:?unused}", "1", '\\' },
	{ "\\$A", "$A", '\\' },
	{ "'$A'", "$A", '\\' },
	{ "\"$A \\\"q\\\" \\n\"", "1 \"q\" \\n", '\\' },
	{ "c:\\dir`$A", "c:\\dir$A", '`' },
	{ "$", "$", '\\' },
	{ "$PATH:/x", "/bin:/x", '\\' },
};

static const struct {
	const char *word, *says;
} bad_expansions[] = {
	{ "${A", "is not a variable" },
	{ "${}", "is not a variable" },
	{ "${A:-x", "has no \"}\"" },
	{ "${A!}", "is not a variable" },
	{ "${NO:?set it with --build-arg}", "NO set it with --build-arg" },
	{ "${EMPTY:?}", "EMPTY has no value" },
};

static void test_expansions(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(expansions); i++) {
		cleanup_strbuf struct strbuf out = STRBUF_INIT;
		struct error err = ERROR_INIT;

		ok_int(words_expand_by(expansions[i].word, expansions[i].escape, env, &out, &err), 0);
		ok_str(out.buf, expansions[i].want);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad_expansions); i++) {
		cleanup_strbuf struct strbuf out = STRBUF_INIT;
		struct error err = ERROR_INIT;

		ok_int(words_expand(bad_expansions[i].word, env, &out, &err), -EINVAL);
		ok_named(strstr(err.msg, bad_expansions[i].says) != NULL, "%s", err.msg);
	}
}

/* --- files ------------------------------------------------------------------------- */

/* Everything that was understood, a line for each stage, instruction, flag and document. */
static char *show(const char *text, struct error *err)
{
	struct oci_arena arena = OCI_ARENA_INIT;
	struct strbuf out = STRBUF_INIT;
	struct containerfile file;
	int r = containerfile_parse(&arena, "F", text, strlen(text), &file, err);

	for (size_t i = 0; r == 0 && i < file.n_args; i++)
		strbuf_addf(&out, "%zu ARG %s\n", file.args[i].line, file.args[i].rest);
	for (size_t s = 0; r == 0 && s < file.n_stages; s++) {
		const struct stage *stage = &file.stages[s];

		strbuf_addf(&out, "%zu FROM %s|%s|%s\n", stage->line, stage->base,
			    stage->name ? stage->name : "-",
			    stage->platform ? stage->platform : "-");
		for (size_t i = 0; i < stage->n_instructions; i++) {
			const struct instruction *in = &stage->instructions[i];

			strbuf_addf(&out, "%zu %s", in->line, instruction_name(in->kind));
			for (size_t f = 0; f < in->n_flags; f++)
				strbuf_addf(&out, " {%s}", in->flags[f]);
			if (!in->is_json)
				strbuf_addf(&out, " %s", in->rest);
			for (size_t w = 0; in->is_json && w < in->n_words; w++)
				strbuf_addf(&out, " [%s]", in->words[w]);
			for (size_t d = 0; d < in->n_heredocs; d++)
				strbuf_addf(&out, " <%s%s %s>", in->heredocs[d].name,
					    in->heredocs[d].expand ? "$" : "",
					    in->heredocs[d].content);
			strbuf_addch(&out, '\n');
		}
	}
	oci_arena_release(&arena);
	if (r < 0)
		strbuf_release(&out);
	return r < 0 ? NULL : strbuf_detach(&out);
}

static const struct {
	const char *text, *want;
} files[] = {
	{ "FROM scratch\n", "1 FROM scratch|-|-\n" },
	{ "\xef\xbb\xbf" "from Debian AS Build\nrun true", "1 FROM Debian|build|-\n2 RUN true\n" },
	{ "# a comment\nARG V=1\nFROM --platform=linux/amd64 b:$V\n",
	  "2 ARG V=1\n3 FROM b:$V|-|linux/amd64\n" },
	{ "FROM a\nRUN one && \\\n# said here\n\n    two \\  \n  three\nCMD x\n",
	  "1 FROM a|-|-\n2 RUN one &&     two   three\n7 CMD x\n" },
	{ "FROM a\r\nRUN x\\\r\ny\r\n", "1 FROM a|-|-\n2 RUN xy\n" },
	{ "# escape=`\nFROM a\nRUN c:\\ `\n x\n", "2 FROM a|-|-\n3 RUN c:\\  x\n" },
	{ "# syntax=docker/dockerfile:1\n# escape = `\nFROM a\nRUN x`\ny", "3 FROM a|-|-\n4 RUN xy\n" },
	{ "\n# escape=`\nFROM a\nRUN x`\nRUN y", "3 FROM a|-|-\n4 RUN x`\n5 RUN y\n" },
	{ "FROM a\nCMD [\"x\", \"y z\"]\nENTRYPOINT [not json\n",
	  "1 FROM a|-|-\n2 CMD [x] [y z]\n3 ENTRYPOINT [not json\n" },
	{ "FROM a\nCOPY --from=b --chown=1:2 x y /z\n",
	  "1 FROM a|-|-\n2 COPY {--from=b} {--chown=1:2} x y /z\n" },
	{ "FROM a\nHEALTHCHECK --interval=1s CMD x\n",
	  "1 FROM a|-|-\n2 HEALTHCHECK --interval=1s CMD x\n" },
	{ "FROM a\nRUN <<EOF\na $B\n  b # no comment \\\nEOF\nCMD c\n",
	  "1 FROM a|-|-\n2 RUN <<EOF <EOF$ a $B\n  b # no comment \\\n>\n6 CMD c\n" },
	{ "FROM a\nCOPY <<-\"one\" <<two /d/\n\t\tx\n\tone\ny\ntwo\n",
	  "1 FROM a|-|-\n2 COPY <<-\"one\" <<two /d/ <one x\n> <two$ y\n>\n" },
	{ "FROM a\nRUN cat <<<here\n", "1 FROM a|-|-\n2 RUN cat <<<here\n" },
	{ "FROM a\nRUN echo 'open\n", "1 FROM a|-|-\n2 RUN echo 'open\n" },
	{ "FROM a\nRUN a \\\n", "1 FROM a|-|-\n2 RUN a\n" },
};

static const struct {
	const char *text, *says;
} bad_files[] = {
	{ "", "F has no FROM" },
	{ "# nothing\n", "F has no FROM" },
	{ "RUN x\nFROM a\n", "F:1: only ARG may stand before the first FROM" },
	{ "FROM a\nRUNN x\n", "F:2: unknown instruction \"RUNN\"" },
	{ "FROM a\n\nCOPY --from=b\n", "F:3: COPY needs an argument" },
	{ "FROM a b\n", "F:1: FROM a b: expected an image" },
	{ "FROM a AS 1x\n", "F:1: \"1x\" is no name for a stage" },
	{ "FROM a AS x\nFROM b AS X\n", "F:2: line 1 has a stage x already" },
	{ "FROM --foo a\n", "F:1: FROM has no flag --foo" },
	{ "# escape=x\nFROM a\n", "F:1: the escape character" },
	{ "FROM a\nRUN <<EOF\nx\n", "F:2: the here-document \"EOF\" has no end" },
};

static void test_files(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct error err = ERROR_INIT;
		cleanup_free char *got = show(files[i].text, &err);

		ok_str(got ? got : err.msg, files[i].want);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad_files); i++) {
		struct error err = ERROR_INIT;
		cleanup_free char *got = show(bad_files[i].text, &err);

		ok_named(!got && strstr(err.msg, bad_files[i].says), "%s", err.msg);
	}
}

static void test_nul(void)
{
	static const char text[] = "FROM a\0b\n";
	struct oci_arena arena = OCI_ARENA_INIT;
	struct error err = ERROR_INIT;
	struct containerfile file;

	ok_int(containerfile_parse(&arena, "F", text, sizeof(text) - 1, &file, &err), -EINVAL);
	oci_arena_release(&arena);
}

/* --- patterns ---------------------------------------------------------------------- */

static const struct {
	const char *patterns, *path;
	/* 0: it stays. */
	size_t line;
	bool ignored;
} ignores[] = {
	{ "*.o\n", "a.o", 1, true },
	{ "*.o\n", "d/a.o", 0, false },
	{ "**/*.o\n", "d/e/a.o", 1, true },
	{ "**/*.o\n", "a.o", 1, true },
	{ "d\n", "d/e/f", 1, true },
	{ "/d/\n", "d", 1, true },
	{ "d/*\n", "d", 0, false },
	{ "d/*\n", "d/e/f", 1, true },
	{ "d/**\n", "d", 0, false },
	{ "d/**\n", "d/x", 1, true },
	{ "*\n!keep\n", "keep/x", 2, false },
	{ "*\n!keep\n", "other", 1, true },
	{ "*\n!keep\nkeep/no\n", "keep/no", 3, true },
	{ "# x\n\n  b  \n", "b", 3, true },
	{ "a?c\n", "abc", 1, true },
	{ "a?c\n", "a/c", 0, false },
	{ "[a-c]x\n", "bx", 1, true },
	{ "[^a-c]x\n", "bx", 0, false },
	{ "a\\*\n", "a*", 1, true },
	{ "a\\*\n", "ab", 0, false },
	{ ".*\n", ".git/config", 1, true },
	{ "*\n", ".git", 1, true },
	{ "a/../b\n", "b", 1, true },
	{ "./a/./b\n", "a/b", 1, true },
	{ "a/**/b\n", "a/b", 1, true },
	{ "a/**/b\n", "a/x/y/b", 1, true },
	{ "a/**/b\n", "a/x", 0, false },
	{ "/\n", "a", 0, false },
};

static void test_ignores(void)
{
	struct ignore ignore;
	struct error err = ERROR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(ignores); i++) {
		size_t line;

		ok_int(ignore_parse(&ignore, "I", ignores[i].patterns, &err), 0);
		ok_named(ignore_has(&ignore, ignores[i].path, &line) == ignores[i].ignored &&
			 line == ignores[i].line, "%s in %s", ignores[i].path, ignores[i].patterns);
		ignore_release(&ignore);
	}
	ok_int(ignore_parse(&ignore, "I", "a\n!\n", &err), -EINVAL);
	ok_str(err.msg, "I:2: \"!\" takes nothing back in");
	ignore_release(&ignore);
}

int main(void)
{
	test_expansions();
	test_files();
	test_nul();
	test_ignores();
	return tap_done();
}
