#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows that the tests of hostile content can fail: takes out one defence after another.

    tests/hostile/prove.py [-k] [DEFENCE...]

A copy of the tree is built; then, for each line of the table below, the defence is cut out
of its source, the copy is built again and the test that is for it must fail.  A cut that
finds nothing to cut is a failure too: then the source has changed, and the table must
follow.  -k keeps the copy.  Prints TAP, one test per defence.  Needs root and bats.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FILES = "tests/hostile/files.bats"
PROCESS = "tests/hostile/process.bats"
NAMES = "tests/hostile/names.bats"
IMAGES = "tests/hostile/images.bats"
CONFINE = "tests/unit/test-image-confine"
SHARED = "tests/integration/shared-mounts.bats"
UNIT = "tests/unit/test-linux-hostile"
RUNTIME = "tests/unit/test-runtime"

# What it is; the test's file and a part of its name; (source, what to cut, what stays) ...
DEFENCES = {
    "paths are resolved inside the root": (FILES, "behind an absolute link", [
        ("src/base/path.c", "sys_openat2(root_fd, path, &how)",
         'sys_openat2(root_fd, path[strspn(path, "/")] ? path + strspn(path, "/") : ".", &how)'),
        ("src/base/path.c", "[PATH_IN_ROOT] = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS",
         "[PATH_IN_ROOT] = 0")]),
    "what was checked is what is used": (FILES, "changes while it is looked for (CVE-2021", [
        # Looked up safely, and then again by the kernel's own rules.
        ("src/base/path.c", "		if (fd >= 0)\n			return fd;\n		if (errno != EAGAIN",
         """		if (fd >= 0 && policy == PATH_IN_ROOT && path[strspn(path, "/")]) {
			(void)close(fd);
			how.resolve = 0;
			fd = sys_openat2(root_fd, path + strspn(path, "/"), &how);
			return fd < 0 ? -errno : fd;
		}
		if (fd >= 0)
			return fd;
		if (errno != EAGAIN""")]),
    "a racing renamer, in one process": (UNIT, "case_racing_renamer", [
        ("src/base/path.c", "		if (fd >= 0)\n			return fd;\n		if (errno != EAGAIN",
         """		if (fd >= 0 && policy == PATH_IN_ROOT && path[strspn(path, "/")]) {
			(void)close(fd);
			how.resolve = 0;
			fd = sys_openat2(root_fd, path + strspn(path, "/"), &how);
			return fd < 0 ? -errno : fd;
		}
		if (fd >= 0)
			return fd;
		if (errno != EAGAIN""")]),
    "a dangling mount point is made inside": (FILES, "that dangles", [
        ("src/base/path.c", "sys_openat2(root_fd, path, &how)",
         'sys_openat2(root_fd, path[strspn(path, "/")] ? path + strspn(path, "/") : ".", &how)'),
        ("src/base/path.c", "[PATH_IN_ROOT] = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS",
         "[PATH_IN_ROOT] = 0")]),
    "masked paths are resolved inside": (FILES, "that are links stay inside", [
        ("src/linux/mask.c", "path_try_open(root_fd, path, PATH_IN_ROOT, O_PATH, 0)",
         "openat(root_fd, path, O_PATH | O_CLOEXEC)")]),
    "/proc and /sys are real directories": (FILES, "/proc and /sys that are links", [
        ("src/linux/mount-attach.c", "e->real_dir ? PATH_NO_SYMLINKS : PATH_IN_ROOT",
         "PATH_IN_ROOT")]),
    "so are their parents": (FILES, "a parent of /proc", [
        ("src/linux/mount-attach.c", "e->real_dir ? PATH_NO_SYMLINKS : PATH_IN_ROOT",
         "PATH_IN_ROOT")]),
    "only a procfs on /proc": (FILES, "what is no procfs on /proc", [
        ("src/linux/mount-open.c", 'if (!streq(e->clean, "/proc"))', "if (e)")]),
    "nothing inside a procfs": (FILES, "leads into /proc", [
        ("src/linux/mount-attach.c", "if (fs.f_type != PROC_SUPER_MAGIC)", "if (fs.f_type)")]),
    "/proc is looked for once, and checked": (UNIT, "case_fake_attr", [
        ("src/base/proc.c", "	if (the_proc_fd >= 0)\n		return the_proc_fd;\n", ""),
        ("src/base/proc.c", "if (fs.f_type != PROC_SUPER_MAGIC)", "if (!fs.f_type)")]),
    "/dev is a real directory": (FILES, "/dev that is a link", [
        ("src/linux/device.c", 'path_try_open(root_fd, "dev", PATH_NO_SYMLINKS, flags, 0)',
         'openat(root_fd, "dev", flags)')]),
    "a device that is there is compared": (FILES, "something else in the place", [
        ("src/linux/device.c", "if (!matches(d, &st))\n		return mismatch", "if (!d)\n		return mismatch")]),
    "masks are the host's /dev/null": (FILES, "a mask is the host's", [
        ("src/linux/mask.c", 'host_tree_open("/dev/null"', 'open_tree(AT_FDCWD, "dev/null"'),
        ("src/linux/mask.c", "AT_SYMLINK_NOFOLLOW", "0"),
        ("src/linux/mask.c", "if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))", "if (0)")]),
    "what covers a masked directory is empty": (FILES, "a first mask that changes", [
        ("src/linux/mask.c", "if (fs.f_type == TMPFS_MAGIC", "if (1 || fs.f_type == TMPFS_MAGIC")]),
    "a mask that cannot be is an error": (FILES, "never left out", [
        ("src/linux/mask.c", "if (fd == -ENOENT)", "if (fd < 0)")]),
    "/dev/null is looked at before it is opened": (FILES, "a FIFO in the place of /dev/null", [
        ("src/runtime/process.c", 'open("/dev/null", O_PATH | O_CLOEXEC | O_NOFOLLOW)',
         'open("/dev/null", O_RDWR | O_CLOEXEC | O_NOFOLLOW)')]),
    "a terminal comes from a devpts": (FILES, "what is no devpts", [
        ("src/linux/terminal.c", "if (fs.f_type != DEVPTS_SUPER_MAGIC)", "if (!fs.f_type)")]),
    "/dev/console is no link": (FILES, "/dev/console that is a link", [
        ("src/linux/device.c", "openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC)",
         "openat(dir_fd, name, O_PATH | O_CLOEXEC)")]),
    "the host's /proc is covered without a pivot": ("tests/unit/test-linux-rootfs", "check_host_hidden", [
        ("src/linux/rootfs-move.c", "r = hide_kernel_mounts(rootfs, err);", "r = 0;\n	if (0)\n		(void)hide_kernel_mounts(rootfs, err);")]),
    "the program runs from a read-only mount": (PROCESS, "own program", [
        ("src/linux/self-exe.c", "if (is_protected(exe_fd))", "if (is_protected(exe_fd) || argv)")]),
    "the working directory is inside": (PROCESS, "behind a descriptor", [
        ("src/runtime/process.c", "if (buf[0] != '/')", "if (buf[0] == 0)")]),
    "so is one that is a link": (PROCESS, "a link to a descriptor", [
        ("src/runtime/process.c", "if (buf[0] != '/')", "if (buf[0] == 0)")]),
    "the caller's descriptors are closed": (PROCESS, "no descriptor of ours", [
        ("src/base/fd.c", "close_range(first, ~0U, CLOSE_RANGE_CLOEXEC) < 0", "first > 1U << 30")]),
    "our descriptors are closed": (PROCESS, "no descriptor of ours", [
        ("src/base/path.c", "(uint64_t)(flags | O_CLOEXEC)", "(uint64_t)flags")]),
    "standard descriptors are open": (PROCESS, "closed descriptors", [
        ("src/cli/command.c", "if (open_standard_fds(&err) < 0)", "if (0)")]),
    "numbers are numbers as a whole": (PROCESS, "takes numbers and nothing else", [
        ("src/linux/credential.c", "	if (!str_to_u64(text, MAX_ID, &id))\n		return false;",
         "	id = strtoul(text, NULL, 10);"),
        ("src/linux/credential.c", "#include <string.h>", "#include <stdlib.h>\n#include <string.h>")]),
    "no id is -1": (PROCESS, "leave unchanged", [
        ("src/linux/credential.c", "enum { MAX_ID = UINT32_MAX - 1 };",
         "static const uint32_t MAX_ID = UINT32_MAX;")]),
    "groups are always set": (PROCESS, "caller's groups", [
        ("src/linux/credential.c", "if (setgroups(", "if (cred->n_groups == 0 || setgroups(")]),
    "--cap adds nothing inheritable": (PROCESS, "no inheritable", [
        ("src/linux/capability.c", "	sets->effective |= bit(number);",
         "	sets->effective |= bit(number);\n	sets->inheritable |= bit(number);")]),
    "ambient capabilities are cleared": (PROCESS, "inheritable and ambient", [
        ("src/linux/capability.c", ".inheritable = (uint32_t)(sets->inheritable >> (32 * i))",
         ".inheritable = i ? 0 : 0x21,\n			.permitted = i ? 0 : 0x21"),
        ("src/linux/capability.c", "			.permitted = (uint32_t)(sets->permitted >> (32 * i)),\n", ""),
        ("src/linux/capability.c", "PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0", "PR_CAP_AMBIENT_IS_SET, 0, 0, 0) < 0")]),
    "users are read without waiting": (PROCESS, "FIFO in the place of /etc/passwd", [
        ("src/linux/passwd.c", "O_RDONLY | O_NONBLOCK | O_NOCTTY", "O_RDONLY | O_NOCTTY")]),
    "a pid is not enough": (PROCESS, "the number of a container's", [
        ("src/runtime/container.c", "stat.start_time == c->record.pid_start_time && ", "")]),
    "an init with company is hidden": (PROCESS, "joins a pid namespace", [
        ("src/runtime/spawn.c", "prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0", "prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) < 0")]),
    "an id is no path": (NAMES, "container ids", [
        ("src/runtime/store.c", "if (n > 0 && n <= MAX_ID && id[0] != '.' && strspn(id, allowed) == n)",
         "if (n > 0 || !allowed[0])")]),
    "a state directory is no link": (NAMES, "a state directory that is a link", [
        ("src/runtime/store.c", "O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC", "O_RDONLY | O_DIRECTORY | O_CLOEXEC")]),
    "a key of unified is no path": (NAMES, "linux.resources.unified", [
        ("src/linux/cgroup-resources.c", "if (!*pair->key || strchr(pair->key, '/') || pair->key[0] == '.')",
         "if (!*pair->key)")]),
    "cgroupsPath has no ..": (NAMES, "linux.cgroupsPath", [
        ("src/linux/cgroup-fs.c", 'if (!streq(name, ".."))', "if (name)")]),
    "exec is in the container's root": (SHARED, "without mounts exec", [
        ("src/runtime/exec-child.c", "if (x->init_root_fd < 0)", "if (x)")]),
    "mounts in others' namespace are private": (SHARED, "a shared mount above", [
        ("src/linux/rootfs-place.c", "	return set_private(r->tree_fd, err);\n}\n\nint rootfs_place_attach",
         "	return 0;\n}\n\nint rootfs_place_attach")]),
    "the rootfs is unmounted before the state goes": (SHARED, "a create that is killed", [
        ("src/runtime/delete.c", "		r = destroy_place(c, err);", "		r = 0 * sizeof(destroy_place(c, err));")]),
    "a namespace of another user namespace": (SHARED, "one of another user namespace", [
        ("src/linux/rootfs-place.c", "mntns_fd < 0 || ", "1 || ")]),
    "exec --cgroup stays below": (NAMES, "exec --cgroup", [
        ("src/linux/cgroup.c", "path_open(dir_fd, name, PATH_BENEATH, O_RDONLY | O_DIRECTORY, 0, err)",
         'openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);\n\n	if (fd < 0)\n		(void)error_sys(err, "open", "%s", name)')]),
    "closID is one name": (NAMES, "closID", [
        ("src/linux/intel-rdt.c", "(!*clos || strchr(clos, '/') || streq(clos, \".\") || streq(clos, \"..\"))", "!*clos")]),
    "a sysctl is below sys/": (NAMES, "sysctls", [
        ("src/linux/sysctl.c", "return is_plain_path(out->s);", "return is_plain_path(out->s) || true;"),
        ("src/linux/sysctl.c", "	if (!type)\n", "	if (!type && path.s[0] == 0)\n")]),
    "no root of the host, no writable cgroups": (NAMES, "CVE-2023-25809", [
        ("src/linux/mount-open.c", "!idmap_root_of_host()", "geteuid() != 0")]),
    "a message is not cut": (RUNTIME, "R16: a message that is too long", [
        ("src/base/sock.c", "msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)", "msg.msg_flags & MSG_CTRUNC")]),
    "a message has its length": (RUNTIME, "R16: half an error record", [
        ("src/runtime/sync.c", "n != (ssize_t)sizeof(*packet) || ", "n < 0 || ")]),
    "hooks run before the image is entered": (PROCESS, "(R19)", [
        ("src/runtime/init.c", '	{ "createContainer hooks",	step_container_hooks },\n', ""),
        ("src/runtime/init.c", '	{ "pivot",			step_pivot },\n',
         '	{ "pivot",			step_pivot },\n	{ "createContainer hooks",	step_container_hooks },\n')]),
    "unsafe annotations are told": (NAMES, "(R20)", [
        ("src/runtime/features.c", "	strvec_push(&lists->unsafe_annotations, PROCESS_KEEP_GROUPS);\n", "")]),
    "the filter comes last": ("tests/integration/seccomp.bats", "(R21)", [
        ("src/runtime/process.c", "	if (process->no_new_privileges) {\n",
         "	if (process->no_new_privileges) {\n"
         "		(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);\n"
         "		r = install_seccomp(plan, sync_fd, err);\n"),
        ("src/runtime/process.c",
         "if (r == 0 && plan->process->no_new_privileges && plan->seccomp.n_filter)", "if (0)")]),
    "the directory is looked at before the filter": ("tests/integration/seccomp.bats", "(R21)", [
        ("src/runtime/process.c", "	r = check_cwd(plan->process->cwd, err);\n	if (r == 0)\n		r = become(plan, start->sync_fd, err);\n",
         "	r = become(plan, start->sync_fd, err);\n	if (r == 0)\n		r = check_cwd(plan->process->cwd, err);\n")]),
    "what reads an image has files of its own": (CONFINE, "it cannot: chmod_upwards", [
        ("src/image/confine-enter.c", "bool dirs = seclude(c->write_dir, 0)",
         "bool dirs = 0 && seclude(c->write_dir, 0)")]),
    "and no sockets": (CONFINE, "it cannot: inet", [
        ("src/image/confine-filter.c", '"umask",', '"umask", "socket",')]),
    "and few capabilities": (CONFINE, "CapEff", [
        ("src/image/confine-enter.c", "		r = drop_capabilities(err);",
         "		(void)drop_capabilities;")]),
    "and ends with its parent": (CONFINE, "dies with its parent", [
        ("src/image/confine.c", "prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || ", "")]),
    "no name of a layer has ..": (IMAGES, "names that lead out", [
        ("src/image/layer-apply.c", 'if (len == 2 && memcmp(component, "..", 2) == 0)',
         "if (len == 0)")]),
    "device rules are loaded": (NAMES, "devices without permission", [
        ("src/linux/device-bpf.c", "if (r < 0 || n_rules == 0)", "if (r < 0 || rules)")]),
}

# Each known vulnerability of a runtime, and the defence above that is for its class.
VULNERABILITIES = {
    "CVE-2019-5736": "the program runs from a read-only mount",
    "CVE-2019-16884": "only a procfs on /proc",
    "CVE-2019-18837": "paths are resolved inside the root",
    "CVE-2019-19921": "/proc and /sys are real directories",
    "GHSA-g54h-m393-cpwq": "device rules are loaded",
    "CVE-2021-30465": "what was checked is what is used",
    "CVE-2021-43784": "a message is not cut",
    "CVE-2022-29162": "--cap adds nothing inheritable",
    "CVE-2022-27650": "--cap adds nothing inheritable",
    "CVE-2022-2989": "groups are always set",
    "CVE-2022-2990": "groups are always set",
    "CVE-2022-2995": "groups are always set",
    "CVE-2022-36109": "groups are always set",
    "CVE-2023-25809": "no root of the host, no writable cgroups",
    "CVE-2023-27561": "/proc and /sys are real directories",
    "CVE-2023-28642": "so are their parents",
    "GHSA-5g49-rx9x-qfc6": "a key of unified is no path",
    "CVE-2024-21626": "the working directory is inside",
    "CVE-2024-45310": "a dangling mount point is made inside",
    "CVE-2025-24965": "a dangling mount point is made inside",
    "CVE-2025-27612": "--cap adds nothing inheritable",
    "CVE-2025-54867": "/proc and /sys are real directories",
    "CVE-2025-31133": "masks are the host's /dev/null",
    "CVE-2025-62161": "masks are the host's /dev/null",
    "CVE-2025-52565": "a terminal comes from a devpts",
    "CVE-2025-52881": "/proc is looked for once, and checked",
    "CVE-2025-62596": "/proc is looked for once, and checked",
    "CVE-2026-30892": "numbers are numbers as a whole",
    "CVE-2026-41579": "/dev is a real directory",
    "CVE-2026-47766": "/dev is a real directory",
    "GHSA-3q8j-pf29-vwv8": "masked paths are resolved inside",
}


class Copy:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="prove-")
        self.tree = os.path.join(self.dir, "tree")
        # The text of what was cut, by its path.
        self.whole = {}
        os.mkdir(self.tree)
        files = subprocess.run(["git", "ls-files", "-z", "--cached", "--others",
                                "--exclude-standard"], cwd=TOP, stdout=subprocess.PIPE,
                               check=True).stdout
        packed = subprocess.run(["tar", "--null", "--files-from=-", "-c", "--ignore-failed-read"],
                                cwd=TOP, input=files, stdout=subprocess.PIPE, check=True).stdout
        subprocess.run(["tar", "-x"], cwd=self.tree, input=packed, check=True)
        self.run("./autogen.sh && ./configure", "configure")

    def run(self, command, what):
        done = subprocess.run(["bash", "-c", command], cwd=self.tree, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise Failure("%s: %s" % (what, done.stdout.decode(errors="replace")[-1500:]))

    def build(self):
        units = {test for test, _, _ in DEFENCES.values() if not test.endswith(".bats")}
        self.run("make -j%d dabba dabba-image tests/helpers/sandbox %s" % (os.cpu_count(), " ".join(units)),
                 "make")

    def cut(self, path, old, new):
        full = os.path.join(self.tree, path)
        with open(full) as f:
            text = f.read()
        self.whole.setdefault(path, text)
        if old not in text:
            raise Failure("%s has changed: there is no %r" % (path, old))
        with open(full, "w") as f:
            f.write(text.replace(old, new))

    def restore(self):
        for path, text in self.whole.items():
            with open(os.path.join(self.tree, path), "w") as f:
                f.write(text)
        self.whole = {}

    def failing_tests(self, path, part):
        """(the lines of failure, how many ran) of the tests with PART in their name."""
        command = [path]
        if path.endswith(".bats"):
            command = ["bats", "--tap", "--filter", re.escape(part), path]
        done = subprocess.run(["tests/helpers/sandbox", *command], cwd=self.tree, timeout=300,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL)
        lines = [line for line in done.stdout.decode(errors="replace").splitlines()
                 if re.match("(not )?ok ", line) and part in line]
        return [line for line in lines if line.startswith("not ok")], len(lines)


class Failure(Exception):
    pass


def prove(copy, name):
    test, part, cuts = DEFENCES[name]
    try:
        for cut in cuts:
            copy.cut(*cut)
        copy.build()
        failed, ran = copy.failing_tests(test, part)
        if not ran:
            raise Failure("no test of %s has \"%s\" in its name" % (test, part))
        if not failed:
            raise Failure("%s passes without it: %s" % (test, part))
    finally:
        copy.restore()
    return failed[0]


def unproven():
    """What is wrong with the table of vulnerabilities."""
    tests = ""
    for path in {test for test, _, _ in DEFENCES.values()}:
        with open(os.path.join(TOP, path if path.endswith(".bats") else path + ".c")) as f:
            tests += f.read()
    return ["%s: \"%s\", which is no defence of the table" % (name, defence)
            for name, defence in VULNERABILITIES.items() if defence not in DEFENCES] + [
            name + " is not named by any test" for name in VULNERABILITIES if name not in tests]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-k", dest="keep", action="store_true")
    parser.add_argument("defences", nargs="*")
    options = parser.parse_args()
    for problem in unproven():
        sys.exit("prove.py: " + problem)
    bad = 0
    copy = Copy()
    copy.build()
    names = options.defences or list(DEFENCES)
    for number, name in enumerate(names, 1):
        try:
            said = prove(copy, name)
            print("ok %d - %s\n#   %s" % (number, name, said), flush=True)
        except (Failure, subprocess.TimeoutExpired) as e:
            bad += 1
            print("not ok %d - %s" % (number, name))
            print("\n".join("#   " + line for line in str(e).splitlines()), flush=True)
    print("1..%d" % len(names))
    if options.keep:
        print("# " + copy.tree)
    else:
        shutil.rmtree(copy.dir)
    sys.exit(bad > 0)


main()
