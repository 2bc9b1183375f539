/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/image-build-progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/document.h"
#include "libocispec/field.h"

/* Of the output of the stage at work. */
enum { LAST_LINES = 4, MAX_STAGES = 16 };

struct stage_view {
	/* The step, or "" when the stage is not at work. */
	struct build_event step;
	double since;
	char lines[LAST_LINES][256];
	size_t n_lines;
	/* What is written of its layer, or "". */
	char layer[32];
};

struct build_progress {
	void (*show)(struct build_progress *progress, const struct build_event *event);
	struct stage_view stages[MAX_STAGES];
	/* Of the live view on the terminal. */
	size_t n_shown;
};

static void put(const struct strbuf *text)
{
	struct error ignored = ERROR_INIT;

	/* Nobody who reads it is no reason to stop a build. */
	(void)file_write_fd(STDERR_FILENO, "stderr", text->buf, text->len, &ignored);
}

static double now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* "[build 2/5]" */
static void add_place(struct strbuf *text, const struct build_event *event)
{
	strbuf_addf(text, "[%s%s%u/%u]", event->stage_name, *event->stage_name ? " " : "",
		    event->step, event->n_steps);
}

/* --- plain ------------------------------------------------------------------------- */

static void show_plain(struct build_progress *progress, const struct build_event *event)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	(void)progress;
	if (event->type == BUILD_DONE || event->type == BUILD_LAYER || event->type == BUILD_TICK)
		return;
	if (event->type == BUILD_WARNING) {
		strbuf_addf(&text, "warning: %s\n", event->text);
		put(&text);
		return;
	}
	add_place(&text, event);
	if (event->type == BUILD_CACHED)
		strbuf_adds(&text, " CACHED\n");
	else
		strbuf_addf(&text, "%s%s\n", event->type == BUILD_OUTPUT ? " | " : " ", event->text);
	put(&text);
}

/* --- JSON -------------------------------------------------------------------------- */

struct event_document {
	const char *event;
	int64_t stage;
	const char *stage_name;
	int64_t step, steps;
	const char *text;
};

static const struct oci_field event_fields[] = {
	OCI_STRING(event_document, event, "event", OCI_REQUIRED),
	OCI_I64(event_document, stage, "stage", OCI_REQUIRED),
	OCI_STRING(event_document, stage_name, "stageName", 0),
	OCI_I64(event_document, step, "step", OCI_REQUIRED),
	OCI_I64(event_document, steps, "steps", OCI_REQUIRED),
	OCI_STRING(event_document, text, "text", 0),
};
static const struct oci_object event_object = OCI_TABLE("event", event_document, event_fields);

static void show_json(struct build_progress *progress, const struct build_event *event)
{
	static const char *const names[] = {
		[BUILD_STEP] = "step", [BUILD_CACHED] = "cached", [BUILD_OUTPUT] = "output",
		[BUILD_DONE] = "done", [BUILD_WARNING] = "warning", [BUILD_LAYER] = "layer",
	};
	const struct event_document document = {
		.event = names[event->type],
		.stage = event->stage,
		.stage_name = *event->stage_name ? event->stage_name : NULL,
		.step = event->step,
		.steps = event->n_steps,
		.text = *event->text ? event->text : NULL,
	};
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct error ignored = ERROR_INIT;
	cleanup_free char *json = NULL;
	size_t len;

	(void)progress;
	if (document_write(&event_object, &document, 0, &json, &len, &ignored) < 0)
		return;
	strbuf_addf(&text, "%s\n", json);
	put(&text);
}

/* --- the live view ----------------------------------------------------------------- */

static size_t columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return 80;
	return size.ws_col;
}

/* What is below the last line that stays is drawn anew. */
static void erase(struct build_progress *progress, struct strbuf *text)
{
	if (progress->n_shown > 0)
		strbuf_addf(text, "\033[%zuA\033[J", progress->n_shown);
	progress->n_shown = 0;
}

/* One line, cut at the terminal's width, its control characters shown as blanks. */
static void add_line(struct build_progress *progress, struct strbuf *text, const char *line)
{
	size_t width = columns(), n = 0;

	for (; *line && n + 1 < width; line++) {
		unsigned char c = (unsigned char)*line;

		strbuf_addch(text, c < ' ' || c == 0x7f ? ' ' : (char)c);
		/* Bytes that go on with a character of UTF-8 take no room. */
		n += (c & 0xc0) != 0x80;
	}
	strbuf_addch(text, '\n');
	progress->n_shown++;
}

static void add_stage(struct build_progress *progress, const struct stage_view *view,
		      struct strbuf *text)
{
	cleanup_strbuf struct strbuf line = STRBUF_INIT;

	if (!view->step.type)
		return;
	add_place(&line, &view->step);
	strbuf_addf(&line, " %.1fs %s", now() - view->since, view->step.text);
	add_line(progress, text, line.buf);
	for (size_t i = 0; i < view->n_lines; i++) {
		strbuf_reset(&line);
		strbuf_addf(&line, "  | %s", view->lines[i]);
		add_line(progress, text, line.buf);
	}
	if (!*view->layer)
		return;
	strbuf_reset(&line);
	strbuf_addf(&line, "  writing its layer: %s", view->layer);
	add_line(progress, text, line.buf);
}

/* The step that was at work stays as one line. */
static void settle(struct stage_view *view, const char *what, struct strbuf *text)
{
	if (!view->step.type)
		return;
	add_place(text, &view->step);
	strbuf_addf(text, " %s%.*s", what, (int)columns() - 24, view->step.text);
	if (now() - view->since >= 0.1)
		strbuf_addf(text, " (%.1fs)", now() - view->since);
	strbuf_addch(text, '\n');
	view->step.type = 0;
	view->n_lines = 0;
	view->layer[0] = '\0';
}

static void keep_line(struct stage_view *view, const char *line)
{
	if (view->n_lines == LAST_LINES) {
		memmove(view->lines[0], view->lines[1], sizeof(view->lines) - sizeof(view->lines[0]));
		view->n_lines--;
	}
	(void)snprintf(view->lines[view->n_lines++], sizeof(view->lines[0]), "%s", line);
}

static void show_live(struct build_progress *progress, const struct build_event *event)
{
	/* A warning has no stage, and needs none. */
	struct stage_view *view = &progress->stages[(event->stage + MAX_STAGES - 1) % MAX_STAGES];
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	erase(progress, &text);
	switch (event->type) {
	case BUILD_STEP:
		settle(view, "", &text);
		view->step = *event;
		view->since = now();
		break;
	case BUILD_CACHED:
		settle(view, "CACHED ", &text);
		break;
	case BUILD_OUTPUT:
		keep_line(view, event->text);
		break;
	case BUILD_DONE:
		settle(view, "", &text);
		break;
	case BUILD_WARNING:
		strbuf_addf(&text, "warning: %s\n", event->text);
		break;
	case BUILD_LAYER:
		(void)snprintf(view->layer, sizeof(view->layer), "%s", event->text);
		break;
	case BUILD_TICK:
		break;
	}
	for (size_t i = 0; i < MAX_STAGES; i++)
		add_stage(progress, &progress->stages[i], &text);
	put(&text);
}

static void show_nothing(struct build_progress *progress, const struct build_event *event)
{
	(void)progress;
	(void)event;
}

/* --- all of them ------------------------------------------------------------------- */

struct build_progress *build_progress_new(const char *mode)
{
	struct build_progress *progress = xcalloc(1, sizeof(*progress));

	if (streq(mode, "auto"))
		mode = isatty(STDERR_FILENO) ? "tty" : "plain";
	if (streq(mode, "tty"))
		progress->show = show_live;
	else if (streq(mode, "json"))
		progress->show = show_json;
	else
		progress->show = streq(mode, "quiet") ? show_nothing : show_plain;
	return progress;
}

bool build_progress_ticks(const struct build_progress *progress)
{
	return progress->show == show_live;
}

void build_progress_event(void *ctx, const struct build_event *event)
{
	struct build_progress *progress = ctx;

	progress->show(progress, event);
}

void build_progress_free(struct build_progress *progress)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	/* The output of a step that failed stays in sight. */
	if (progress->n_shown == 0) {
		free(progress);
		return;
	}
	erase(progress, &text);
	for (size_t i = 0; i < MAX_STAGES; i++)
		add_stage(progress, &progress->stages[i], &text);
	put(&text);
	free(progress);
}
