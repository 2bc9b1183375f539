/* SPDX-License-Identifier: Apache-2.0 */
/* Which limits this host could set, found out without making a cgroup. */
#include <string.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/str.h"
#include "linux/cgroup-driver.h"
#include "linux/cgroup-resources.h"
#include "linux/cgroup.h"

/* WORD among the words of a line such as "cpu io memory\n". */
static bool has_word(const char *line, const char *word)
{
	size_t n = strlen(word);

	for (; *line; line += strspn(line, " \n")) {
		size_t len = strcspn(line, " \n");

		if (len == n && strncmp(line, word, n) == 0)
			return true;
		line += len;
	}
	return false;
}

static void check_write(const struct cgroup_write *w, const char *controllers,
			void (*report)(void *arg, const struct error *problem), void *arg)
{
	struct error err = ERROR_INIT;

	if (w->controller == CGROUP_NO_CONTROLLER || w->is_optional ||
	    has_word(controllers, cgroup_controllers[w->controller]))
		return;
	(void)cgroup_missing_controller(cgroup_controllers[w->controller], "/", &err);
	(void)error_context(&err, "cannot set %s", w->file);
	(void)error_pointer(&err, "%s", w->pointer);
	report(arg, &err);
}

void cgroup_check(const struct oci_resources *resources,
		  void (*report)(void *arg, const struct error *problem), void *arg)
{
	cleanup_cgroup_plan struct cgroup_plan plan = { .n = 0 };
	cleanup_strbuf struct strbuf controllers = STRBUF_INIT;
	struct error err = ERROR_INIT;
	int root_fd;

	if (cgroup_plan_make(resources, &plan, &err) < 0) {
		report(arg, &err);
		return;
	}
	root_fd = cgroup_root_fd(&err);
	if (root_fd < 0 ||
	    file_read_at(root_fd, "cgroup.controllers", 4096, &controllers, &err) < 0) {
		report(arg, &err);
		return;
	}
	for (size_t i = 0; i < plan.n; i++)
		check_write(&plan.v[i], controllers.buf, report, arg);
}
