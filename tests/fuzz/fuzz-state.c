/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.json and the frozen config.json of a container's state directory, separated
 * by a NUL: what "state", "list", "kill" and "delete" read first.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "runtime/container.h"
#include "tests/fuzz/fuzz.h"

/* A tmpfs, where there is one: an input costs microseconds. */
static char root[] = "/dev/shm/fuzz-state-XXXXXX";
static int dir_fd = -EBADF;

static void clean_up(void)
{
	struct error ignored = ERROR_INIT;

	fd_close(&dir_fd);
	(void)file_remove_tree_at(AT_FDCWD, root, &ignored);
}

static void make_root(void)
{
	char path[64];

	DEMAND(mkdtemp(root));
	(void)snprintf(path, sizeof(path), "%s/c", root);
	DEMAND(mkdir(path, 0700) == 0);
	dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DEMAND(dir_fd >= 0);
	(void)atexit(clean_up);
}

static void put(const char *name, const uint8_t *data, size_t size)
{
	int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	DEMAND(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	(void)close(fd);
}

static void look(void)
{
	struct container c = CONTAINER_INIT;
	struct error err = ERROR_INIT;
	enum oci_status status;
	char *state = NULL;
	int pidfd;

	if (container_load(&c, root, "c", &err) < 0) {
		DEMAND(err.msg[0]);
	} else if (container_status(&c, &status, &err) == 0) {
		pidfd = container_open_pidfd(&c, &err);
		fd_close(&pidfd);
		error_clear(&err);
		if (container_state_json(&c, status, (pid_t)c.record.pid, &state, &err) < 0)
			DEMAND(err.msg[0]);
		free(state);
		error_clear(&err);
		if (container_load_config(&c, &err) < 0)
			DEMAND(err.msg[0] && !c.config);
	}
	container_fini(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\0', size);
	size_t n = end ? (size_t)(end - data) : size;

	if (dir_fd < 0)
		make_root();
	put("state.json", data, n);
	put("config.json", data + n + (end ? 1 : 0), size - n - (end ? 1 : 0));
	look();
	return 0;
}
