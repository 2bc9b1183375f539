#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""recvtty.py SOCKET: stands in for the engine at the end of --console-socket.

Receives one message with exactly one descriptor, prints "size ROWS COLUMNS" and
"name NAME" (the message's text), then copies the terminal's output to stdout and
our stdin to the terminal until the other side is closed.
"""
import array
import fcntl
import os
import select
import socket
import struct
import sys
import termios


def receive(path):
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(path)
    server.listen(1)
    connection, _ = server.accept()
    fds = array.array("i")
    text, ancillary, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(16 * fds.itemsize))
    for _, kind, data in ancillary:
        if kind == socket.SCM_RIGHTS:
            fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
    if len(fds) != 1:
        sys.exit(f"recvtty.py: {len(fds)} descriptors instead of one")
    return fds[0], text.decode()


def copy(master):
    sources = [master, 0]
    while True:
        for fd in select.select(sources, [], [])[0]:
            try:
                data = os.read(fd, 65536)
            except OSError:
                return
            if fd == master:
                if not data:
                    return
                os.write(1, data)
            elif data:
                os.write(master, data)
            else:
                sources.remove(0)


def main():
    master, name = receive(sys.argv[1])
    rows, columns = struct.unpack("HHHH", fcntl.ioctl(master, termios.TIOCGWINSZ, bytes(8)))[:2]
    print(f"size {rows} {columns}\nname {name}", flush=True)
    copy(master)


main()
