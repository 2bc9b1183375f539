/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every case is applied twice, as a flat tree and as overlay directories; what
 * overlayfs shows of the latter must be the flat tree.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "tests/unit/layers.h"
#include "tests/unit/tap.h"

enum { MAX_LAYERS = 4, MAX_ENTRIES = 16 };

struct test_case {
	const char *name;
	struct test_entry layers[MAX_LAYERS][MAX_ENTRIES];
	/* What is in the end, without times; or the error of the last layer. */
	const char *tree, *error;
	/* The same with times, without the root. */
	const char *times;
};

/* The revision 2 of security.capability, capabilities(7). */
#define CAP_NET_RAW_EP "\1\0\0\2\0\40\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

static const char *scratch;

static const struct test_case cases[] = {
	{
		.name = "types and attributes",
		.layers = { {
			{ 'd', "./", .mode = 0711 },
			{ 'd', "./a/", .mode = 01777, .uid = 5, .gid = 6 },
			{ 'f', "/a/suid", "x", .mode = 06755, .uid = 3000000, .gid = 7 },
			{ 'l', "a/link", "/etc/passwd", .uid = 9 },
			{ 'c', "null", .mode = 0666, .major = 1, .minor = 3 },
			{ 'b', "disk", .mode = 0660, .gid = 6, .major = 8, .minor = 1 },
			{ 'p', "pipe", .mode = 0600 },
			{ 'h', "a/hard", "./a/suid" },
			{ 'h', "a/hardlink-to-link", "a/link" },
			{ 'f', "xattr", "y", .xattr = "user.name", .xattr_value = "value" },
			{ 'f', "caps", "y", .uid = 1, .mode = 0755, .xattr = "security.capability",
			  .xattr_value = CAP_NET_RAW_EP, .xattr_size = sizeof(CAP_NET_RAW_EP) - 1 },
		} },
		.tree = "d 711 0:0 .\n"
			"d 1777 5:6 a\n"
			"f 6755 3000000:7 a/hard \"x\"\n"
			"l 777 9:0 a/hardlink-to-link -> /etc/passwd\n"
			"l 777 9:0 a/link =a/hardlink-to-link\n"
			"f 6755 3000000:7 a/suid =a/hard\n"
			"f 755 1:0 caps \"y\"\n"
			"b 660 0:6 disk 8:1\n"
			"c 666 0:0 null 1:3\n"
			"p 600 0:0 pipe\n"
			"f 644 0:0 xattr \"y\" user.name=value\n",
	},
	{
		.name = "times",
		.layers = { {
			{ 'd', "d", .mtime = 1000, .mtime_nsec = 5 },
			/* libarchive writes that as "-2.25", which means 3 seconds less 0.75. */
			{ 'f', "d/f", "x", .mtime = -2, .mtime_nsec = 250000000 },
			{ 'l', "l", "x", .mtime = 3000000000, .mtime_nsec = 123456789 },
			{ 'd', "e", .mtime = 7 }, { 'd', "g", .mtime = 8 },
		}, {
			{ 'f', "d/new", "n", .mtime = 9 }, { 'f', "e/.wh.x" }, { 'd', "g" },
			{ 'f', "g/x", "x" }, { 'd', "g", .mtime = 10 },
		} },
		.tree = "d 755 0:0 .\nd 755 0:0 d\nf 644 0:0 d/f \"x\"\nf 644 0:0 d/new \"n\"\n"
			"d 755 0:0 e\nd 755 0:0 g\nf 644 0:0 g/x \"x\"\nl 777 0:0 l -> x\n",
		.times = "d 755 0:0 1000.000000005 d\nf 644 0:0 -3.750000000 d/f \"x\"\n"
			 "f 644 0:0 9.000000000 d/new \"n\"\nd 755 0:0 7.000000000 e\n"
			 "d 755 0:0 10.000000000 g\nf 644 0:0 0.000000000 g/x \"x\"\n"
			 "l 777 0:0 3000000000.123456789 l -> x\n",
	},
	{
		.name = "times of directories that entries come back to, also through links",
		.layers = { {
			{ 'd', "d", .mtime = 1 }, { 'd', "d/sub", .mtime = 2 },
			{ 'd', "e", .mtime = 3 }, { 'f', "d/sub/x", "x" }, { 'f', "e/x", "x" },
			{ 'f', "d/x", "x" }, { 'l', "to", "d/sub", .mtime = 4 },
			{ 'f', "e/y", "y" }, { 'f', "to/y", "y" }, { 'f', "to/z", "z" },
			{ 'h', "e/hard", "d/x" }, { 'f', "d/y", "y" },
		}, {
			{ 'f', "e/z", "z" }, { 'f', "d/sub/.wh.x" }, { 'f', "e/.wh.x" },
			{ 'f', "d/sub/new", "n" }, { 'h', "e/link", "d/sub/y" },
			{ 'f', "d/new", "n" }, { 'd', "e", .mtime = 5 }, { 'f', "e/.wh.y" },
		} },
		.tree = "d 755 0:0 .\nd 755 0:0 d\nf 644 0:0 d/new \"n\"\nd 755 0:0 d/sub\n"
			"f 644 0:0 d/sub/new \"n\"\nf 644 0:0 d/sub/y \"y\"\n"
			"f 644 0:0 d/sub/z \"z\"\nf 644 0:0 d/x \"x\"\nf 644 0:0 d/y \"y\"\n"
			"d 755 0:0 e\nf 644 0:0 e/hard =d/x\nf 644 0:0 e/link =d/sub/y\n"
			"f 644 0:0 e/z \"z\"\nl 777 0:0 to -> d/sub\n",
		.times = "d 755 0:0 1.000000000 d\nf 644 0:0 0.000000000 d/new \"n\"\n"
			 "d 755 0:0 2.000000000 d/sub\nf 644 0:0 0.000000000 d/sub/new \"n\"\n"
			 "f 644 0:0 0.000000000 d/sub/y \"y\"\nf 644 0:0 0.000000000 d/sub/z \"z\"\n"
			 "f 644 0:0 0.000000000 d/x \"x\"\nf 644 0:0 0.000000000 d/y \"y\"\n"
			 "d 755 0:0 5.000000000 e\nf 644 0:0 0.000000000 e/hard =d/x\n"
			 "f 644 0:0 0.000000000 e/link =d/sub/y\n"
			 "f 644 0:0 0.000000000 e/z \"z\"\n"
			 "l 777 0:0 4.000000000 to -> d/sub\n",
	},
	{
		.name = "whiteouts know what is the layer's own, in new directories and in old ones",
		.layers = { {
			{ 'f', "old/a", "1" }, { 'f', "old/b", "1" }, { 'f', "old/sub/a", "1" },
		}, {
			{ 'f', "old/b", "2" }, { 'f', "old/new/sub/x", "2" }, { 'f', "old/sub/b", "2" },
			{ 'd', "new" }, { 'f', "new/sub/x", "2" }, { 'f', "new/.wh.sub" },
			{ 'f', "new/.wh..wh..opq" }, { 'f', "old/.wh..wh..opq" },
			{ 'f', "old/new/.wh.sub" }, { 'f', "old/.wh.b" },
		} },
		.tree = "d 755 0:0 .\nd 755 0:0 new\nd 755 0:0 new/sub\nf 644 0:0 new/sub/x \"2\"\n"
			"d 755 0:0 old\nf 644 0:0 old/b \"2\"\nd 755 0:0 old/new\n"
			"d 755 0:0 old/new/sub\nf 644 0:0 old/new/sub/x \"2\"\n"
			"d 755 0:0 old/sub\nf 644 0:0 old/sub/b \"2\"\n",
	},
	{
		.name = "set-gid directories and missing parents",
		.layers = { {
			{ 'd', "mail", .mode = 02775, .gid = 8 },
			{ 'f', "mail/root", "x", .mode = 0600 },
			{ 'd', "mail/sub", .mode = 0700 },
			{ 'f', "mail/other/deep", "x" },
		} },
		.tree = "d 755 0:0 .\nd 2775 0:8 mail\nd 755 0:0 mail/other\n"
			"f 644 0:0 mail/other/deep \"x\"\nf 600 0:0 mail/root \"x\"\n"
			"d 700 0:0 mail/sub\n",
	},
	{
		.name = "a whiteout deletes, before or after its siblings",
		.layers = { {
			{ 'f', "d/one", "1" }, { 'f', "d/two", "2" }, { 'd', "gone/x" },
		}, {
			{ 'f', "d/.wh.one" }, { 'f', "d/new", "n" }, { 'f', "d/.wh.missing" },
			{ 'f', ".wh.gone" }, { 'f', "nowhere/.wh.x" },
		} },
		.tree = "d 755 0:0 .\nd 755 0:0 d\nf 644 0:0 d/new \"n\"\nf 644 0:0 d/two \"2\"\n",
	},
	{
		.name = "a whiteout spares what its own layer brought before it",
		.layers = { {
			{ 'f', "f", "old" }, { 'f', "d/old", "o" }, { 'f', "e/old", "o" },
		}, {
			{ 'f', "f", "new" }, { 'f', ".wh.f" },
			{ 'd', "d" }, { 'f', "d/new", "n" }, { 'f', ".wh.d" },
			{ 'f', "e/new", "n" }, { 'f', ".wh.e" },
		} },
		.tree = "d 755 0:0 .\nd 755 0:0 d\nf 644 0:0 d/new \"n\"\nd 755 0:0 e\n"
			"f 644 0:0 e/new \"n\"\nf 644 0:0 f \"new\"\n",
	},
	{
		.name = "a whiteout and then something in its place",
		.layers = { {
			{ 'f', "f", "old" }, { 'd', "d", .mode = 0700, .uid = 3 },
			{ 'f', "d/old", "o" }, { 'f', "e/old", "o" },
		}, {
			{ 'f', ".wh.f" }, { 'f', "f", "new" },
			{ 'f', ".wh.d" }, { 'f', "d/new", "n" },
			{ 'f', ".wh.e" }, { 'd', "e" },
		} },
		.tree = "d 755 0:0 .\nd 755 0:0 d\nf 644 0:0 d/new \"n\"\nd 755 0:0 e\n"
			"f 644 0:0 f \"new\"\n",
	},
	{
		.name = "opaque, before and after",
		.layers = { {
			{ 'f', "a/old", "o" }, { 'f', "a/sub/old", "o" },
			{ 'f', "b/old", "o" }, { 'f', "b/sub/old", "o" },
			{ 'f', "c/old", "o" },
		}, {
			{ 'f', "a/.wh..wh..opq" }, { 'f', "a/new", "n" }, { 'f', "a/.wh.old" },
			{ 'f', "a/sub/new", "n" },
			{ 'f', "b/new", "n" }, { 'f', "b/sub/new", "n" }, { 'f', "b/.wh.old" },
			{ 'f', "b/sub/.wh.old" }, { 'f', "b/.wh..wh..opq" },
			{ 'd', "c", .mode = 0700 }, { 'f', "c/.wh..wh..opq" },
			{ 'f', "no/.wh..wh..opq" },
		} },
		.tree = "d 755 0:0 .\nd 755 0:0 a\nf 644 0:0 a/new \"n\"\nd 755 0:0 a/sub\n"
			"f 644 0:0 a/sub/new \"n\"\nd 755 0:0 b\nf 644 0:0 b/new \"n\"\n"
			"d 755 0:0 b/sub\nf 644 0:0 b/sub/new \"n\"\nd 700 0:0 c\n",
	},
	{
		.name = "a directory that only whiteouts needed goes with its own whiteout",
		.layers = { {
			{ 'f', "d/e/x", "o" }, { 'f', "d/y", "o" }, { 'f', "k", "k" },
		}, {
			{ 'f', "d/e/.wh.x" }, { 'f', ".wh.d" },
		} },
		.tree = "d 755 0:0 .\nf 644 0:0 k \"k\"\n",
	},
	{
		.name = "a directory the layer does not name keeps its attributes",
		.layers = { {
			{ 'd', "d", .mode = 01770, .uid = 4, .gid = 5 , .xattr = "user.a",
			  .xattr_value = "b" },
			{ 'd', ".", .mode = 0750, .gid = 3 },
		}, {
			{ 'f', "d/new", "n" },
		}, {
			{ 'f', "d/.wh.new" },
		} },
		.tree = "d 750 0:3 .\nd 1770 4:5 d user.a=b\n",
	},
	{
		.name = "a directory over a directory has its own attributes only",
		.layers = { {
			{ 'd', "d", .mode = 0700, .uid = 4, .xattr = "user.a", .xattr_value = "b" },
			{ 'f', "d/x", "x" },
		}, {
			{ 'd', "d", .mode = 0755 },
		} },
		.tree = "d 755 0:0 .\nd 755 0:0 d\nf 644 0:0 d/x \"x\"\n",
	},
	{
		.name = "other types in each other's place",
		.layers = { {
			{ 'f', "f-to-d", "x" }, { 'f', "d-to-f/x/y", "x" }, { 'l', "l-to-d", "real" },
			{ 'd', "real" }, { 'd', "d-to-l" }, { 'f', "d-to-l/x", "x" },
		}, {
			{ 'd', "f-to-d" }, { 'f', "f-to-d/x", "x" }, { 'f', "d-to-f", "f" },
			{ 'd', "l-to-d" }, { 'f', "l-to-d/z", "z" }, { 'l', "d-to-l", "real" },
		} },
		.tree = "d 755 0:0 .\nf 644 0:0 d-to-f \"f\"\nl 777 0:0 d-to-l -> real\n"
			"d 755 0:0 f-to-d\nf 644 0:0 f-to-d/x \"x\"\nd 755 0:0 l-to-d\n"
			"f 644 0:0 l-to-d/z \"z\"\nd 755 0:0 real\n",
	},
	{
		.name = "a link of a layer below is replaced, a link of the same layer is followed",
		.layers = { {
			{ 'd', "real" }, { 'l', "below", "real" },
		}, {
			{ 'f', "below/z", "z" }, { 'f', "below/.wh.q" },
			{ 'l', "same", "/../real" }, { 'f', "same/z", "z" },
		} },
		.tree = "d 755 0:0 .\nd 755 0:0 below\nf 644 0:0 below/z \"z\"\nd 755 0:0 real\n"
			"f 644 0:0 real/z \"z\"\nl 777 0:0 same -> /../real\n",
	},
	{
		.name = "a whiteout through a link of a layer below hides nothing",
		.layers = { {
			{ 'f', "real/q", "q" }, { 'l', "below", "real" },
		}, {
			{ 'f', "below/.wh.q" },
		} },
		.tree = "d 755 0:0 .\nl 777 0:0 below -> real\nd 755 0:0 real\n"
			"f 644 0:0 real/q \"q\"\n",
	},
	{
		.name = "links out of the root stay inside",
		.layers = { {
			{ 'l', "abs", "/tmp/nothing-here/outside" }, { 'f', "abs/x", "x" },
			{ 'l', "up", "../../../up" }, { 'f', "up/x", "x" },
		} },
		.tree = "d 755 0:0 .\nl 777 0:0 abs -> /tmp/nothing-here/outside\nd 755 0:0 tmp\n"
			"d 755 0:0 tmp/nothing-here\nd 755 0:0 tmp/nothing-here/outside\n"
			"f 644 0:0 tmp/nothing-here/outside/x \"x\"\n",
		/* "up" is a link to itself. */
		.error = "layer test: up/x: up: too many levels of symbolic links",
	},
	{
		.name = "hard links to layers below and over themselves",
		.layers = { {
			{ 'f', "d/file", "x", .mode = 0600, .uid = 2, .xattr = "user.a",
			  .xattr_value = "b" },
			{ 'd', "d", .mode = 0700 }, { 'l', "sym", "t" },
		}, {
			{ 'h', "link", "d/file" }, { 'h', "link", "link" },
			{ 'h', "sym2", "sym" },
		} },
		.tree = "d 755 0:0 .\nd 700 0:0 d\nf 600 2:0 d/file \"x\" user.a=b\n"
			"f 600 2:0 link =d/file\nl 777 0:0 sym -> t\nl 777 0:0 sym2 =sym\n",
	},
	{
		.name = "what a hard link only borrowed can be whited out, and is not followed",
		.layers = { {
			{ 'f', "a/x", "x" }, { 'f', "b/c/d", "d" }, { 'l', "abs", "/out" },
		}, {
			{ 'h', "x2", "a/x" }, { 'f', "a/.wh.x" },
			{ 'h', "d2", "b/c/d" }, { 'f', "b/.wh.c" },
			{ 'h', "abs2", "abs" }, { 'f', "abs/z", "z" },
		} },
		.tree = "d 755 0:0 .\nd 755 0:0 a\nd 755 0:0 abs\nf 644 0:0 abs/z \"z\"\n"
			"l 777 0:0 abs2 -> /out\nd 755 0:0 b\nf 644 0:0 d2 \"d\"\n"
			"f 644 0:0 x2 \"x\"\n",
	},
	{
		.name = "an opaque root",
		.layers = { {
			{ 'f', "a", "old" }, { 'f', "d/old", "o" }, { 'f', "e/old", "o" },
			{ 'f', "keep/old", "o" },
		}, {
			{ 'f', "keep/new", "n" }, { 'f', "b", "b" }, { 'f', ".wh..wh..opq" },
			{ 'f', "d/new", "n" }, { 'd', "e" },
		} },
		.tree = "d 755 0:0 .\nf 644 0:0 b \"b\"\nd 755 0:0 d\nf 644 0:0 d/new \"n\"\n"
			"d 755 0:0 e\nd 755 0:0 keep\nf 644 0:0 keep/new \"n\"\n",
	},
	{
		.name = "the last of two entries counts",
		.layers = { {
			{ 'f', "f", "one", .mode = 0600 }, { 'f', "f", "2" },
			{ 'f', "x", "x" }, { 'd', "x" }, { 'd', "y" }, { 'f', "y/z" }, { 'l', "y", "f" },
		} },
		.tree = "d 755 0:0 .\nf 644 0:0 f \"2\"\nd 755 0:0 x\nl 777 0:0 y -> f\n",
	},
	{
		.name = "a file between two directories hides the first for good",
		.layers = { {
			{ 'f', "d/old", "o" },
		}, {
			{ 'd', "d" }, { 'f', "d", "f" }, { 'd', "d" },
		} },
		.tree = "d 755 0:0 .\nd 755 0:0 d\n",
	},
	{
		.name = "overlay's own xattrs do not come in",
		.layers = { {
			{ 'd', "d", .xattr = "trusted.overlay.opaque", .xattr_value = "y" },
			{ 'd', "e", .xattr = "user.overlay.opaque", .xattr_value = "y" },
		} },
		.tree = "d 755 0:0 .\nd 755 0:0 d\nd 755 0:0 e\n",
	},
	{
		.name = "names are bytes",
		.layers = { {
			{ 'f', "caf\xc3\xa9", "utf-8" }, { 'f', "caf\xe9", "latin-1" },
			{ 'f', "new\nline", "" },
			{ 'f', "a-name-that-is-longer-than-the-hundred-bytes-of-an-old-header-"
			       "and-so-needs-an-extended-one-which-is-pax", "x" },
			{ 'l', "l\xe9", "t\xff" },
		} },
		.tree = "d 755 0:0 .\n"
			"f 644 0:0 a-name-that-is-longer-than-the-hundred-bytes-of-an-old-header-"
			"and-so-needs-an-extended-one-which-is-pax \"x\"\n"
			"f 644 0:0 caf\xc3\xa9 \"utf-8\"\nf 644 0:0 caf\xe9 \"latin-1\"\n"
			"l 777 0:0 l\xe9 -> t\xff\nf 644 0:0 new\nline \"\"\n",
	},
	{
		.name = "AUFS's bookkeeping is skipped",
		.layers = { {
			{ 'd', ".wh..wh.plnk" }, { 'f', ".wh..wh.plnk/1.2", "x" },
			{ 'f', ".wh..wh.aufs", "x" },
		} },
		.tree = "d 755 0:0 .\n",
	},
	{ .name = "..", .layers = { { { 'f', "a/../../b", "x" } } },
	  .error = "layer test: a/../../b: \"..\" in a name is refused" },
	{ .name = "the root as a link", .layers = { { { 'l', ".", "x" } } },
	  .error = "layer test: .: the root can only be a directory" },
	{ .name = "the root as a file", .layers = { { { 'f', ".", "x" } } },
	  .error = "layer test: .: the root can only be a directory" },
	{ .name = "the root as a hard link", .layers = { { { 'h', "/", "x" } } },
	  .error = "layer test: /: the root can only be a directory" },
	{ .name = "a hard link out", .layers = { { { 'h', "x", "../../etc/hostname" } } },
	  .error = "layer test: x: hard link to \"../../etc/hostname\": \"..\" in a name is "
		   "refused" },
	{ .name = "a hard link to nothing", .layers = { { { 'h', "x", "etc/nothing" } } },
	  .error = "layer test: x: hard link to \"etc/nothing\": No such file or directory" },
	{ .name = "a hard link to a directory", .layers = { { { 'd', "d" }, { 'h', "x", "d" } } },
	  .error = "layer test: x: hard link to \"d\", a directory" },
	{ .name = "a hard link to what is hidden",
	  .layers = { { { 'f', "f" } }, { { 'f', ".wh.f" }, { 'h', "x", "f" } } },
	  .error = "layer test: x: hard link to \"f\"" },
	{ .name = "a whiteout of nothing", .layers = { { { 'f', "d/.wh." } } },
	  .error = "layer test: d/.wh.: not a whiteout of anything that can have a name" },
	{ .name = "a whiteout of .", .layers = { { { 'f', ".wh.." } } },
	  .error = "layer test: .wh..: not a whiteout of anything that can have a name" },
	{ .name = "a whiteout of ..", .layers = { { { 'f', ".wh..." } } },
	  .error = "layer test: .wh...: not a whiteout of anything that can have a name" },
	{ .name = "below a whiteout", .layers = { { { 'f', ".wh.a/b" } } },
	  .error = "layer test: .wh.a/b: not a whiteout of anything that can have a name" },
	{ .name = "device 0:0", .layers = { { { 'c', "d" } } },
	  .error = "layer test: d: a character device 0:0 would hide a file instead" },
};

/* A directory below the scratch space, made; its path. */
static char *make_dir(const char *name)
{
	char *path = xasprintf("%s/%s", scratch, name);

	(void)mkdir(path, 0755);
	return path;
}

static int apply(const struct strbuf *tar, int dir_fd, enum layer_shape shape, const int *lower,
		 size_t n_lower, struct error *err)
{
	struct layer_target target = {
		.fd = dir_fd, .shape = shape, .lower_fds = lower, .n_lower = n_lower,
	};
	struct test_source source;

	test_source_init(&source, tar, 700);
	return layer_apply(&source.source, &target, NULL, NULL, err);
}

static int open_dir(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int apply_flat(const struct test_case *c, const char *path, struct error *err)
{
	cleanup_close int fd = open_dir(path);
	int r = 0;

	for (int i = 0; r == 0 && i < MAX_LAYERS && c->layers[i][0].name; i++) {
		cleanup_strbuf struct strbuf tar = STRBUF_INIT;

		test_make_tar(c->layers[i], &tar);
		r = apply(&tar, fd, LAYER_FLAT, NULL, 0, err);
	}
	return r;
}

/* Leaves the layers in L0, L1... and mounts them at PATH. */
static int apply_overlay(const struct test_case *c, const char *path, struct error *err)
{
	cleanup_strbuf struct strbuf lowerdir = STRBUF_INIT;
	int fds[MAX_LAYERS], n = 0, r = 0;

	for (int i = 0; r == 0 && i < MAX_LAYERS && c->layers[i][0].name; i++) {
		cleanup_strbuf struct strbuf tar = STRBUF_INIT;
		char name[8];
		cleanup_free char *dir = NULL;

		(void)snprintf(name, sizeof(name), "L%d", i);
		dir = make_dir(name);
		fds[MAX_LAYERS - ++n] = open_dir(dir);
		test_make_tar(c->layers[i], &tar);
		r = apply(&tar, fds[MAX_LAYERS - n], LAYER_OVERLAY, fds + MAX_LAYERS - n + 1,
			  (size_t)n - 1, err);
	}
	for (int i = 0; i < n; i++) {
		strbuf_addf(&lowerdir, "%s%s/L%d", i ? ":" : "lowerdir=", scratch, n - 1 - i);
		fd_close(&fds[MAX_LAYERS - n + i]);
	}
	free(make_dir("none"));
	/* A second directory, since overlayfs wants two without an upper one. */
	strbuf_addf(&lowerdir, ":%s/none", scratch);
	if (r == 0 && mount("overlay", path, "overlay", MS_RDONLY, lowerdir.buf) < 0)
		return error_sys(err, "mount", "%s", lowerdir.buf);
	return r;
}

static void test_shape(const struct test_case *c, enum layer_shape shape, struct strbuf *told)
{
	cleanup_free char *path = make_dir("merged");
	struct error err = ERROR_INIT;
	int r = shape == LAYER_FLAT ? apply_flat(c, path, &err) : apply_overlay(c, path, &err);
	const char *shape_name = shape == LAYER_FLAT ? "flat" : "overlay";

	if (c->error)
		ok_named(r < 0 && str_skip_prefix(err.msg, c->error), "%s, %s: refused: %s", c->name,
			 shape_name, err.msg);
	else
		ok_named(r == 0, "%s, %s: applied %s", c->name, shape_name, err.msg);
	if (r == 0) {
		cleanup_strbuf struct strbuf plain = STRBUF_INIT;

		test_tell_tree(path, true, told);
		test_tell_tree(path, false, &plain);
		if (!streq(c->name, "types and attributes"))
			ok_str(plain.buf, c->tree);
		else
			ok(strstr(plain.buf, "security.capability=") != NULL);
	}
	(void)umount2(path, MNT_DETACH);
}

static void clean_scratch(void)
{
	static const char *const names[] = { "merged", "none", "L0", "L1", "L2", "L3" };
	cleanup_close int fd = open_dir(scratch);
	struct error err = ERROR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)file_remove_tree_at(fd, names[i], &err);
}

static void test_case(const struct test_case *c)
{
	cleanup_strbuf struct strbuf flat = STRBUF_INIT, overlay = STRBUF_INIT;
	int before = tap_count_fds();

	test_shape(c, LAYER_FLAT, &flat);
	clean_scratch();
	test_shape(c, LAYER_OVERLAY, &overlay);
	clean_scratch();
	/* With the times, but for the root's, which only some layers set. */
	if (!c->error)
		ok_str(strchr(overlay.buf, '\n'), strchr(flat.buf, '\n'));
	if (c->times)
		ok_str(strchr(flat.buf, '\n') + 1, c->times);
	ok_named(tap_count_fds() == before, "%s: no fd is left", c->name);
}

int main(void)
{
	scratch = test_scratch();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		test_case(&cases[i]);
	(void)umount2(scratch, MNT_DETACH);
	(void)rmdir(scratch);
	return tap_done();
}
