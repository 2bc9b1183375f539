/* SPDX-License-Identifier: Apache-2.0 */
/* --timing: where the time of create, start, run and exec goes. */
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/timing.h"
#include "cli/runtime.h"

int runtime_timing_begin(const struct timing_options *options, struct error *err)
{
	return options->format ? timing_enable(err) : 0;
}

static int write_file(const char *path, const struct strbuf *text, struct error *err)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY,
				    0644);

	if (fd < 0)
		return error_file(err, "open", path);
	return file_write_fd(fd, path, text->buf, text->len, err);
}

void runtime_timing_end(const struct timing_options *options)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct error err = ERROR_INIT;
	int r;

	if (!timing_table)
		return;
	if (streq(options->format, "chrome"))
		timing_write_chrome(&text);
	else
		timing_write_text(&text);
	if (options->file)
		r = write_file(options->file, &text, &err);
	else
		r = file_write_fd(STDERR_FILENO, "stderr", text.buf, text.len, &err);
	/* What was timed has happened: that nobody can read of it changes nothing. */
	if (r < 0)
		log_warning("--timing: %s", err.msg);
}
