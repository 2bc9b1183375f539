/* SPDX-License-Identifier: Apache-2.0 */
/* Overlays by both of the kernel's interfaces, and lookups in a stack without one. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "image/lower.h"
#include "image/overlay.h"
#include "image/whiteout.h"
#include "tests/unit/layers.h"
#include "tests/unit/tap.h"

enum { N_LAYERS = 3 };

static const char *scratch;
static int layer_fds[N_LAYERS];

/* Layers 2 (lowest) to 0 (topmost), as overlay directories. */
static const struct test_entry layers[N_LAYERS][8] = {
	{ { 'f', "a/.wh.gone" }, { 'f', "a/top", "0" }, { 'f', "o/.wh..wh..opq" },
	  { 'f', "o/new", "0" }, { 'f', "file", "0" } },
	{ { 'f', "a/gone", "1" }, { 'f', "a/mid", "1" }, { 'f', "a/top", "1" }, { 'd', "file" } },
	{ { 'f', "a/low", "2" }, { 'f', "a/mid", "2" }, { 'f', "o/old", "2" },
	  { 'f', "link/x", "2" }, { 'l', "sym", "a" } },
};

static char *path_of(const char *name)
{
	return xasprintf("%s/%s", scratch, name);
}

static void make_layers(void)
{
	struct error err = ERROR_INIT;

	for (int i = N_LAYERS - 1; i >= 0; i--) {
		cleanup_strbuf struct strbuf tar = STRBUF_INIT;
		/* The characters that mount(2) takes for its own. */
		cleanup_free char *path = xasprintf("%s/l:a,y\\er %d", scratch, i);
		struct layer_target target = { .shape = LAYER_OVERLAY };
		struct test_source source;

		(void)mkdir(path, 0755);
		layer_fds[i] = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		target.fd = layer_fds[i];
		target.lower_fds = layer_fds + i + 1;
		target.n_lower = (size_t)(N_LAYERS - 1 - i);
		test_make_tar(layers[i], &tar);
		test_source_init(&source, &tar, 4096);
		ok_named(layer_apply(&source.source, &target, NULL, NULL, &err) == 0,
			 "layer %d: %s", i, err.msg);
	}
}

static void test_lower(void)
{
	static const struct {
		const char *path;
		/* The layer that shows it, or -1. */
		int layer;
	} lookups[] = {
		{ "", 0 },	{ "a", 0 },	   { "a/top", 0 }, { "a/mid", 1 },
		{ "a/low", 2 }, { "a/gone", -1 },  { "o", 0 },	   { "o/new", 0 },
		{ "o/old", -1 }, { "file", 0 },	   { "file/x", -1 }, { "sym", 2 },
		{ "sym/top", -1 }, { "link/x", 2 }, { "none/x", -1 },
	};
	const struct lower_stack stack = { .fds = layer_fds, .n = N_LAYERS };

	for (size_t i = 0; i < ARRAY_SIZE(lookups); i++) {
		struct stat st;
		int found = lower_find(&stack, lookups[i].path, &st);

		ok_named((found < 0 ? -1 : found) == lookups[i].layer, "\"%s\" is of layer %d",
			 lookups[i].path, lookups[i].layer);
	}
}

static void test_mount(int (*make)(const struct overlay *, struct error *))
{
	cleanup_free char *upper = path_of("upper"), *work = path_of("work");
	cleanup_free char *target = path_of("merged"), *file = path_of("merged/a/top");
	cleanup_free char *base = xstrdup(scratch);
	cleanup_strvec struct strvec lower = STRVEC_INIT;
	struct overlay overlay = {
		.n_lower = N_LAYERS, .upper = upper, .work = work, .base = base
	};
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	cleanup_close int fd = -EBADF;
	struct error err = ERROR_INIT;
	int fds = tap_count_fds();

	for (int i = 0; i < N_LAYERS; i++)
		strvec_pushf(&lower, "%s/l:a,y\\er %d", scratch, i);
	overlay.lower = lower.v;
	(void)mkdir(upper, 0755);
	(void)mkdir(work, 0755);
	(void)mkdir(target, 0755);
	fd = make(&overlay, &err);
	ok_named(fd >= 0, "made %s", err.msg);
	ok_named(overlay_attach(fd, target, &err) == 0, "attached %s", err.msg);
	ok(file_read_at(AT_FDCWD, file, 10, &text, &err) == 0);
	ok_str(text.buf, "0");
	fd_close(&fd);
	ok(overlay_detach(target, &err) == 0);
	ok_named(overlay_detach(target, &err) == 0, "not mounted is fine");
	ok(access(file, F_OK) < 0);
	ok(tap_count_fds() == fds);
	ok(file_remove_tree_at(AT_FDCWD, upper, &err) == 0);
	ok(file_remove_tree_at(AT_FDCWD, work, &err) == 0);
}

static void test_errors(void)
{
	char *lower[] = { (char *)"/no/such/layer" };
	char *many[100];
	struct overlay overlay = { .lower = lower, .n_lower = 1, .upper = "/no/upper",
				   .work = "/no/work", .base = scratch };
	struct error err = ERROR_INIT;
	char here[4096], there[4096];

	ok(getcwd(here, sizeof(here)) != NULL);
	ok_named(overlay_mount(&overlay, &err) < 0 && strstr(err.msg, "/no/such/layer"), "%s",
		 err.msg);
	ok_named(overlay_mount_by_page(&overlay, &err) < 0, "%s", err.msg);
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = (char *)"/a/path/that/has/some/fifty/bytes/in/it/so/that/a/page/is/full";
	overlay.lower = many;
	overlay.n_lower = ARRAY_SIZE(many);
	ok_named(overlay_mount_by_page(&overlay, &err) == -E2BIG, "%s", err.msg);
	ok(getcwd(there, sizeof(there)) != NULL);
	ok_str(there, here);
}

int main(void)
{
	scratch = test_scratch();
	make_layers();
	test_lower();
	test_mount(overlay_mount);
	test_mount(overlay_mount_by_page);
	test_errors();
	for (int i = 0; i < N_LAYERS; i++)
		fd_close(&layer_fds[i]);
	(void)umount2(scratch, MNT_DETACH);
	(void)rmdir(scratch);
	return tap_done();
}
