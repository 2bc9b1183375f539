#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""onpty.py [-s ROWSxCOLUMNS] [-t SECONDS] [-x EXPECT SEND]... COMMAND [ARGUMENT...]

Runs COMMAND on a terminal of its own, as a person would: waits until the output
since the last answer matches EXPECT (a regular expression), then types SEND and a
return (the word RESIZE=ROWSxCOLUMNS changes the window instead). The output goes to
stdout; the exit status is COMMAND's, 124 after SECONDS without an end.
"""
import argparse
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time


def set_size(fd, size):
    rows, columns = map(int, size.split("x"))
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("-s", dest="size", default="24x80")
    parser.add_argument("-t", dest="seconds", type=float, default=30)
    parser.add_argument("-x", dest="dialogue", nargs=2, action="append", default=[])
    parser.add_argument("command", nargs=argparse.REMAINDER)
    return parser.parse_args()


def answer(master, text):
    if text.startswith("RESIZE="):
        set_size(master, text[len("RESIZE="):])
    else:
        os.write(master, text.encode() + b"\r")


def converse(master, dialogue, deadline):
    """Returns False when the time is over; True when the terminal was closed."""
    seen = ""
    while time.monotonic() < deadline:
        if not select.select([master], [], [], 0.2)[0]:
            continue
        try:
            data = os.read(master, 65536)
        except OSError:
            return True
        if not data:
            return True
        os.write(1, data)
        seen += data.decode(errors="replace")
        if dialogue and re.search(dialogue[0][0], seen):
            answer(master, dialogue.pop(0)[1])
            seen = ""
    return False


def main():
    options = parse()
    pid, master = pty.fork()
    if pid == 0:
        set_size(0, options.size)
        os.execvp(options.command[0], options.command)
    ended = converse(master, options.dialogue, time.monotonic() + options.seconds)
    if not ended:
        print("\nonpty.py: time is over", file=sys.stderr)
        os.kill(pid, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if options.dialogue and ended:
        print(f"\nonpty.py: never saw {options.dialogue[0][0]!r}", file=sys.stderr)
        sys.exit(123)
    sys.exit(124 if not ended else status if status >= 0 else 128 - status)


main()
