/* SPDX-License-Identifier: Apache-2.0 */
/* From image configs to config.json. */
#include "tests/unit/tap.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mem.h"
#include "image/bundle.h"
#include "image/bundle-user.h"
#include "image/document.h"

static const char passwd_text[] = "root:x:0:0:root:/root:/bin/sh\n"
				  "www:x:33:33::/srv/www:/bin/sh\n"
				  "1000:x:7:8::/odd:/bin/sh\n"
				  "nohome:x:50:50:::\n";
static const char group_text[] = "root:x:0:root\nwww:x:33:\nextra:x:44:other,www\nmore:x:45:www\n";

static const struct {
	const char *user;
	/* "uid:gid[+gid...] home", or a piece of the error after "!". */
	const char *want;
} users[] = {
	{ NULL, "0:0 /root" },
	{ "", "0:0 /root" },
	{ "root", "0:0 /root" },
	{ "www", "33:33+44+45 /srv/www" },
	{ "33", "33:33+44+45 /srv/www" },
	{ "www:extra", "33:44 /srv/www" },
	{ "www:0", "33:0 /srv/www" },
	{ "5", "5:0 /" },
	{ "5:6", "5:6 /" },
	{ "5:more", "5:45 /" },
	/* A name wins over a number. */
	{ "1000", "7:8 /odd" },
	{ "nohome", "50:50 /" },
	{ "4294967294", "4294967294:0 /" },
	{ "nosuch", "!\"nosuch\": no such user" },
	{ "www:nosuch", "!no group \"nosuch\"" },
	{ ":5", "!neither a user nor" },
	{ "5:", "!neither a user nor" },
	{ "-1", "!no such user" },
	{ "4294967295", "!no such user" },
};

static void test_users(int rootfs_fd)
{
	for (size_t i = 0; i < ARRAY_SIZE(users); i++) {
		cleanup_strbuf struct strbuf got = STRBUF_INIT;
		struct oci_arena arena = OCI_ARENA_INIT;
		struct error err = ERROR_INIT;
		struct oci_user user;
		const char *home;
		int r = bundle_find_user(rootfs_fd, users[i].user, &arena, &user, &home, &err);

		if (r < 0) {
			ok_named(users[i].want[0] == '!' && strstr(err.msg, users[i].want + 1),
				 "%s: %s", users[i].user, err.msg);
		} else {
			strbuf_addf(&got, "%u:%u", user.uid, user.gid);
			for (size_t g = 0; g < user.n_additional_gids; g++)
				strbuf_addf(&got, "+%u", user.additional_gids[g]);
			strbuf_addf(&got, " %s", home);
			ok_str(got.buf, users[i].want);
		}
		oci_arena_release(&arena);
	}
}

#define IMAGE(config, more) \
	"{\"architecture\":\"amd64\",\"os\":\"linux\"," more                               \
	"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]},\"config\":" config "}"

static const struct {
	const char *image;
	const char *command[3];
	bool terminal;
	/* A piece of config.json; or, after "!", of the error. */
	const char *has;
} conversions[] = {
	{ IMAGE("{\"Entrypoint\":[\"a\"],\"Cmd\":[\"b\",\"c\"]}", ""), { NULL }, false,
	  "\"args\":[\"a\",\"b\",\"c\"]" },
	{ IMAGE("{\"Entrypoint\":[\"a\"],\"Cmd\":[\"b\",\"c\"]}", ""), { "x" }, false,
	  "\"args\":[\"a\",\"x\"]" },
	{ IMAGE("{\"Cmd\":[\"b\"]}", ""), { "x", "y" }, false, "\"args\":[\"x\",\"y\"]" },
	{ IMAGE("{}", ""), { NULL }, false, "!neither Entrypoint nor Cmd" },
	{ IMAGE("{\"Cmd\":[\"b\"],\"Env\":[\"HOME=\",\"PATH=/p\",\"X\"]}", ""), { NULL }, true,
	  "\"env\":[\"HOME=\",\"PATH=/p\",\"X\",\"TERM=xterm\"]" },
	{ IMAGE("{\"Cmd\":[\"b\"],\"User\":\"www\",\"Env\":[\"HOMER=1\"]}", ""), { NULL }, false,
	  "\"env\":[\"HOMER=1\",\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\","
	  "\"HOME=/srv/www\"]" },
	{ IMAGE("{\"Cmd\":[\"b\"]}", ""), { NULL }, false, "\"cwd\":\"/\"" },
	{ IMAGE("{\"Cmd\":[\"b\"],\"WorkingDir\":\"app\"}", ""), { NULL }, false,
	  "\"cwd\":\"/app\"" },
	{ IMAGE("{\"Cmd\":[\"b\"],\"User\":\"www\"}", ""), { NULL }, false,
	  "\"additionalGids\":[44,45]" },
	{ IMAGE("{\"Cmd\":[\"b\"],\"StopSignal\":\"SIGINT\",\"ExposedPorts\":{\"1/tcp\":{},"
		"\"2/udp\":{}},\"Labels\":{\"org.opencontainers.image.os\":\"mine\"}}",
		"\"author\":\"me\",\"variant\":\"v2\",\"os.features\":[\"a\",\"b\"],"),
	  { NULL }, false,
	  "\"annotations\":{\"org.opencontainers.image.architecture\":\"amd64\","
	  "\"org.opencontainers.image.variant\":\"v2\","
	  "\"org.opencontainers.image.os.features\":\"a,b\","
	  "\"org.opencontainers.image.author\":\"me\","
	  "\"org.opencontainers.image.stopSignal\":\"SIGINT\","
	  "\"org.opencontainers.image.exposedPorts\":\"1/tcp,2/udp\","
	  "\"org.opencontainers.image.os\":\"mine\"}" },
};

/* The document on one line, or NULL and the error. */
static char *convert(int rootfs_fd, size_t i, struct error *err)
{
	struct oci_arena arena = OCI_ARENA_INIT;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct oci_image_config image;
	struct bundle_request request = {
		.image = &image,
		.command = conversions[i].command[0] ? (char *const *)conversions[i].command : NULL,
		.rootfs_fd = rootfs_fd,
		.rootfs = "rootfs",
		.terminal = conversions[i].terminal,
	};
	struct oci_config config;
	char *json = NULL;
	size_t len;
	int r;

	strbuf_adds(&text, conversions[i].image);
	r = document_read(&arena, &oci_image_config_object, &text, "image", &image, err);
	if (r == 0)
		r = bundle_convert(&request, &arena, &config, err);
	if (r == 0)
		(void)document_write(&oci_config_object, &config, 0, &json, &len, err);
	oci_arena_release(&arena);
	return json;
}

static void test_conversions(int rootfs_fd)
{
	for (size_t i = 0; i < ARRAY_SIZE(conversions); i++) {
		struct error err = ERROR_INIT;
		cleanup_free char *json = convert(rootfs_fd, i, &err);
		const char *has = conversions[i].has;

		if (*has == '!')
			ok_named(!json && strstr(err.msg, has + 1), "refused: %s", err.msg);
		else
			ok_named(json && strstr(json, has), "%s: %s", conversions[i].image,
				 json && strstr(json, has) ? "as wanted" : json ? json : err.msg);
	}
}

static void test_seccomp(void)
{
	const struct oci_seccomp *profile = bundle_seccomp();
	char **names = profile->syscalls[0].names;
	bool sorted = true;

	ok(profile->default_action == OCI_SECCOMP_ACTION_ERRNO);
	ok(profile->n_architectures > 0);
	for (size_t i = 1; i < profile->syscalls[0].n_names; i++)
		sorted = sorted && strcmp(names[i - 1] + (names[i - 1][0] == '_'),
					  names[i] + (names[i][0] == '_')) < 0;
	ok_named(sorted, "the names are sorted, and each is there once");
}

int main(void)
{
	char dir[] = "/tmp/test-bundle.XXXXXX";
	cleanup_close int fd = -EBADF;
	struct error err = ERROR_INIT;

	if (!mkdtemp(dir))
		return 1;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)mkdirat(fd, "etc", 0755);
	(void)file_replace_at(fd, "etc/passwd", passwd_text, strlen(passwd_text), 0644, &err);
	(void)file_replace_at(fd, "etc/group", group_text, strlen(group_text), 0644, &err);
	test_users(fd);
	test_conversions(fd);
	test_seccomp();
	ok(file_remove_tree_at(AT_FDCWD, dir, &err) == 0);
	return tap_done();
}
