/* SPDX-License-Identifier: Apache-2.0 */
#include "image/overlay.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/fd.h"
#include "base/str.h"

/* What mount(2) copies of its data. */
enum { MOUNT_DATA_MAX = 4095 };

/* Anything that a commit could not turn into a plain layer is off. */
static const char *const settings[][2] = {
	{ "redirect_dir", "off" },
	{ "metacopy", "off" },
	{ "index", "off" },
};

/* The kernel explains itself on the fs fd: "e overlay: ...". */
static int fs_failed(int fs_fd, const char *call, const char *what, struct error *err)
{
	int saved = errno;
	char said[256];
	ssize_t n = read(fs_fd, said, sizeof(said) - 1);

	errno = saved;
	(void)error_sys(err, call, "%s", what);
	if (n > 2) {
		said[n] = '\0';
		said[strcspn(said, "\n")] = '\0';
		(void)error_hint(err, "the kernel says: %s", said + 2);
	}
	return err->code;
}

static int set_string(int fs_fd, const char *key, const char *value, struct error *err)
{
	if (fsconfig(fs_fd, FSCONFIG_SET_STRING, key, value, 0) == 0)
		return 0;
	return fs_failed(fs_fd, "fsconfig", key, err);
}

static int configure(int fs_fd, const struct overlay *overlay, struct error *err)
{
	/* What the mount table calls it. */
	int r = set_string(fs_fd, "source", "overlay", err);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(settings); i++)
		r = set_string(fs_fd, settings[i][0], settings[i][1], err);
	if (r == 0 && overlay->upper)
		r = set_string(fs_fd, "upperdir", overlay->upper, err);
	if (r == 0 && overlay->upper)
		r = set_string(fs_fd, "workdir", overlay->work, err);
	if (r == 0 && fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		r = fs_failed(fs_fd, "mount", "overlay", err);
	return r;
}

/* Before Linux 6.5 overlay's options were not looked at until the mount: all names pass. */
static bool takes_any_name(void)
{
	cleanup_close int fs_fd = fsopen("overlay", FSOPEN_CLOEXEC);

	return fs_fd >= 0 && fsconfig(fs_fd, FSCONFIG_SET_STRING, "no-such-option", "", 0) == 0;
}

int overlay_mount(const struct overlay *overlay, struct error *err)
{
	cleanup_close int fs_fd = fsopen("overlay", FSOPEN_CLOEXEC);
	int r, fd;

	if (fs_fd < 0) {
		(void)error_sys(err, "fsopen", "overlay");
		return errno == ENODEV ? error_hint(err, "load the kernel module: modprobe overlay")
				       : err->code;
	}
	for (size_t i = 0; i < overlay->n_lower; i++) {
		if (fsconfig(fs_fd, FSCONFIG_SET_STRING, "lowerdir+", overlay->lower[i], 0) == 0)
			continue;
		/* Linux 6.7 brought it; a value of 256 bytes or more is refused as well. */
		if (errno == EINVAL)
			return overlay_mount_by_page(overlay, err);
		return fs_failed(fs_fd, "fsconfig", overlay->lower[i], err);
	}
	r = configure(fs_fd, overlay, err);
	if (r == -EINVAL && takes_any_name())
		return overlay_mount_by_page(overlay, err);
	if (r < 0)
		return r;
	fd = fsmount(fs_fd, FSMOUNT_CLOEXEC, 0);
	return fd < 0 ? error_sys(err, "fsmount", "overlay") : fd;
}

/* Colons separate layers, commas options; a backslash takes their meaning away. */
static void add_path(struct strbuf *data, const char *path)
{
	for (; *path; path++) {
		if (strchr(":,\\", *path))
			strbuf_addch(data, '\\');
		strbuf_addch(data, *path);
	}
}

static void page_of(const struct overlay *overlay, struct strbuf *data)
{
	for (size_t i = 0; i < overlay->n_lower; i++) {
		const char *name = str_skip_prefix(overlay->lower[i], overlay->base);

		strbuf_adds(data, i ? ":" : "lowerdir=");
		add_path(data, name && *name == '/' ? name + 1 : overlay->lower[i]);
	}
	if (overlay->upper) {
		strbuf_adds(data, ",upperdir=");
		add_path(data, overlay->upper);
		strbuf_adds(data, ",workdir=");
		add_path(data, overlay->work);
	}
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		strbuf_addf(data, ",%s=%s", settings[i][0], settings[i][1]);
}

/* Mounts at TARGET for a moment only: the caller gets the mount as a detached one. */
static int mount_and_take(const char *target, const char *data, struct error *err)
{
	int fd;

	if (mount("overlay", target, "overlay", 0, data) < 0)
		return error_sys(err, "mount", "overlay with %s", data);
	fd = open_tree(AT_FDCWD, target, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (fd < 0)
		(void)error_sys(err, "open_tree", "%s", target);
	(void)umount2(target, MNT_DETACH);
	return fd < 0 ? err->code : fd;
}

int overlay_mount_by_page(const struct overlay *overlay, struct error *err)
{
	cleanup_close int cwd_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_strbuf struct strbuf data = STRBUF_INIT;
	cleanup_free char *target = NULL;
	int fd;

	page_of(overlay, &data);
	if (data.len > MOUNT_DATA_MAX) {
		(void)error_set(err, E2BIG, "%zu layers are too many for one overlay",
				overlay->n_lower);
		return error_hint(err, "Linux 6.7 and newer take up to 500");
	}
	target = xasprintf("%s/mnt.XXXXXX", overlay->base);
	if (!mkdtemp(target))
		return error_sys(err, "mkdtemp", "%s", target);
	if (cwd_fd < 0 || chdir(overlay->base) < 0)
		fd = error_sys(err, "chdir", "%s", overlay->base);
	else
		fd = mount_and_take(target, data.buf, err);
	if (cwd_fd >= 0 && fchdir(cwd_fd) < 0 && fd >= 0) {
		(void)close(fd);
		fd = error_sys(err, "fchdir", "back from %s", overlay->base);
	}
	(void)rmdir(target);
	return fd;
}

int overlay_attach(int mount_fd, const char *target, struct error *err)
{
	struct mount_attr attr = { .propagation = MS_PRIVATE };

	if (mount_setattr(mount_fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return error_sys(err, "mount_setattr", "overlay");
	if (move_mount(mount_fd, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_sys(err, "move_mount", "overlay to %s", target);
	return 0;
}

int overlay_detach(const char *target, struct error *err)
{
	/* EINVAL: nothing is mounted there. */
	if (umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW) == 0 || errno == EINVAL ||
	    errno == ENOENT)
		return 0;
	return error_sys(err, "umount", "%s", target);
}
