#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The table of tests/bench/image.sh: medians, ratios to the best peer, which targets hold.

image-report.py DIRECTORY --names "dabba skopeo ..." --rounds N --many N [--brief]
	[--json FILE] [--results FILE]
"""
import argparse
import collections
import datetime
import json
import os
import platform
import statistics

ME = "dabba"

# (job, text, limit in ms or None, limit of the ratio to the best peer or None)
JOBS = [
    ("import-gzip", "import + unpack, gzip layers, verified", 2300, 1 / 3),
    ("import-docker", "import + unpack, docker-archive", 1700, 1 / 3),
    ("commit-large", "commit of a large change", 1200, 1 / 4),
    ("commit-small", "commit of one small file", 15, None),
    ("commit-none", "commit of nothing", 10, None),
    ("convert-plain", "docker-archive -> OCI layout as it is", 800, None),
    ("convert-gzip", "docker-archive -> OCI layout, gzip", 2000, None),
    ("convert-oci", "oci-archive -> OCI layout", 450, None),
    ("run", "run of a stored image: true", None, 1 / 10),
    ("list", "list, {many} images", 50, None),
    ("history", "history, {many} images", 50, None),
    ("inspect", "inspect, {many} images", 50, None),
]

RSS_LIMIT_MB = 64


class Data:
    """What stopwatch wrote: by label rows of microseconds, faults and KB."""

    def __init__(self, directory):
        self.rows = collections.defaultdict(list)
        with open(os.path.join(directory, "data"), encoding="ascii") as lines:
            for line in lines:
                label, *numbers = line.split()
                self.rows[label].append([float(n) for n in numbers])

    def ms(self, name, job):
        rows = self.rows.get(name + "." + job)
        return statistics.median(r[0] for r in rows) / 1000 if rows else None

    def least(self, name, job):
        rows = self.rows.get(name + "." + job)
        return min(r[0] for r in rows) / 1000 if rows else None

    def peak(self, name):
        rows = [r for label, rows in self.rows.items() if label.startswith(name + ".")
                for r in rows if len(r) > 2]
        return max(r[2] for r in rows) / 1024 if rows else None

    def count(self, label):
        return int(self.rows[label][0][0])


def best(data, names, job):
    """The fastest peer: its name and its median."""
    times = [(data.ms(n, job), n) for n in names[1:] if data.ms(n, job) is not None]
    return min(times) if times else (None, None)


def cell(value, width=9):
    if value is None:
        return " " * (width - 1) + "-"
    return "%*.*f" % (width, 0 if value >= 100 else 1, value)


def table(data, names, many):
    yield "%-40s" % "ms" + "".join("%9s" % n for n in names) + "%9s" % "/best" + \
        "   least of " + ME
    for job, text, _, _ in JOBS:
        mine = data.ms(ME, job)
        peer, _ = best(data, names, job)
        ratio = "%9.3f" % (mine / peer) if mine and peer else "        -"
        yield "%-40s" % text.format(many=many) + \
            "".join(cell(data.ms(n, job)) for n in names) + ratio + cell(data.least(ME, job), 11)
    yield "%-40s" % "peak RSS of a process, MB" + "".join(cell(data.peak(n)) for n in names)


def targets(data, names, many):
    for job, text, limit, ratio in JOBS:
        mine = data.ms(ME, job)
        peer, who = best(data, names, job)
        text = text.format(many=many)
        if mine is not None and limit:
            yield text + ": ms", mine, limit
        if mine is not None and ratio and peer:
            yield text + ": of " + who, mine / peer, ratio
    yield "peak RSS: MB", data.peak(ME), RSS_LIMIT_MB


def machine():
    model = platform.machine()
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return "%s, %d processors, Linux %s" % (model, os.cpu_count(), platform.release())


def text_of(directory, name):
    with open(os.path.join(directory, name), encoding="utf-8") as file:
        return file.read().rstrip("\n")


def report(args, data, names):
    yield "%s, %d rounds, medians" % (machine(), args.rounds)
    yield "load %.1f; commit %s" % (os.getloadavg()[0], text_of(args.directory, "commit") or "?")
    yield "image: %d MB in two layers, %d entries; large change: %d MB, %d entries" % (
        data.count("image.bytes") / 1e6, data.count("image.entries"),
        data.count("change.bytes") / 1e6, data.count("change.entries"))
    yield from ("%-9s %s" % tuple(line.split("\t", 1))
                for line in text_of(args.directory, "versions").splitlines())
    yield ""
    yield from table(data, names, args.many)
    yield ""
    if args.brief:
        yield "A small image: the targets are for a large one."
        return
    yield "%-56s%10s%11s" % ("target", "measured", "limit")
    for text, figure, limit in targets(data, names, args.many):
        yield "%-56s%10.2f <=%8.2f   %s" % (text, figure, limit,
                                          "holds" if figure <= limit else "DOES NOT HOLD")


def write_json(args, data, names, lines):
    with open(args.json, "w", encoding="utf-8") as file:
        json.dump({
            "date": datetime.date.today().isoformat(),
            "machine": machine(),
            "commit": text_of(args.directory, "commit"),
            "rounds": args.rounds,
            "versions": text_of(args.directory, "versions").splitlines(),
            "figures": {label: rows for label, rows in sorted(data.rows.items())},
            "targets": [{"what": t, "measured": f, "limit": l, "holds": f <= l}
                        for t, f, l in targets(data, names, args.many)],
            "report": lines,
        }, file, indent=1)
        file.write("\n")


def write_results(args, lines):
    with open(args.results, "w", encoding="utf-8") as file:
        file.write("# The last measurement of images\n\n`%s`, %s. Made by `tests/bench/image.sh "
                   "--results`; times are in milliseconds.\n\n```\n%s\n```\n" % (
                       os.environ.get("BENCH_COMMAND", "tests/bench/image.sh"),
                       datetime.date.today().isoformat(), "\n".join(lines)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("directory")
    parser.add_argument("--names", required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--many", type=int, required=True)
    parser.add_argument("--brief", action="store_true")
    parser.add_argument("--json")
    parser.add_argument("--results")
    args = parser.parse_args()
    data = Data(args.directory)
    names = args.names.split()
    lines = list(report(args, data, names))
    print("\n".join(lines))
    if args.json:
        write_json(args, data, names, lines)
    if args.results:
        write_results(args, lines)


main()
