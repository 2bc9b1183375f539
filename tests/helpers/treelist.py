#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prints a line for each file below a directory with all that a layer can say of it:
type, mode, owner, size, time in nanoseconds, device, xattrs, link target, the first
name of a hard link, and a hash of the content. Two equal listings are equal trees."""
import hashlib
import os
import stat
import sys

root = os.fsencode(sys.argv[1])
links = {}
lines = []


def describe(path, name):
    st = os.lstat(path)
    what = [oct(st.st_mode), st.st_uid, st.st_gid, st.st_mtime_ns]
    if not stat.S_ISDIR(st.st_mode):
        what.append(st.st_size)
    if stat.S_ISCHR(st.st_mode) or stat.S_ISBLK(st.st_mode):
        what.append("%d:%d" % (os.major(st.st_rdev), os.minor(st.st_rdev)))
    if stat.S_ISLNK(st.st_mode):
        what.append(os.readlink(path))
    if stat.S_ISREG(st.st_mode):
        with open(path, "rb") as f:
            what.append(hashlib.sha256(f.read()).hexdigest()[:16])
    if st.st_nlink > 1 and not stat.S_ISDIR(st.st_mode):
        what.append(("same as", links.setdefault(st.st_ino, name)))
    for xattr in sorted(os.listxattr(path, follow_symlinks=False)):
        what.append((xattr, os.getxattr(path, xattr, follow_symlinks=False)))
    lines.append("%r %s" % (name, " ".join(map(repr, what))))


def walk(path, name):
    describe(path, name)
    if stat.S_ISDIR(os.lstat(path).st_mode):
        for entry in sorted(os.listdir(path)):
            walk(os.path.join(path, entry), os.path.join(name, entry))


walk(root, b".")
print("\n".join(lines))
