/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/passwd.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"

/* Far above any honest file, far below what hurts. */
enum { PASSWD_MAX_SIZE = 4 << 20 };

enum { PASSWD_MAX_FIELDS = 7 };

/* 4294967295 is (uid_t)-1, "leave it as it is" to the kernel. */
static bool parse_id(const char *text, uint32_t *out)
{
	uint64_t id;

	if (!str_to_u64(text, UINT32_MAX - 1, &id))
		return false;
	*out = (uint32_t)id;
	return true;
}

/* 1 with the file in SB; 0 when there is none. O_NONBLOCK: a FIFO must not stop us. */
static int read_database(int root_fd, const char *path, struct strbuf *sb, struct error *err)
{
	cleanup_close int fd = path_try_open(root_fd, path, PATH_IN_ROOT,
					     O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	struct stat st;
	int r;

	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0)
		return error_set(err, fd, "open /%s of the container: %s", path, strerror(-fd));
	if (fstat(fd, &st) < 0)
		return error_sys(err, "fstat", "/%s of the container", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, EINVAL, "/%s of the container is not a regular file", path);
	r = file_read_fd(fd, path, PASSWD_MAX_SIZE, sb, err);
	return r < 0 ? error_context(err, "the container's users") : 1;
}

/* Cuts LINE at its colons: the number of fields, the last holds what is left over. */
static size_t split_fields(char *line, char *fields[PASSWD_MAX_FIELDS])
{
	size_t n = 0;

	while (n < PASSWD_MAX_FIELDS) {
		fields[n++] = line;
		line = strchr(line, ':');
		if (!line)
			break;
		*line++ = '\0';
	}
	return n;
}

/* Calls MATCH with each line's fields until it says true. */
typedef bool (*match_fields)(char **fields, size_t n, void *arg);

static int scan(int root_fd, const char *path, match_fields match, void *arg,
		struct error *err)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	int r = read_database(root_fd, path, &sb, err);
	char *rest, *line;

	if (r <= 0)
		return r;
	rest = sb.buf;
	while ((line = strsep(&rest, "\n"))) {
		char *fields[PASSWD_MAX_FIELDS];
		size_t n = split_fields(line, fields);

		if (match(fields, n, arg))
			return 1;
	}
	return 0;
}

struct user_query {
	/* NULL: by uid. */
	const char *name;
	uid_t uid;
	struct passwd_user *out;
};

/* name:password:uid:gid:comment:home:shell */
static bool match_user(char **fields, size_t n, void *arg)
{
	const struct user_query *query = arg;
	struct passwd_user *out = query->out;
	uid_t uid;
	gid_t gid;

	if (n < 4 || !parse_id(fields[2], &uid) || !parse_id(fields[3], &gid))
		return false;
	if (query->name ? !streq(fields[0], query->name) : uid != query->uid)
		return false;
	*out = (struct passwd_user){
		.uid = uid,
		.gid = gid,
		.name = xstrdup(fields[0]),
		.home = xstrdup(n > 5 ? fields[5] : ""),
		.shell = xstrdup(n > 6 ? fields[6] : ""),
	};
	return true;
}

int passwd_find_user(int root_fd, const char *name, struct passwd_user *out,
		     struct error *err)
{
	struct user_query query = { .name = name, .out = out };

	return scan(root_fd, "etc/passwd", match_user, &query, err);
}

int passwd_find_uid(int root_fd, uid_t uid, struct passwd_user *out, struct error *err)
{
	struct user_query query = { .uid = uid, .out = out };

	return scan(root_fd, "etc/passwd", match_user, &query, err);
}

struct group_query {
	const char *name;
	struct passwd_group *out;
};

/* name:password:gid:members */
static bool match_group(char **fields, size_t n, void *arg)
{
	const struct group_query *query = arg;
	gid_t gid;

	if (n < 3 || !streq(fields[0], query->name) || !parse_id(fields[2], &gid))
		return false;
	*query->out = (struct passwd_group){ .gid = gid, .name = xstrdup(fields[0]) };
	return true;
}

int passwd_find_group(int root_fd, const char *name, struct passwd_group *out,
		      struct error *err)
{
	struct group_query query = { .name = name, .out = out };

	return scan(root_fd, "etc/group", match_group, &query, err);
}

struct member_query {
	const char *user;
	gid_t *gids;
	size_t n;
};

static bool is_member(char *members, const char *user)
{
	char *member;

	while ((member = strsep(&members, ",")))
		if (streq(member, user))
			return true;
	return false;
}

static bool collect_group(char **fields, size_t n, void *arg)
{
	struct member_query *query = arg;
	gid_t gid;

	if (n < 4 || !parse_id(fields[2], &gid) || !is_member(fields[3], query->user))
		return false;
	query->gids = xrealloc(query->gids, query->n + 1, sizeof(*query->gids));
	query->gids[query->n++] = gid;
	return false;
}

int passwd_user_groups(int root_fd, const char *user, gid_t **out, size_t *n_out,
		       struct error *err)
{
	struct member_query query = { .user = user };
	int r = scan(root_fd, "etc/group", collect_group, &query, err);

	if (r < 0)
		return r;
	*out = query.gids;
	*n_out = query.n;
	return 0;
}

int passwd_home(int root_fd, uid_t uid, char **out, struct error *err)
{
	struct passwd_user user = { .uid = uid };
	int r = passwd_find_uid(root_fd, uid, &user, err);

	if (r < 0)
		return r;
	*out = r == 1 && user.home[0] ? take_ptr(user.home) : xstrdup("/");
	passwd_user_fini(&user);
	return 0;
}

void passwd_user_fini(struct passwd_user *user)
{
	free(user->name);
	free(user->home);
	free(user->shell);
	*user = (struct passwd_user){ .uid = 0 };
}

void passwd_group_fini(struct passwd_group *group)
{
	free(group->name);
	*group = (struct passwd_group){ .gid = 0 };
}
