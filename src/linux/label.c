/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/label.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"

static const char selinuxfs[] = "/sys/fs/selinux";
static const char apparmor_profiles[] = "/sys/kernel/security/apparmor/profiles";

static bool is_asked(const char *label)
{
	return label && label[0];
}

/* Mounted read-only it says "not for you": so container engines show it inside. */
bool label_selinux_enabled(void)
{
	struct statfs fs;

	return statfs(selinuxfs, &fs) == 0 && fs.f_type == SELINUX_MAGIC &&
	       !(fs.f_flags & ST_RDONLY);
}

/* The kernel itself says whether it knows the context: selinuxfs takes only such. */
static bool context_is_valid(const char *context)
{
	cleanup_close int dir_fd = open(selinuxfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int fd = dir_fd < 0 ? -1 : openat(dir_fd, "context", O_RDWR | O_CLOEXEC);
	size_t size = strlen(context) + 1;

	return fd >= 0 && write(fd, context, size) == (ssize_t)size;
}

bool label_apparmor_enabled(void)
{
	cleanup_close int fd =
		open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC);
	char answer = 'N';

	return fd >= 0 && read(fd, &answer, 1) == 1 && answer == 'Y';
}

int label_check_selinux(const char *context, const char *pointer, struct error *err)
{
	if (!is_asked(context))
		return 0;
	if (!label_selinux_enabled()) {
		(void)error_set(err, EOPNOTSUPP, "SELinux context \"%s\": SELinux is not enabled "
				"on this host", context);
		(void)error_hint(err, "leave %s out, or boot with SELinux", pointer);
		return error_pointer(err, "%s", pointer);
	}
	if (context_is_valid(context))
		return 0;
	(void)error_set(err, EINVAL, "SELinux context \"%s\" is not valid in the loaded policy",
			context);
	return error_pointer(err, "%s", pointer);
}

/* Lines of the profiles file are "NAME (MODE)"; NAME may hold spaces and brackets itself. */
static bool line_is_profile(const char *line, const char *profile)
{
	size_t n = strlen(profile);

	return strncmp(line, profile, n) == 0 && line[n] == ' ' && line[n + 1] == '(' &&
	       !strchr(line + n + 2, ' ');
}

/* True also when the list may not be read: the kernel then decides at execve. */
static bool profile_may_be_loaded(const char *profile)
{
	FILE *file = fopen(apparmor_profiles, "re");
	bool found = false;
	char line[4096];

	if (!file)
		return true;
	while (!found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		found = line_is_profile(line, profile);
	}
	(void)fclose(file);
	return found;
}

int label_check_apparmor(const char *profile, struct error *err)
{
	if (!is_asked(profile))
		return 0;
	if (!label_apparmor_enabled()) {
		(void)error_set(err, EOPNOTSUPP, "AppArmor profile \"%s\": AppArmor is not enabled "
				"on this host", profile);
		(void)error_hint(err, "leave process.apparmorProfile out, or boot with AppArmor");
		return error_pointer(err, "process.apparmorProfile");
	}
	if (streq(profile, "unconfined") || profile_may_be_loaded(profile))
		return 0;
	(void)error_set(err, ENOENT, "AppArmor profile \"%s\" is not loaded", profile);
	(void)error_hint(err, "load it with apparmor_parser; %s lists the loaded ones",
			 apparmor_profiles);
	return error_pointer(err, "process.apparmorProfile");
}

/* attr/exec is shared by all modules before Linux 5.8; AppArmor has its own since. */
static int apply_apparmor(const char *profile, struct error *err)
{
	struct error first = ERROR_INIT;
	char command[512];
	int n = snprintf(command, sizeof(command), "exec %s", profile);
	int r;

	if (n >= (int)sizeof(command))
		return error_set(err, ENAMETOOLONG, "AppArmor profile \"%.80s...\"", profile);
	r = proc_write_self("attr/apparmor/exec", command, &first);
	if (r == -ENOENT)
		r = proc_write_self("attr/exec", command, err);
	else if (r < 0)
		*err = first;
	return r < 0 ? error_context(err, "AppArmor profile \"%s\"", profile) : 0;
}

int label_apply_exec(const char *selinux, const char *apparmor, struct error *err)
{
	int r = 0;

	if (is_asked(selinux)) {
		r = proc_write_self("attr/exec", selinux, err);
		if (r < 0)
			return error_context(err, "SELinux context \"%s\"", selinux);
	}
	if (is_asked(apparmor))
		r = apply_apparmor(apparmor, err);
	return r;
}

int label_apply_keycreate(const char *context, struct error *err)
{
	int r = proc_write_self("attr/keycreate", context, err);

	return r < 0 ? error_context(err, "SELinux context \"%s\" of keyrings", context) : 0;
}

void label_add_mount_data(const char *context, struct strbuf *data)
{
	if (!is_asked(context))
		return;
	if (data->len > 0)
		strbuf_addch(data, ',');
	strbuf_addf(data, "context=\"%s\"", context);
}
