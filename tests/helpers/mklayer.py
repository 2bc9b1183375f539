#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""mklayer.py FILE: a tar archive of the entries on standard input, in their order. A line
is TYPE NAME [TEXT] [key=value...], where TYPE is one of f d l h c b p, TEXT is the content
of a file or the target of a link, and keys are those of tarfile.TarInfo or "xattr.NAME"
with the value in hex. Escapes as in Python work everywhere: \\xff is that byte."""
import io
import shlex
import sys
import tarfile

KINDS = {"f": tarfile.REGTYPE, "d": tarfile.DIRTYPE, "l": tarfile.SYMTYPE, "h": tarfile.LNKTYPE,
         "c": tarfile.CHRTYPE, "b": tarfile.BLKTYPE, "p": tarfile.FIFOTYPE}


def unescape(word):
    return word.encode("latin-1", "backslashreplace").decode("unicode_escape").encode(
        "latin-1").decode("utf-8", "surrogateescape")


def number(text):
    return float(text) if "." in text else int(text, 0)


def add(tar, words):
    entry = tarfile.TarInfo(unescape(words[1]))
    entry.type = KINDS[words[0]]
    entry.mode = 0o755 if words[0] == "d" else 0o644
    entry.mtime = 1000000000
    data = b""
    for word in words[2:]:
        key, equals, value = word.partition("=")
        if equals and key.startswith("xattr."):
            entry.pax_headers["SCHILY." + key] = bytes.fromhex(value).decode(
                "utf-8", "surrogateescape")
        elif equals and hasattr(entry, key):
            setattr(entry, key, number(value))
        elif words[0] in "lh":
            entry.linkname = unescape(word)
        else:
            data = unescape(word).encode("utf-8", "surrogateescape") + b"\n"
    entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data))


with tarfile.open(sys.argv[1], "w", format=tarfile.PAX_FORMAT, encoding="utf-8",
                  errors="surrogateescape") as archive:
    for line in sys.stdin:
        if line.strip():
            add(archive, shlex.split(line))
