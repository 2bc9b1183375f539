/* SPDX-License-Identifier: Apache-2.0 */
/* Writes of a plan into the files of a cgroup, and what the kernel makes of them. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "linux/cgroup-resources.h"

/* A file with several lines takes one at a time. */
int cgroup_write_lines(int dir_fd, const char *file, const char *value, struct error *err)
{
	cleanup_free char *lines = xstrdup(value);
	int r = 0;

	if (!*value)
		return file_write_at(dir_fd, file, "\n", err);
	for (char *save = NULL, *line = strtok_r(lines, "\n", &save); line && r == 0;
	     line = strtok_r(NULL, "\n", &save))
		r = file_write_at(dir_fd, file, line, err);
	return r;
}

/* Whether two lists such as "0-2,7" have a number in common. */
static bool lists_meet(const char *a, const char *b)
{
	unsigned int a_first, a_last, b_first, b_last;

	for (const char *p = a; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL) {
		int n = sscanf(p, "%u-%u", &a_first, &a_last);

		for (const char *q = b; n > 0 && q; q = strchr(q, ',') ? strchr(q, ',') + 1 : NULL) {
			int m = sscanf(q, "%u-%u", &b_first, &b_last);

			if (m > 0 && a_first <= (m == 2 ? b_last : b_first) &&
			    b_first <= (n == 2 ? a_last : a_first))
				return true;
		}
	}
	return false;
}

/*
 * Of CPUs or memory nodes that the parent does not have the kernel says nothing:
 * it gives all of the parent's instead, which the file NAME.effective shows.
 */
static int check_effective(const struct cgroup_write *w, int dir_fd, struct error *err)
{
	cleanup_free char *file = xasprintf("%s.effective", w->file);
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r;

	if (w->controller != CGROUP_CPUSET || !*w->value ||
	    !(streq(w->file, "cpuset.cpus") || streq(w->file, "cpuset.mems")))
		return 0;
	r = file_read_at(dir_fd, file, 1 << 16, &text, err);
	if (r < 0)
		return r;
	text.buf[strcspn(text.buf, "\n")] = '\0';
	if (!*text.buf || lists_meet(w->value, text.buf))
		return 0;
	(void)error_set(err, EINVAL, "\"%s\" in %s: the parent cgroup has none of them, and the "
			"kernel gives \"%s\" instead", w->value, w->file, text.buf);
	return error_hint(err, "what may be used is in the parent's %s", file);
}

int cgroup_write_apply(const struct cgroup_write *w, int dir_fd, struct error *err)
{
	int r = cgroup_write_lines(dir_fd, w->file, w->value, err);

	if (r == -ENOENT && w->fallback_file)
		r = cgroup_write_lines(dir_fd, w->fallback_file, w->fallback_value, err);
	if (r == -ENOENT && w->is_optional)
		r = 0;
	/* Not the kernel's words: engines take those for a program that is not there. */
	if (r == -ENOENT) {
		error_clear(err);
		(void)error_set(err, ENOENT, "this kernel has no file %s", w->file);
	}
	if (r == 0)
		r = check_effective(w, dir_fd, err);
	return r < 0 ? error_pointer(err, "%s", w->pointer) : 0;
}

int cgroup_plan_apply(const struct cgroup_plan *plan, int dir_fd, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < plan->n && r == 0; i++)
		r = cgroup_write_apply(&plan->v[i], dir_fd, err);
	return r;
}
