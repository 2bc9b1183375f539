/* SPDX-License-Identifier: Apache-2.0 */
#include "image/ignore.h"

#include <fnmatch.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/path.h"

enum { IGNORE_MAX = 1 << 20 };

struct ignore_pattern {
	/* Its components. */
	struct strvec parts;
	bool exception;
	size_t line;
};

void ignore_release(struct ignore *ignore)
{
	for (size_t i = 0; i < ignore->n; i++)
		strvec_release(&ignore->patterns[i].parts);
	free(ignore->patterns);
	free(ignore->file);
	*ignore = (struct ignore){ 0 };
}

/* --- patterns ---------------------------------------------------------------------- */

/* The components of PATH without ".", and without those that ".." takes back. */
static void split_path(const char *path, struct strvec *parts)
{
	cleanup_free char *copy = xstrdup(path);

	for (char *save = NULL, *part = strtok_r(copy, "/", &save); part;
	     part = strtok_r(NULL, "/", &save)) {
		if (streq(part, "."))
			continue;
		if (!streq(part, "..")) {
			strvec_push(parts, part);
		} else if (parts->n > 0) {
			free(parts->v[--parts->n]);
			parts->v[parts->n] = NULL;
		}
	}
}

/* PATTERN matches PATH or a directory on the way to it. */
static bool match_prefix(char *const *pattern, char *const *path)
{
	for (; *pattern; pattern++, path++) {
		if (streq(*pattern, "**")) {
			/* At the end it is what is in a directory, not the directory. */
			if (!pattern[1])
				return *path != NULL;
			for (; *path; path++)
				if (match_prefix(pattern + 1, path))
					return true;
			return false;
		}
		if (!*path || fnmatch(*pattern, *path, 0) != 0)
			return false;
	}
	return true;
}

static int add_pattern(struct ignore *ignore, const char *text, size_t line, struct error *err)
{
	struct ignore_pattern pattern = { .parts = STRVEC_INIT, .line = line };

	if (*text == '!') {
		pattern.exception = true;
		text++;
		text += strspn(text, " \t");
		if (*text == '\0')
			return error_set(err, EINVAL, "%s:%zu: \"!\" takes nothing back in",
					 ignore->file, line);
	}
	split_path(text, &pattern.parts);
	/* "/" and "." are the context itself, which cannot be left out. */
	if (pattern.parts.n == 0) {
		strvec_release(&pattern.parts);
		return 0;
	}
	ignore->patterns = xrealloc(ignore->patterns, ignore->n + 1, sizeof(pattern));
	ignore->patterns[ignore->n++] = pattern;
	ignore->has_exceptions |= pattern.exception;
	return 0;
}

int ignore_parse(struct ignore *ignore, const char *name, const char *text, struct error *err)
{
	int r = 0;

	*ignore = (struct ignore){ .file = xstrdup(name) };
	if (str_skip_prefix(text, "\xef\xbb\xbf"))
		text += 3;
	for (size_t line = 1; r == 0 && *text; line++) {
		size_t len = strcspn(text, "\n"), skip = strspn(text, " \t");
		cleanup_free char *pattern = NULL;

		if (*text == '#' || skip >= len) {
			text += len + (text[len] == '\n');
			continue;
		}
		pattern = xstrndup(text + skip, len - skip);
		text += len + (text[len] == '\n');
		for (size_t n = strlen(pattern); n > 0 && strchr(" \t\r", pattern[n - 1]); n--)
			pattern[n - 1] = '\0';
		if (*pattern)
			r = add_pattern(ignore, pattern, line, err);
	}
	return r;
}

/* --- the file ---------------------------------------------------------------------- */

int ignore_read(struct ignore *ignore, int context_fd, const char *containerfile,
		struct error *err)
{
	cleanup_free char *own = xasprintf("%s.dockerignore", containerfile);
	const char *const candidates[] = { own, ".containerignore", ".dockerignore" };

	*ignore = (struct ignore){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(candidates); i++) {
		cleanup_strbuf struct strbuf text = STRBUF_INIT;
		cleanup_close int fd = path_try_open(context_fd, candidates[i], PATH_IN_ROOT,
						     O_RDONLY | O_NONBLOCK, 0);
		int r;

		if (fd == -ENOENT)
			continue;
		if (fd < 0) {
			errno = -fd;
			return error_sys(err, "openat2", "%s", candidates[i]);
		}
		r = file_read_fd(fd, candidates[i], IGNORE_MAX, &text, err);
		return r < 0 ? r : ignore_parse(ignore, candidates[i], text.buf, err);
	}
	return 0;
}

bool ignore_has(const struct ignore *ignore, const char *path, size_t *line)
{
	cleanup_strvec struct strvec parts = STRVEC_INIT;

	*line = 0;
	if (ignore->n == 0)
		return false;
	split_path(path, &parts);
	for (size_t i = ignore->n; i-- > 0;) {
		const struct ignore_pattern *pattern = &ignore->patterns[i];

		if (!match_prefix(pattern->parts.v, parts.v))
			continue;
		*line = pattern->line;
		return !pattern->exception;
	}
	return false;
}
