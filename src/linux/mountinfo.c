/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/mountinfo.h"

#include <fcntl.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"

/* A host with thousands of mounts stays far below. */
enum { MOUNTINFO_MAX = 16 << 20 };

int mountinfo_read(struct strbuf *text, struct error *err)
{
	cleanup_close int fd = proc_open_self("mountinfo", O_RDONLY, err);

	return fd < 0 ? fd : file_read_fd(fd, "/proc/self/mountinfo", MOUNTINFO_MAX, text, err);
}

/* Blanks and backslashes are written in octal. In place. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++, to++) {
		if (s[0] == '\\' && s[1] && s[2] && s[3]) {
			*to = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*to = *s;
		}
	}
	*to = '\0';
}

/* "22 27 0:21 /root /where options ... - type source super" */
char *mountinfo_match(char *line, const char *type)
{
	const char *found = strstr(line, " - ");
	char *where = line;

	found = found ? str_skip_prefix(found + 3, type) : NULL;
	if (!found || *found != ' ')
		return NULL;
	for (int i = 0; i < 4 && where; i++) {
		where = strchr(where, ' ');
		where += where != NULL;
	}
	if (!where)
		return NULL;
	where[strcspn(where, " ")] = '\0';
	unescape(where);
	return where;
}

int mountinfo_open(const char *type, unsigned long magic, struct error *err)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r = mountinfo_read(&text, err);

	if (r < 0)
		return r;
	for (char *save = NULL, *line = strtok_r(text.buf, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		const char *where = mountinfo_match(line, type);
		cleanup_close int fd =
			where ? open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -EBADF;
		struct statfs fs;

		/* Something else may be mounted over it. */
		if (fd >= 0 && fstatfs(fd, &fs) == 0 && (unsigned long)fs.f_type == magic)
			return take_fd(fd);
	}
	return -ENODEV;
}
