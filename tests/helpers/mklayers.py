#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes two layers with everything that a layer can hold: DIRECTORY/layer1.tar and
layer2.tar. Peers that read images should read these as well, so nothing here is
forbidden, nothing is there twice, and whiteouts stand before the names beside them."""
import io
import sys
import tarfile

CAPABILITY = b"\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
ISREG, DIR, SYM, LNK = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
CHR, BLK, FIFO = tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE


def add(tar, name, kind=ISREG, data=b"", mode=None, xattrs=None, **attributes):
    entry = tarfile.TarInfo(name)
    entry.type = kind
    entry.mode = mode if mode is not None else 0o755 if kind == DIR else 0o644
    entry.size = len(data)
    entry.mtime = 1700000000
    for key, value in attributes.items():
        setattr(entry, key, value)
    for key, value in (xattrs or {}).items():
        entry.pax_headers["SCHILY.xattr." + key] = value.decode("utf-8", "surrogateescape")
    tar.addfile(entry, io.BytesIO(data))


def open_layer(path):
    return tarfile.open(path, "w", format=tarfile.PAX_FORMAT, encoding="utf-8",
                        errors="surrogateescape")


def lower(tar):
    add(tar, "./", DIR)
    for name in ["bin", "etc", "d", "d/sub", "opaque", "opaque/deep", "gone", "links", "swap"]:
        add(tar, name, DIR)
    add(tar, "bin/tool", data=b"#!tool\n", mode=0o4755)
    add(tar, "bin/ping", data=b"ping\n", mode=0o755,
        xattrs={"security.capability": CAPABILITY, "user.note": b"a\x00\xff\nb"})
    add(tar, "etc/greeting", data=b"hello\n")
    add(tar, "etc/old", data=b"old\n")
    add(tar, "d/x", data=b"old x\n")
    add(tar, "d/sub/y", data=b"old y\n")
    add(tar, "opaque/one", data=b"1\n")
    add(tar, "opaque/deep/two", data=b"2\n")
    add(tar, "gone/file", data=b"gone\n")
    add(tar, "links/first", data=b"linked\n")
    add(tar, "links/second", LNK, linkname="links/first")
    add(tar, "links/third", LNK, linkname="links/first")
    add(tar, "swap/link-to-dir", SYM, linkname="../d")
    add(tar, "swap/dir-to-link", DIR)
    add(tar, "swap/dir-to-link/inside", data=b"inside\n")
    add(tar, "swap/file-to-dir", data=b"file\n")
    add(tar, "swap/dir-to-file", DIR)
    add(tar, "absolute", SYM, linkname="/etc/greeting")


def upper(tar):
    add(tar, ".wh.gone")
    add(tar, "d/.wh.sub")
    add(tar, "d/x", data=b"new x\n")
    add(tar, "etc/.wh.old")
    add(tar, "etc/greeting", data=b"hello again\n", mtime=1700000001.123456789)
    add(tar, "opaque/", DIR, mode=0o700)
    add(tar, "opaque/.wh..wh..opq")
    add(tar, "opaque/three", data=b"3\n")
    add(tar, "links/fourth", LNK, linkname="links/second")
    add(tar, "swap/link-to-dir", DIR)
    add(tar, "swap/link-to-dir/z", data=b"z\n")
    add(tar, "swap/dir-to-link", SYM, linkname="link-to-dir")
    add(tar, "swap/file-to-dir", DIR)
    add(tar, "swap/file-to-dir/z", data=b"z\n")
    add(tar, "swap/dir-to-file", data=b"file\n")
    add(tar, "dev-null", CHR, devmajor=1, devminor=3, mode=0o666)
    add(tar, "dev-loop", BLK, devmajor=7, devminor=300)
    add(tar, "pipe", FIFO, mode=0o600)
    add(tar, "big-ids", data=b"ids\n", uid=4000000, gid=3000000000)
    add(tar, "no-utf8-\udcff\udcfe", data=b"bytes\n")
    add(tar, "new\nline", data=b"newline\n")
    add(tar, "before-1970", data=b"then\n", mtime=-86400)
    add(tar, "sticky", DIR, mode=0o1777)
    add(tar, "n" * 200, data=b"long\n")
    for depth in range(30):
        add(tar, "deep/" * (depth + 1), DIR)
    add(tar, "deep/" * 30 + "file", data=b"deep\n")
    add(tar, "zeroes", data=bytes(3 << 20) + b"end")
    add(tar, "empty")


with open_layer(sys.argv[1] + "/layer1.tar") as first:
    lower(first)
with open_layer(sys.argv[1] + "/layer2.tar") as second:
    upper(second)
