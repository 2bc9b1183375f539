/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tap.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "image/path-set.h"

enum { MANY = 200000 };

static const char *name(int i, char buf[128])
{
	(void)snprintf(buf, 128, "usr/share/a-package-with-a-long-name-%d/doc/file-%d", i / 50, i);
	return buf;
}

static void test_members(void)
{
	struct path_set set = { 0 };

	ok(!path_set_has(&set, "a"));
	path_set_remove(&set, "a");
	path_set_add(&set, "a/b");
	path_set_add(&set, "a/b");
	ok(path_set_has(&set, "a/b") && path_set_has_n(&set, "a/bc", 3));
	ok(!path_set_has(&set, "a") && !path_set_has(&set, "") && !path_set_has(&set, "a/b/"));
	ok(path_set_has_parent(&set, "a/b/c") && path_set_has_parent(&set, "a/b/c/d"));
	ok(!path_set_has_parent(&set, "a/b") && !path_set_has_parent(&set, "a/bc/d"));
	path_set_remove(&set, "a/b");
	ok(!path_set_has(&set, "a/b"));
	path_set_add(&set, "");
	ok(path_set_has(&set, "") && path_set_has_parent(&set, "x"));
	ok(!path_set_has_parent(&set, ""));
	path_set_release(&set);
	ok(!path_set_has(&set, ""));
}

static void test_many(void)
{
	size_t before = mallinfo2().uordblks, used;
	struct path_set set = { 0 };
	char buf[128];
	int n = 0;

	for (int i = 0; i < MANY; i += 2)
		path_set_add(&set, name(i, buf));
	for (int i = 0; i < MANY; i++)
		n += path_set_has(&set, name(i, buf)) == (i % 2 == 0);
	ok_int(n, MANY);
	for (int i = 0; i < MANY; i += 4)
		path_set_remove(&set, name(i, buf));
	n = 0;
	for (int i = 0; i < MANY; i++)
		n += path_set_has(&set, name(i, buf)) == (i % 4 == 2);
	ok_int(n, MANY);
	path_set_release(&set);

	/* The table of buckets, and with so few a step of growth in each. */
	for (int i = 0; i < MANY; i++)
		path_set_add(&set, name(i, buf));
	used = mallinfo2().uordblks + mallinfo2().hblkhd - before;
	ok_named(used < 65536 * (16 + 80) + MANY * 8, "%d paths need %zu bytes", MANY, used);
	path_set_release(&set);
}

/* Nobody can know which paths meet: each set has a key of its own. */
static void test_key(void)
{
	struct path_set a = { 0 }, b = { 0 };

	path_set_add(&a, "x");
	path_set_add(&b, "x");
	ok(memcmp(a.key, b.key, sizeof(a.key)) != 0);
	path_set_release(&a);
	path_set_release(&b);
}

int main(void)
{
	test_members();
	test_many();
	test_key();
	return tap_done();
}
