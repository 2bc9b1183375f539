/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/image-progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "image/human.h"
#include "image/progress.h"

enum { REDRAW_MS = 100, REPEAT_MS = 500, NAME_SHOWN = 19 };

/* When the item began, and when it was shown last; milliseconds. */
static int64_t begun, shown;
static bool drawn;

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static void put(const struct strbuf *text)
{
	struct error ignored = ERROR_INIT;

	(void)file_write_fd(STDERR_FILENO, "stderr", text->buf, text->len, &ignored);
}

/* Bytes per second since the item began. */
static uint64_t rate(const struct progress *progress)
{
	int64_t ms = now_ms() - begun;

	return progress->bytes * 1000 / (uint64_t)(ms > 0 ? ms : 1);
}

/* Whether enough time has passed; beginnings and ends always show. */
static bool is_due(const struct progress *progress, int64_t interval)
{
	int64_t now = now_ms();

	if (progress->bytes == 0 && !progress->ended)
		begun = now;
	if (progress->bytes > 0 && !progress->ended && now - shown < interval)
		return false;
	shown = now;
	return true;
}

/* "layer 1 of 2 sha256:0123456789ab" */
static void describe(const struct progress *progress, struct strbuf *text)
{
	strbuf_adds(text, progress->kind);
	if (progress->n_total)
		strbuf_addf(text, " %zu of %zu", progress->n, progress->n_total);
	strbuf_addch(text, ' ');
	for (size_t i = 0; progress->name[i] && i < NAME_SHOWN; i++)
		strbuf_addch(text, (unsigned char)progress->name[i] < ' ' ? '?'
									  : progress->name[i]);
}

static void add_amount(const struct progress *progress, struct strbuf *text)
{
	strbuf_addf(text, ": %s", human_size(progress->bytes).s);
	if (progress->total && !progress->ended)
		strbuf_addf(text, " of %s", human_size(progress->total).s);
	strbuf_addf(text, ", %s/s", human_size(rate(progress)).s);
}

/* The cursor stays at the beginning of the line: whatever is said next takes its place. */
static void show_tty(const struct progress *progress)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct winsize size = { .ws_col = 0 };

	if (progress->skipped || !is_due(progress, REDRAW_MS))
		return;
	describe(progress, &text);
	add_amount(progress, &text);
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 &&
	    text.len >= size.ws_col)
		text.len = size.ws_col - 1U;
	strbuf_adds(&text, "\033[K\r");
	put(&text);
	drawn = true;
}

static void show_plain(const struct progress *progress)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	if (progress->bytes == 0 && !progress->ended)
		begun = now_ms();
	if (!progress->ended)
		return;
	describe(progress, &text);
	if (progress->skipped)
		strbuf_adds(&text, ": is there already");
	else
		add_amount(progress, &text);
	strbuf_addch(&text, '\n');
	put(&text);
}

static void add_json_string(struct strbuf *text, const char *s)
{
	strbuf_addch(text, '"');
	for (; *s; s++) {
		if ((unsigned char)*s < ' ')
			strbuf_addf(text, "\\u%04x", *s);
		else if (*s == '"' || *s == '\\')
			strbuf_addf(text, "\\%c", *s);
		else
			strbuf_addch(text, *s);
	}
	strbuf_addch(text, '"');
}

static void show_json(const struct progress *progress)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	if (!is_due(progress, REPEAT_MS))
		return;
	strbuf_addf(&text, "{\"event\":\"%s\",\"kind\":\"%s\",\"name\":",
		    progress->skipped ? "skip" : progress->ended ? "end"
		    : progress->bytes ? "progress" : "begin", progress->kind);
	add_json_string(&text, progress->name);
	if (progress->n_total)
		strbuf_addf(&text, ",\"n\":%zu,\"of\":%zu", progress->n, progress->n_total);
	strbuf_addf(&text, ",\"bytes\":%" PRIu64, progress->bytes);
	if (progress->total)
		strbuf_addf(&text, ",\"total\":%" PRIu64, progress->total);
	strbuf_addf(&text, ",\"rate\":%" PRIu64 "}\n", rate(progress));
	put(&text);
}

void progress_show(const char *how)
{
	if (!how || streq(how, "auto"))
		how = isatty(STDERR_FILENO) ? "tty" : "none";
	progress_set_sink(streq(how, "tty")     ? show_tty
			  : streq(how, "plain") ? show_plain
			  : streq(how, "json")  ? show_json
						: NULL);
}

void progress_hide(void)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	progress_set_sink(NULL);
	if (!drawn)
		return;
	strbuf_adds(&text, "\033[K");
	put(&text);
	drawn = false;
}
