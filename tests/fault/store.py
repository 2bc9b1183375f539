#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What happens to a store of images when a command is killed, cannot read, finds the disk full,
or has company.

    tests/helpers/sandbox tests/fault/store.py [-v] [-n POINTS] [-s SECONDS] [-r SEED] [SUITE...]

Suites: "kill-import", "kill-commit" and "kill-gc" kill one of the command's processes at POINTS
(20) of its system calls, "read-error" lets as many calls that read fail, "disk-full" gives it
too small a disk, "two" lets two processes import, commit, tag, remove and collect for SECONDS
(5).  All of them are the default.  Afterwards "verify" has nothing to say, the same command
does its work, and nothing is left that nobody needs; a failure is told in one sentence.

-v tells each case.  Prints TAP, one test per suite.  Works on x86-64 (tests/fault/inject.c).
"""

import argparse
import errno
import hashlib
import io
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
IMAGE = os.path.join(TOP, "dabba-image")
INJECT = os.path.join(TOP, "tests/fault/inject")
EXIT_NEVER, EXIT_TIMEOUT = 123, 124
READING = ("read", "pread64", "getdents64", "lgetxattr", "fgetxattr", "newfstatat", "readlinkat")


class Failure(Exception):
    pass


def demand(condition, what):
    if not condition:
        raise Failure(what)


# --- images ------------------------------------------------------------------------------------


def layer(files):
    """The bytes of a tar; a name that ends in "/" is a directory."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in files:
            entry = tarfile.TarInfo(name.rstrip("/"))
            entry.mode = 0o755
            if name.endswith("/"):
                entry.type = tarfile.DIRTYPE
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def archive(path, layers, name):
    """A docker-archive of one image."""
    config = {"architecture": ARCH, "os": "linux", "config": {"Cmd": ["sh"]},
              "rootfs": {"type": "layers", "diff_ids": [
                  "sha256:" + hashlib.sha256(data).hexdigest() for data in layers]}}
    files = [("config.json", json.dumps(config).encode())]
    files += [("%d.tar" % i, data) for i, data in enumerate(layers)]
    files.append(("manifest.json", json.dumps([{
        "Config": "config.json", "RepoTags": [name] if name else None,
        "Layers": ["%d.tar" % i for i in range(len(layers))]}]).encode()))
    with open(path, "wb") as f:
        f.write(layer(files))


def make_archives(directory):
    rng = random.Random(1)
    below = layer([("etc/", b""), ("data/", b"")] + [
        ("data/%d" % i, rng.randbytes(rng.randrange(30000))) for i in range(40)])
    above = layer([("data/.wh.1", b""), ("etc/x", b"x"), ("data/2", b"two")])
    other = layer([("new/", b""), ("new/.wh..wh..opq", b"")] + [
        ("new/%d" % i, rng.randbytes(5000)) for i in range(20)])
    archive(directory + "/app.tar", [below, above], "app:1")
    archive(directory + "/other.tar", [below, other], "other:1")


# --- a store -----------------------------------------------------------------------------------


class Machine:
    """A directory with archives, stores to start from, and the store at work."""

    def __init__(self, directory):
        self.dir = directory
        self.store = directory + "/store"
        make_archives(directory)
        self.make_bases()

    def run(self, prefix, *args, timeout=60):
        done = subprocess.run([*prefix, IMAGE, "--root", self.store, *args], cwd=self.dir,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=timeout)
        self.stdout = done.stdout.decode(errors="replace")
        self.stderr = done.stderr.decode(errors="replace")
        return done.returncode

    def must(self, *args):
        demand(self.run([], *args) == 0, "%s: %s" % (" ".join(args), self.stderr))
        return self.stdout

    def keep(self, name):
        os.rename(self.store, "%s/%s" % (self.dir, name))

    def start_from(self, name):
        shutil.rmtree(self.store, ignore_errors=True)
        if name:
            subprocess.run(["cp", "-a", "%s/%s" % (self.dir, name), self.store], check=True)

    def make_bases(self):
        # An image and an unpacked bundle of it with a change.
        self.must("import", "app.tar")
        self.must("unpack", "app:1", "bundle")
        with open(self.dir + "/bundle/rootfs/data/new", "wb") as f:
            f.write(random.Random(2).randbytes(200000))
        os.unlink(self.dir + "/bundle/rootfs/data/3")
        with open(self.store + "/index.json") as f:
            index = f.read()
        self.keep("one-image")
        # The same with blobs and layers that nobody names.
        self.start_from("one-image")
        self.must("import", "other.tar")
        with open(self.store + "/index.json", "w") as f:
            f.write(index)
        self.keep("garbage")

    def verify(self):
        demand(self.run([], "verify") == 0, "verify: %s%s" % (self.stdout, self.stderr))

    def nothing_left(self):
        """After a collection only what is needed is there."""
        self.must("gc")
        self.verify()
        left = os.listdir(self.store + "/tmp")
        demand(not left, "left in tmp/: %s" % left)
        for path, _, files in os.walk(self.store):
            for name in files:
                demand(".tmp." not in name, "left: %s/%s" % (path, name))
        needed = self.needed()
        for blob in os.listdir(self.store + "/blobs/sha256"):
            demand(blob in needed, "left: blob %s" % blob)
        for blob in needed:
            demand(os.path.exists("%s/blobs/sha256/%s" % (self.store, blob)),
                   "lost: blob %s" % blob)

    def blob(self, digest):
        with open("%s/blobs/sha256/%s" % (self.store, digest)) as f:
            return json.load(f)

    def needed(self):
        with open(self.store + "/index.json") as f:
            index = json.load(f)
        needed = set()
        for entry in index["manifests"]:
            digest = entry["digest"].partition(":")[2]
            manifest = self.blob(digest)
            needed.add(digest)
            for part in [manifest["config"], *manifest["layers"]]:
                needed.add(part["digest"].partition(":")[2])
        return needed

    def names(self):
        listed = self.must("list", "--format", "{{.Repository}}:{{.Tag}}").split()
        return sorted(name for name in listed if name != "<none>:<none>")


# --- commands that are disturbed ---------------------------------------------------------------


class Import:
    base = None
    command = ("import", "app.tar")

    def done(self, m):
        m.must("inspect", "app:1")


class Commit:
    base = "one-image"
    command = ("commit", "--bundle", "bundle", "new:1")
    layers = None

    def done(self, m):
        """What was read without an error was read to its end: the layer is always the same."""
        m.must("inspect", "app:1")
        layers = json.loads(m.must("inspect", "new:1"))[0]["RootFS"]["Layers"]
        Commit.layers = Commit.layers or layers
        demand(layers == Commit.layers, "another layer: %s" % layers[-1])


class Collect:
    base = "garbage"
    command = ("gc",)

    def done(self, m):
        m.must("inspect", "app:1")


def calls_of(m, verb):
    """(process, name, number) of each call that the command makes, once it has the store."""
    path = m.dir + "/calls"
    m.start_from(verb.base)
    demand(m.run([INJECT, "-t", "60", "-l", path], *verb.command) == 0, m.stderr)
    verb.done(m)
    counts, calls, begun = {}, [], False
    with open(path) as f:
        for line in f:
            process, name = line.split()
            counts[process, name] = counts.get((process, name), 0) + 1
            begun = begun or name == "flock"
            if begun:
                calls.append((process, name, counts[process, name]))
    return calls


def disturbed(m, verb, call, code):
    process, name, number = call
    m.start_from(verb.base)
    status = m.run([INJECT, "-t", "60", "-p", process, "-s", name, "-n", str(number),
                    "-e", str(code)], *verb.command, timeout=120)
    demand(status != EXIT_TIMEOUT, "hangs")
    return status, m.stderr


def works_again(m, verb):
    m.verify()
    m.must(*verb.command)
    verb.done(m)
    m.nothing_left()
    verb.done(m)


def killed_at(m, verb, call):
    status, _ = disturbed(m, verb, call, 0)
    works_again(m, verb)
    return "status %d" % status


def is_clear(stderr):
    lines = stderr.strip().splitlines()
    return bool(lines) and re.match("dabba-image: .{12}", lines[-1]) and "Success" not in lines[-1]


def cannot_read(m, verb, call):
    status, stderr = disturbed(m, verb, call, errno.EIO)
    if status not in (0, EXIT_NEVER):
        demand(is_clear(stderr), "no clear error: %d, %r" % (status, stderr))
    if status == 0:
        verb.done(m)
    works_again(m, verb)
    return stderr.strip() or "status %d" % status


def kill_cases(verb):
    def cases(m, options):
        calls = calls_of(m, verb)
        for call in random.sample(calls, min(options.points, len(calls))):
            yield "killed: process %s at %s number %d" % call, killed_at, (verb, call)
    return cases


def read_cases(m, options):
    calls = [(verb, call) for verb in (Import(), Commit(), Collect())
             for call in calls_of(m, verb) if call[1] in READING]
    for verb, call in random.sample(calls, min(options.points, len(calls))):
        yield "%s: process %s cannot %s, number %d" % (verb.command[0], *call), cannot_read, \
            (verb, call)


# --- a full disk -------------------------------------------------------------------------------


def disk_full(m, verb, size):
    """On a disk of SIZE KiB more than it has."""
    m.start_from(None)
    os.mkdir(m.store)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", m.store], check=True)
    try:
        if verb.base:
            subprocess.run(["cp", "-a", "%s/%s/." % (m.dir, verb.base), m.store], check=True)
        else:
            m.must("list")
        usage = os.statvfs(m.store)
        used = (usage.f_blocks - usage.f_bfree) * usage.f_frsize // 1024
        subprocess.run(["mount", "-o", "remount,size=%dk" % (used + size), m.store], check=True)
        status, stderr = m.run([], *verb.command), m.stderr
        if status != 0:
            demand(is_clear(stderr) and "No space left" in stderr, "no clear error: " + stderr)
            if not verb.base:
                demand(not os.listdir(m.store + "/blobs/sha256"), "a blob is left")
        subprocess.run(["mount", "-o", "remount,size=64m", m.store], check=True)
        works_again(m, verb)
        return stderr.strip() or "fits"
    finally:
        subprocess.run(["umount", m.store], check=True)


def disk_cases(m, options):
    for verb, most in ((Import(), 1600), (Commit(), 300)):
        for size in range(8, most, max(most // max(options.points // 2, 1), 4)):
            yield "%s with %d KiB" % (verb.command[0], size), disk_full, (verb, size)


# --- two processes in one store ----------------------------------------------------------------


class Actor:
    """Does one thing after the other to images of its own, and knows what must be there."""

    def __init__(self, m, number, rng):
        self.m, self.number, self.rng = m, number, rng
        # What each of our names stands for.
        self.images = {}
        self.done = 0
        self.process = None

    def start(self):
        name = "a%d-%d:1" % (self.number, self.rng.randrange(6))
        image = self.rng.choice(["app.tar", "other.tar"])
        tag = self.rng.choice(sorted(self.images)) if self.images else None
        self.action = self.rng.choice(["import", "import", "commit", "gc", "tag", "rmi"])
        if self.action == "import":
            args, self.effect = (image, name), (name, image)
        elif self.action == "commit":
            args, self.effect = ("--bundle", "bundle", name), (name, None)
        elif self.action == "tag" and tag:
            args, self.effect = (tag, name), (name, self.images[tag])
        elif self.action == "rmi" and tag:
            args, self.effect = (tag,), (tag, "gone")
        else:
            self.action, args, self.effect = "gc", (), None
        self.words = " ".join([self.action, *args])
        self.process = subprocess.Popen([IMAGE, "--root", self.m.store, self.action, *args],
                                        cwd=self.m.dir, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def finish(self):
        out, err = self.process.communicate(timeout=120)
        status, self.process = self.process.returncode, None
        text = err.decode(errors="replace")
        if self.action == "gc" and status != 0:
            demand(is_clear(text), text)
            return
        demand(status == 0, "%s: %s" % (self.words, text))
        self.done += 1
        if self.effect and self.effect[1] == "gone":
            del self.images[self.effect[0]]
        elif self.effect:
            self.images[self.effect[0]] = self.effect[1] or out.decode().strip()


def two_processes(m, seconds):
    m.start_from("one-image")
    rng = random.Random(random.random())
    actors = [Actor(m, i, rng) for i in range(2)]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for actor in actors:
            if actor.process is None:
                actor.start()
            elif actor.process.poll() is not None:
                actor.finish()
        time.sleep(0.001)
    for actor in actors:
        if actor.process:
            actor.finish()
    m.verify()
    ids = {}
    for actor in actors:
        for name, image in actor.images.items():
            found = json.loads(m.must("inspect", name))[0]["Id"]
            demand(ids.setdefault(image, found) == found, "%s is another image" % name)
    wanted = sorted(["app:1", *(name for actor in actors for name in actor.images)])
    demand(m.names() == wanted, "names %s, wanted %s" % (m.names(), wanted))
    m.nothing_left()
    return "%d and %d commands" % tuple(actor.done for actor in actors)


def two_cases(m, options):
    yield "%d seconds" % options.seconds, two_processes, (options.seconds,)


SUITES = {
    "kill-import": kill_cases(Import()),
    "kill-commit": kill_cases(Commit()),
    "kill-gc": kill_cases(Collect()),
    "read-error": read_cases,
    "disk-full": disk_cases,
    "two": two_cases,
}


def run_suite(m, name, options):
    done, bad, last = 0, [], ""
    for what, case, args in SUITES[name](m, options):
        try:
            last = case(m, *args)
        except (Failure, OSError, ValueError, KeyError, subprocess.SubprocessError) as e:
            last = "FAILED: %s" % e
            bad.append("%s: %s" % (what, e))
        done += 1
        if options.verbose:
            print("# %s: %s" % (what, last), flush=True)
    return done, bad, last


def main():
    global ARCH
    parser = argparse.ArgumentParser()
    parser.add_argument("-v", dest="verbose", action="store_true")
    parser.add_argument("-n", dest="points", type=int, default=20)
    parser.add_argument("-s", dest="seconds", type=float, default=5)
    parser.add_argument("-r", dest="seed", type=int, default=int(time.time()))
    parser.add_argument("suites", nargs="*")
    options = parser.parse_args()
    ARCH = subprocess.run(["dpkg", "--print-architecture"], stdout=subprocess.PIPE,
                          check=True).stdout.decode().strip()
    random.seed(options.seed)
    print("# seed %d" % options.seed)
    directory = tempfile.mkdtemp(prefix="store-fault-")
    bad = 0
    try:
        m = Machine(directory)
        names = options.suites or list(SUITES)
        for number, name in enumerate(names, 1):
            start = time.monotonic()
            done, failed, last = run_suite(m, name, options)
            bad += bool(failed) or not done
            print("%sok %d - %s: %d cases, %d bad, %.0f s%s" % (
                "not " if failed or not done else "", number, name, done, len(failed),
                time.monotonic() - start, ": " + last if name == "two" else ""))
            for line in failed:
                print("#   " + line.replace("\n", "\n#   "), flush=True)
        print("1..%d" % len(names))
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    sys.exit(bad > 0)


main()
