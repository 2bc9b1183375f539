#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""mkmany.py ENTRIES NAMES KIND: a tar archive of that many empty files (KIND f) or directories
(d) on standard output, whose names are NAMES different ones in a thousand directories, again
and again; and the digest of it all on standard error.  Headers are made by hand: tarfile takes a minute for a million."""
import hashlib
import sys

BATCH = 10000


def header(name, mode, kind):
    block = bytearray(512)
    for place, text in ((0, name), (100, b"%07o" % mode), (108, b"0000000"), (116, b"0000000"),
                        (124, b"00000000000"), (136, b"00000000000"), (148, b" " * 8),
                        (156, kind), (257, b"ustar\00000")):
        block[place:place + len(text)] = text
    block[148:155] = b"%06o\0" % sum(block)
    return block


def main():
    entries, names = int(sys.argv[1]), int(sys.argv[2])
    digest = hashlib.sha256()
    file = header(b"d000/f000000", 0o755, b"5" if sys.argv[3] == "d" else b"0")
    # What the digits of a name add to the sum of all other bytes.
    rest = int(file[148:154], 8) - sum(b"000000000")

    def write(data):
        digest.update(data)
        sys.stdout.buffer.write(data)

    write(b"".join(header(b"d%03d/" % n, 0o755, b"5") for n in range(1000)))
    for start in range(0, entries, BATCH):
        blocks = []
        for n in range(start, min(entries, start + BATCH)):
            digits = b"%09d" % (n % names)
            file[1:4], file[6:12] = digits[6:], digits[:6]
            file[148:155] = b"%06o\0" % (rest + sum(digits))
            blocks.append(bytes(file))
        write(b"".join(blocks))
    write(bytes(1024))
    print("sha256:" + digest.hexdigest(), file=sys.stderr)


main()
