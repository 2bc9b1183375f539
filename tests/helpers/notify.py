#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""notify.py SOCKET ERRNO: a seccomp agent at the end of listenerPath.

Receives the container process state and the descriptors it names, prints the
state, and answers every notification on the seccompFd with ERRNO.
"""
import array
import fcntl
import json
import socket
import struct
import sys

RECEIVE, SEND = 0xC0502100, 0xC0182101
NOTIFICATION = "=QII IIQ 6Q"  # struct seccomp_notif
RESPONSE = "=QqiI"  # struct seccomp_notif_resp


def receive(path):
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(path)
    server.listen(1)
    connection, _ = server.accept()
    fds = array.array("i")
    text, ancillary, _, _ = connection.recvmsg(65536, socket.CMSG_SPACE(16 * fds.itemsize))
    for _, kind, data in ancillary:
        if kind == socket.SCM_RIGHTS:
            fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
    while chunk := connection.recv(65536):
        text += chunk
    state = json.loads(text)
    print(json.dumps(state), flush=True)
    if len(fds) != len(state["fds"]):
        sys.exit(f"notify.py: {len(fds)} descriptors, {state['fds']} announced")
    return fds[state["fds"].index("seccompFd")]


def main():
    listener = receive(sys.argv[1])
    while True:
        buffer = bytearray(struct.calcsize(NOTIFICATION))
        try:
            fcntl.ioctl(listener, RECEIVE, buffer)
        except OSError:
            return
        identity = struct.unpack(NOTIFICATION, buffer)[0]
        response = struct.pack(RESPONSE, identity, 0, -int(sys.argv[2]), 0)
        try:
            fcntl.ioctl(listener, SEND, response)
        except OSError as error:
            print(error, file=sys.stderr)


main()
