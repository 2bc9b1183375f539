/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two layers, one upon the other: the first byte says how they are applied, the
 * second how many blocks of tar the lower one has.  They land on a tmpfs of the
 * target's own, beside a canary: nothing but the trees may change.
 */
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "image/layer-apply.h"
#include "tests/fuzz/fuzz.h"

enum { OVERLAY = 1, KEEP_DIRLINKS = 2, SMALL_PIECES = 4, BLOCK = 512 };

static const struct layer_limits limits = {
	.max_entries = 200, .max_bytes = 1 << 20, .max_depth = 20,
};

struct input {
	const uint8_t *data;
	size_t size, offset, piece;
};

static ssize_t read_piece(void *ctx, const void **data, struct error *err)
{
	struct input *input = ctx;
	size_t left = input->size - input->offset;
	size_t n = left < input->piece ? left : input->piece;

	(void)err;
	*data = input->data + input->offset;
	input->offset += n;
	return (ssize_t)n;
}

static int open_dir(int parent_fd, const char *name)
{
	int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	DEMAND(fd >= 0);
	return fd;
}

/* The directory on the tmpfs, or -1 for who may not make one. */
static int scratch(void)
{
	static char path[] = "/tmp/fuzz-layer.XXXXXX";
	static int fd = -2;

	if (fd != -2)
		return fd;
	fd = -1;
	if (geteuid() != 0 || !mkdtemp(path))
		return fd;
	if (unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	    mount("tmpfs", path, "tmpfs", 0, "size=64m") == 0) {
		fd = open_dir(AT_FDCWD, path);
		DEMAND(mkdirat(fd, "canary", 0700) == 0);
		(void)umount2(path, MNT_DETACH);
	}
	(void)rmdir(path);
	return fd;
}

static void apply(const uint8_t *data, size_t size, uint8_t how, struct layer_target *target)
{
	struct input input = {
		.data = data, .size = size, .piece = how & SMALL_PIECES ? 100 : 1 << 16,
	};
	struct layer_source source = { .name = "fuzz", .read = read_piece, .ctx = &input };
	struct layer_stats stats;
	struct error err = ERROR_INIT;

	if (layer_apply(&source, target, &limits, &stats, &err) < 0)
		DEMAND(strncmp(err.msg, "layer fuzz: ", strlen("layer fuzz: ")) == 0);
	else
		DEMAND(input.offset == size && stats.n_bytes <= limits.max_bytes);
}

static void apply_both(int dir_fd, const uint8_t *data, size_t size, size_t n_lower, uint8_t how)
{
	bool overlay = how & OVERLAY;
	int lower_fd = -EBADF;
	struct layer_target target = {
		.shape = overlay ? LAYER_OVERLAY : LAYER_FLAT,
		.keep_dirlinks = how & KEEP_DIRLINKS,
	};

	DEMAND(mkdirat(dir_fd, "lower", 0755) == 0 && mkdirat(dir_fd, "upper", 0755) == 0);
	target.fd = lower_fd = open_dir(dir_fd, "lower");
	apply(data, n_lower, how, &target);
	if (overlay) {
		target.fd = open_dir(dir_fd, "upper");
		target.lower_fds = &lower_fd;
		target.n_lower = 1;
	}
	apply(data + n_lower, size - n_lower, how, &target);
	if (overlay)
		(void)close(target.fd);
	(void)close(lower_fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct timespec before, after;
	struct error err = ERROR_INIT;
	int dir_fd = scratch(), canary_fd;
	struct stat st;
	uint8_t *tar;
	size_t n_lower;

	if (dir_fd < 0 || size < 2)
		return 0;
	canary_fd = open_dir(dir_fd, "canary");
	DEMAND(fstat(canary_fd, &st) == 0);
	before = st.st_ctim;
	tar = fuzz_seal_tar(data + 2, size - 2);
	n_lower = (size_t)data[1] * BLOCK;
	apply_both(dir_fd, tar, size - 2, n_lower < size - 2 ? n_lower : size - 2, data[0]);
	free(tar);
	DEMAND(file_remove_tree_at(dir_fd, "lower", &err) == 0);
	DEMAND(file_remove_tree_at(dir_fd, "upper", &err) == 0);
	/* Empty but for the canary, which is as it was. */
	DEMAND(fstat(dir_fd, &st) == 0 && st.st_nlink == 3);
	DEMAND(fstat(canary_fd, &st) == 0 && st.st_nlink == 2);
	after = st.st_ctim;
	DEMAND(after.tv_sec == before.tv_sec && after.tv_nsec == before.tv_nsec);
	(void)close(canary_fd);
	return 0;
}
