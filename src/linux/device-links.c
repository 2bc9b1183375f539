/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/device-links.h"

#include <string.h>
#include <unistd.h>

#include "base/mem.h"

static const struct {
	const char *name, *target;
} links[] = {
	{ "fd", "/proc/self/fd" },	    { "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" },    { "stderr", "/proc/self/fd/2" },
};

static int make_link(int dev_fd, const char *name, const char *target, struct error *err)
{
	if (symlinkat(target, dev_fd, name) == 0 || errno == EEXIST)
		return 0;
	return error_sys(err, "symlinkat", "/dev/%s", name);
}

/* Whatever the image has there would be the ptmx of the host's or of no devpts instance. */
static int make_ptmx(int dev_fd, struct error *err)
{
	static const char target[] = "pts/ptmx";
	char have[sizeof(target) + 1];
	ssize_t n;

	if (symlinkat(target, dev_fd, "ptmx") == 0)
		return 0;
	if (errno != EEXIST)
		return error_sys(err, "symlinkat", "/dev/ptmx");
	n = readlinkat(dev_fd, "ptmx", have, sizeof(have));
	if (n == sizeof(target) - 1 && memcmp(have, target, (size_t)n) == 0)
		return 0;
	if (unlinkat(dev_fd, "ptmx", 0) < 0)
		return error_sys(err, "unlinkat", "/dev/ptmx");
	if (symlinkat(target, dev_fd, "ptmx") < 0)
		return error_sys(err, "symlinkat", "/dev/ptmx");
	return 0;
}

int device_links_make(int dev_fd, bool has_kcore, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(links) && r == 0; i++)
		r = make_link(dev_fd, links[i].name, links[i].target, err);
	if (r == 0 && has_kcore)
		r = make_link(dev_fd, "core", "/proc/kcore", err);
	return r < 0 ? r : make_ptmx(dev_fd, err);
}
