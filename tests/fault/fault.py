#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lets every system call that a command makes fail once, and looks at what is left.

    tests/helpers/sandbox tests/fault/fault.py [-v] [-m] [-s SECONDS] [-r SEED] [SUITE...]

A suite is a verb (create, start, exec, delete, delete-force, run), "old-kernels" (calls
that a kernel does not have at all), "kill" (the runtime, or its child, is killed at every
call) or "fds" (what is still open in the end).  All of them are the default.  After a failure the answer must be a clear error, or
the command must have done its work all the same; a container that could not be made leaves
nothing, and "delete --force" takes away any other.

-s bounds the time of each suite: then a sample of its cases runs, chosen by the seed.
-v tells each case.  With -m the container has no mount namespace of its own, so that what it
mounts stands in ours and must go from there, and only that.  Prints TAP, one test per suite.  Works on x86-64 (tests/fault/inject.c).
"""

import argparse
import errno
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DABBA = os.path.join(TOP, "dabba")
INJECT = os.path.join(TOP, "tests/fault/inject")
EXIT_NEVER, EXIT_TIMEOUT = 123, 124
CGROUP = "/sys/fs/cgroup"

# Cannot fail, or not in a way that a program could answer.
SURE = set("""close mprotect munmap exit exit_group arch_prctl set_tid_address rseq
    set_robust_list getrandom getpid getuid geteuid umask rt_sigreturn prlimit64 futex""".split())
MEMORY = set("brk mmap".split())
NEW = set("""openat2 clone3 open_tree move_mount mount_setattr fsopen fsconfig fsmount fspick
    close_range pidfd_open pidfd_send_signal pidfd_getfd execveat faccessat2 keyctl statx
    memfd_create bpf seccomp""".split())
SLOW = set("""read write recvmsg sendmsg accept4 connect wait4 waitid poll ppoll epoll_wait
    openat openat2 flock""".split())
FILLING = set("""write mkdir mkdirat mknodat symlinkat renameat fsconfig clone3 move_mount
    openat unshare bind""".split())


def errors_of(call):
    if call in MEMORY:
        return [errno.ENOMEM]
    wanted = [errno.ENOMEM, errno.EPERM]
    if call in NEW:
        wanted.append(errno.ENOSYS)
    if call in SLOW:
        wanted.append(errno.EINTR)
    if call in ("openat2", "clone3"):
        wanted.append(errno.EAGAIN)
    if call in FILLING:
        wanted.append(errno.ENOSPC)
    return wanted


class Machine:
    """A bundle, a state root, and the commands."""

    def __init__(self, shared_mounts):
        self.dir = tempfile.mkdtemp(prefix="fault-")
        self.root = os.path.join(self.dir, "state")
        self.bundle = os.path.join(self.dir, "bundle")
        self.count = 0
        self.make_bundle(shared_mounts)

    def make_bundle(self, shared_mounts):
        rootfs = os.path.join(self.bundle, "rootfs")
        for name in ("bin", "dev", "etc", "proc", "sys", "tmp"):
            os.makedirs(os.path.join(rootfs, name))
        shutil.copy(shutil.which("busybox"), os.path.join(rootfs, "bin"))
        for applet in ("true", "sleep", "sh"):
            os.symlink("busybox", os.path.join(rootfs, "bin", applet))
        with open(os.path.join(TOP, "tests/integration/helpers/config.json")) as f:
            self.config = json.load(f)
        if shared_mounts:
            linux = self.config["linux"]
            linux["namespaces"] = [n for n in linux["namespaces"] if n["type"] != "mount"]
            del linux["maskedPaths"], linux["readonlyPaths"]
        self.files = self.files_of_rootfs()
        self.mounts = other_mounts(self.dir)

    def files_of_rootfs(self):
        return sorted(os.listdir(self.bundle + "/rootfs/bin"))

    def new_container(self, *args):
        # The root too is made anew each time.
        if os.path.isdir(self.root):
            os.rmdir(self.root)
        self.count += 1
        self.id = "f%d" % self.count
        self.config["linux"]["cgroupsPath"] = "/" + self.id
        self.config["process"]["args"] = list(args)
        with open(os.path.join(self.bundle, "config.json"), "w") as f:
            json.dump(self.config, f)

    def call(self, prefix, *args):
        command = [*prefix, DABBA, "--root", self.root, *args]
        # In a file: what a left process keeps open must not hold us up.
        with open(os.path.join(self.dir, "stderr"), "w+") as stderr:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=stderr, timeout=60)
            stderr.seek(0)
            self.stderr = stderr.read()
        return done.returncode

    def dabba(self, *args):
        if self.call([], *args) != 0:
            raise Failure("%s: %s" % (" ".join(args), self.stderr))

    def create(self):
        self.dabba("create", "-b", self.bundle, self.id)

    def state(self):
        out = subprocess.run([DABBA, "--root", self.root, "state", self.id],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=20)
        return json.loads(out.stdout)["status"] if out.returncode == 0 else None

    def listed(self):
        out = subprocess.run([DABBA, "--root", self.root, "list", "-q"],
                             stdout=subprocess.PIPE, timeout=20, check=True)
        return out.stdout.decode().split()

    def members(self):
        """The processes of the container's cgroup."""
        with open("%s/%s/cgroup.procs" % (CGROUP, self.id)) as f:
            return [int(pid) for pid in f.read().split()]

    def processes(self):
        """Those of the sandbox that are the runtime's."""
        found = []
        with open(CGROUP + "/runner/cgroup.procs") as f:
            pids = f.read().split()
        for pid in pids:
            try:
                if os.path.samefile("/proc/%s/exe" % pid, DABBA):
                    found.append(pid)
            except OSError:
                pass
        return found

    def leftovers(self):
        found = ["state " + name for name in os.listdir(self.root)] if os.path.isdir(
            self.root) else []
        found += ["cgroup " + name for name in os.listdir(CGROUP)
                  if name != "runner" and os.path.isdir(os.path.join(CGROUP, name))]
        found += ["process " + pid for pid in self.processes()]
        with open("/proc/self/mountinfo") as f:
            found += ["mount " + line.split()[4] for line in f if self.dir + "/" in line]
        found += ["a mount more or less"] if other_mounts(self.dir) != self.mounts else []
        found += ["files missing"] if self.files_of_rootfs() != self.files else []
        return found

    def clear(self):
        """After a case that failed, so that the next one starts from nothing."""
        for name in os.listdir(CGROUP):
            path = os.path.join(CGROUP, name)
            if name != "runner" and os.path.isdir(path):
                with open(path + "/cgroup.kill", "w") as f:
                    f.write("1")
                eventually(lambda: try_rmdir(path))
        for pid in self.processes():
            os.kill(int(pid), signal.SIGKILL)
        with open("/proc/self/mountinfo") as f:
            for where in [line.split()[4] for line in f]:
                if where.startswith(self.dir + "/"):
                    subprocess.run(["umount", "-l", where], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(self.root, ignore_errors=True)


def other_mounts(but_below):
    with open("/proc/self/mountinfo") as f:
        return sorted(line for line in f if but_below + "/" not in line)


class Failure(Exception):
    pass


def eventually(condition, seconds=2.0):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def try_rmdir(path):
    try:
        os.rmdir(path)
    except OSError:
        pass
    return not os.path.isdir(path)


def demand(condition, what):
    if not condition:
        raise Failure(what)


def nothing_left(m):
    demand(eventually(lambda: not m.leftovers()), "left behind: " + ", ".join(m.leftovers()))


def goes_away(m):
    demand(m.call([], "delete", "--force", m.id) == 0, "delete --force: " + m.stderr)
    nothing_left(m)


# --- the verbs: prepare, command, what must hold after it failed or not ------------------------


# How init waits for start.
WAITING = {"accept", "accept4", "recvmsg"}


class Create:
    args = ("true",)

    def prepare(self, m):
        m.new_container(*self.args)

    def command(self, m):
        return ["create", "-b", m.bundle, m.id]

    def after(self, m, failed):
        if failed:
            nothing_left(m)
        else:
            demand(m.state() == "created", "status %s after create" % m.state())
            goes_away(m)

    def after_kill(self, m):
        demand(not os.path.isdir(os.path.join(m.root, m.id)) or m.id in m.listed(), "not listed")
        goes_away(m)


class Run(Create):
    def command(self, m):
        return ["run", "-b", m.bundle, m.id]

    def after(self, m, failed):
        # It has ended, and could not be taken away: then delete can be tried again.
        if "is left there" in m.stderr and m.state() == "stopped":
            goes_away(m)
        nothing_left(m)


class Start(Create):
    args = ("sleep", "60")

    def prepare(self, m):
        m.new_container(*self.args)
        m.create()

    def command(self, m):
        return ["start", m.id]

    def after(self, m, failed):
        status = m.state()
        demand(status in ("created", "stopped", "running") if failed else status == "running",
               "status %s after start" % status)
        goes_away(m)


class Exec(Start):
    def prepare(self, m):
        super().prepare(m)
        m.dabba("start", m.id)

    def command(self, m):
        return ["exec", m.id, "true"]

    def after(self, m, failed):
        demand(eventually(lambda: len(m.members()) == 1), "a process is left in the container")
        demand(m.state() == "running", "status %s after exec" % m.state())
        goes_away(m)


class Delete(Create):
    def prepare(self, m):
        m.new_container(*self.args)
        m.create()
        m.dabba("start", m.id)
        demand(eventually(lambda: m.state() == "stopped"), "true does not end")

    def command(self, m):
        return ["delete", m.id]

    def after(self, m, failed):
        if failed:
            goes_away(m)
        else:
            nothing_left(m)


class DeleteForce(Delete):
    args = ("sleep", "60")

    def prepare(self, m):
        m.new_container(*self.args)
        m.create()
        m.dabba("start", m.id)

    def command(self, m):
        return ["delete", "--force", m.id]


VERBS = {"create": Create(), "start": Start(), "exec": Exec(), "delete": Delete(),
         "delete-force": DeleteForce(), "run": Run()}


# --- cases -------------------------------------------------------------------------------------


def is_clear(stderr):
    """One sentence that names us and the reason; others may stand before it."""
    last = stderr.strip().splitlines()[-1:] or [""]
    return re.match("dabba: .{12}|time=.* level=error msg=.{12}", last[0]) and \
        "Success" not in last[0]


def calls_of(m, verb):
    """(process, name, how many) of the calls that the verb makes."""
    path = os.path.join(m.dir, "list")
    verb.prepare(m)
    if m.call([INJECT, "-l", path], *verb.command(m)) != 0:
        raise Failure("without a failure: " + m.stderr)
    verb.after(m, False)
    counts = {}
    with open(path) as f:
        for line in f:
            process, name = line.split()
            counts[(int(process), name)] = counts.get((int(process), name), 0) + 1
    return counts


def run_case(m, verb, options):
    verb.prepare(m)
    return m.call([INJECT, *map(str, options)], *verb.command(m))


def failing_call(m, verb, process, name, n, code):
    status = run_case(m, verb, ["-p", process, "-s", name, "-n", n, "-e", code])
    if status == EXIT_NEVER:
        # Fewer calls than when they were counted: nothing failed.
        goes_away(m)
        return "did not come"
    stderr = m.stderr
    demand(status != EXIT_TIMEOUT, "hangs")
    if name in MEMORY and status != 0:
        # The program gives up at once, or the C library does before main().
        verb.after_kill(m)
        return "gave up"
    demand(not 128 < status < 192, "ended by signal %d" % (status - 128))
    demand(status == 0 or is_clear(stderr), "no clear error: %r" % stderr)
    if status == 0 and type(verb) is Create and process == 1 and name in WAITING and \
            eventually(lambda: m.state() == "stopped"):
        return init_gave_up(m)
    verb.after(m, status != 0)
    return stderr.strip() or "worked"


def init_gave_up(m):
    """Create was over when init could not wait for start any more: that is start's to tell."""
    demand(m.call([], "start", m.id) != 0 and is_clear(m.stderr), "start: " + m.stderr)
    told = m.stderr.strip()
    goes_away(m)
    return told


def killed_at(m, verb, process, name, n):
    status = run_case(m, verb, ["-p", process, "-s", name, "-n", n, "-e", 0])
    demand(status != EXIT_TIMEOUT, "hangs")
    verb.after_kill(m)
    return "status %d" % status


def verb_cases(m, name):
    verb = VERBS[name]
    for (process, call), count in calls_of(m, verb).items():
        if call in SURE:
            continue
        for n in range(1, count + 1):
            for code in errors_of(call):
                what = "%s: process %d, %s number %d: %s" % (name, process, call, n,
                                                             errno.errorcode[code])
                yield what, failing_call, (verb, process, call, n, code)


def kill_cases(m):
    for name in ("create", "run", "start", "delete", "delete-force"):
        verb = VERBS[name]
        for (process, call), count in calls_of(m, verb).items():
            for n in range(1, count + 1):
                what = "%s: process %d killed at %s number %d" % (name, process, call, n)
                yield what, killed_at, (verb, process, call, n)


def missing_call(m, verb, call):
    status = run_case(m, verb, ["-s", call, "-n", 0, "-e", errno.ENOSYS])
    stderr = m.stderr
    if status == EXIT_NEVER:
        goes_away(m)
        return "is not made"
    demand(status != EXIT_TIMEOUT, "hangs")
    demand(status == 0 or re.search(r"Linux [0-9]+\.[0-9]+", stderr),
           "no word of the kernel that is needed: %r" % stderr)
    verb.after(m, status != 0)
    return stderr.strip() or "worked"


def old_kernel_cases(m):
    for name, verb in VERBS.items():
        for call in sorted(NEW):
            yield "%s: no %s" % (name, call), missing_call, (verb, call)


def open_fds(m, verb):
    """For every build and in every child; what was opened where is for valgrind.bats."""
    path = os.path.join(m.dir, "fds")
    verb.prepare(m)
    demand(m.call([INJECT, "-f", path], *verb.command(m)) == 0, m.stderr)
    verb.after(m, False)
    with open(path) as f:
        fds = [line.split(maxsplit=2) for line in f]
    # The procfs is opened once, for good, and so is the root of the cgroups.
    leaked = [" ".join(fd) for fd in fds
              if int(fd[1]) > 2 and fd[2].strip() not in ("/proc", CGROUP)]
    leaked += [" ".join(fd) for fd in fds if int(fd[1]) > 2 and fd[0] != "0"]
    demand(not leaked, "open in the end: " + ", ".join(leaked))
    demand(fds, "no fds were seen")
    return "%d fds" % len(fds)


def fd_cases():
    for name, verb in VERBS.items():
        yield name + ": open fds", open_fds, (verb,)


def suite_cases(m, name):
    if name == "fds":
        return fd_cases()
    if name == "kill":
        return kill_cases(m)
    if name == "old-kernels":
        return old_kernel_cases(m)
    return verb_cases(m, name)


def run_suite(m, name, options):
    cases = list(suite_cases(m, name))
    if options.seconds:
        random.Random(options.seed).shuffle(cases)
    start, ran, failures = time.monotonic(), 0, 0
    for what, function, args in cases:
        if options.seconds and time.monotonic() - start > options.seconds:
            break
        ran += 1
        try:
            result = function(m, *args)
            if options.verbose:
                print("# %s: %s" % (what, result), flush=True)
        except (Failure, OSError, subprocess.SubprocessError) as e:
            failures += 1
            print("# FAILED %s: %s" % (what, e), flush=True)
            m.clear()
    return failures, "%s: %d of %d cases in %.0f s" % (name, ran, len(cases),
                                                       time.monotonic() - start)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-v", dest="verbose", action="store_true")
    parser.add_argument("-m", dest="shared_mounts", action="store_true")
    parser.add_argument("-s", dest="seconds", type=float)
    parser.add_argument("-r", dest="seed", default=str(time.time()))
    parser.add_argument("suites", nargs="*")
    options = parser.parse_args()
    if "DABBA_SANDBOX" not in os.environ:
        sys.exit("run this through tests/helpers/sandbox")
    if not os.path.exists(INJECT):
        print("1..0 # SKIP tests/fault/inject works on x86-64 only")
        return
    suites = options.suites or [*VERBS, "old-kernels", "kill", "fds"]
    m = Machine(options.shared_mounts)
    print("# seed %s" % options.seed)
    bad = 0
    for i, suite in enumerate(suites):
        failures, what = run_suite(m, suite, options)
        bad += failures > 0
        print("%sok %d - %s, %d failures" % ("not " if failures else "", i + 1, what, failures),
              flush=True)
    print("1..%d" % len(suites))
    shutil.rmtree(m.dir, ignore_errors=True)
    sys.exit(bad > 0)


main()
