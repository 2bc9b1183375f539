#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The table of tests/bench/run.sh: medians, ratios, which targets hold.

report.py DIRECTORY --names "dabba crun ..." --rounds N [--json FILE] [--results FILE]
	[--check LIMITS]
"""
import argparse
import collections
import datetime
import glob
import json
import os
import platform
import statistics
import sys

# (what, text): rows of times, in the order of the table.
VERBS = [
    ("run", "run /bin/true"),
    ("devices", "run with device rules"),
    ("create", "create"),
    ("start", "start"),
    ("exec", "exec /bin/true"),
    ("state", "state"),
    ("list", "list"),
    ("kill", "kill"),
    ("delete", "delete"),
    ("force", "delete --force"),
    ("at-once-8", "8 at once"),
    ("at-once-32", "32 at once"),
    ("at-once-8-hostnet", "8 at once, host's network"),
    ("at-once-32-hostnet", "32 at once, host's network"),
    ("create-no-mounts", "create, before the next"),
    ("create-mounts", "create, {crowd} mounts more"),
    ("run-no-mounts", "run, before the next"),
    ("run-mounts", "run, {crowd} mounts more"),
    ("create-no-containers", "create, before the next"),
    ("create-containers", "create, {crowd} containers"),
    ("run-no-containers", "run, before the next"),
    ("run-containers", "run, {crowd} containers"),
    ("list-containers", "list, {crowd} containers"),
]


class Data:
    """What stopwatch and the others wrote: by label a list of rows of numbers."""

    def __init__(self, directory, names):
        self.rows = collections.defaultdict(list)
        self.names = names
        with open(os.path.join(directory, "data"), encoding="ascii") as lines:
            for line in lines:
                label, *numbers = line.split()
                self.rows[label].append([float(n) for n in numbers])

    def column(self, label, index=0):
        return [row[index] for row in self.rows.get(label, []) if len(row) > index]

    def ms(self, label):
        values = self.column(label)
        return statistics.median(values) / 1000 if values else None

    def first(self, label):
        values = self.column(label)
        return values[0] if values else None

    def floor(self, what):
        """The least for WHAT: the kernel's work, or the start of a program."""
        for label in ("floor." + what, "floor." + what + "-" + self.names[0]):
            if label in self.rows:
                return self.ms(label)
        return self.ms("floor.nothing") if what in PLAIN else None

    def quartiles(self, label):
        values = self.column(label)
        if len(values) < 2:
            return [values[0] / 1000] * 2 if values else [None, None]
        cuts = statistics.quantiles(values, n=4, method="inclusive")
        return [cuts[0] / 1000, cuts[2] / 1000]


PLAIN = ("state", "list", "kill", "start", "create", "delete", "force", "list-containers")


def ratio(a, b):
    return a / b if a is not None and b else None


def growth(data, name, with_crowd, without):
    a, b = data.ms(name + "." + with_crowd), data.ms(name + "." + without)
    return a - b if a is not None and b is not None else None


def targets(data):
    """Of the first program: (text, figure, limit, at least?)."""
    me = data.names[0]

    def mine(what):
        return data.ms(me + "." + what)

    def of_floor(what):
        return ratio(mine(what), data.floor(what))

    def of_crun(what):
        return ratio(mine(what), data.ms("crun." + what))

    def extra(text, crowd, base, limit):
        return (text, growth(data, me, crowd, base), limit, False)

    rss = [row[2] for row in data.rows.get(me + ".run", []) if len(row) > 2]
    floor_mounts = growth(data, "floor", "run-mounts", "run-no-mounts")
    floor_crowd = growth(data, "floor", "run-containers-" + me, "run-no-containers-" + me)
    out = [
        ("run: times of the floor", of_floor("run"), 1.5, False),
        ("run: of crun", of_crun("run"), 1 / 3, False),
        ("run with device rules: times of the floor", of_floor("devices"), 1.6, False),
        ("exec: times of the floor", of_floor("exec"), 2, False),
    ]
    for what in ("create", "start", "delete"):
        out.append((what + ": of crun", of_crun(what), 1 / 3, False))
    for what in ("state", "list", "kill"):
        out.append((what + ": ms", mine(what), 1, False))
        out.append((what + ": of crun", of_crun(what), 1 / 4, False))
    out += [
        ("delete --force: ms", mine("force"), 2, False),
        ("system calls of a run", data.first(me + ".calls"), 249, False),
        ("peak RSS of a run: KB", statistics.median(rss) if rss else None, 1500, False),
    ]
    for what, text in VERBS:
        if what.startswith("at-once"):
            share = ratio(data.floor(what), mine(what))
            out.append((text + ": of the floor's throughput", share, 0.6, True))
    out += [
        ("list among containers: ms", mine("list-containers"), 10, False),
        extra("create grows by mounts: ms", "create-mounts", "create-no-mounts", floor_mounts),
        extra("create grows by containers: ms", "create-containers", "create-no-containers",
              floor_crowd),
    ]
    return [t for t in out if t[1] is not None and t[2] is not None]


def holds(target):
    _, figure, limit, at_least = target
    return figure >= limit if at_least else figure <= limit


def cell(value, width=9, digits=2):
    return " " * (width - 1) + "-" if value is None else "%*.*f" % (width, digits, value)


def table(data, crowd):
    names, others = data.names, data.names[1:]
    yield "%-28s" % "ms" + "".join("%9s" % n for n in names) + "%9s" % "floor" + \
        "".join("%9s" % ("/" + n) for n in others + ["floor"]) + "   quartiles of " + names[0]
    for what, text in VERBS:
        mine = data.ms(names[0] + "." + what)
        if mine is None:
            continue
        times = [data.ms(n + "." + what) for n in names] + [data.floor(what)]
        low, high = data.quartiles(names[0] + "." + what)
        yield "%-28s" % text.format(crowd=crowd) + "".join(cell(t) for t in times) + \
            "".join(cell(ratio(mine, t)) for t in times[1:]) + "   %.2f to %.2f" % (low, high)


def counts(data):
    names = data.names + ["floor"]
    yield "%-28s" % "of one run" + "".join("%9s" % n for n in names)
    for text, index in (("minor page faults", 1), ("peak RSS, KB", 2)):
        columns = [data.column(n + ".run", index) for n in names]
        yield "%-28s" % text + "".join(
            cell(statistics.median(c) if c else None, digits=0) for c in columns)
    yield "%-28s" % "system calls" + "".join(
        cell(data.first(n + ".calls"), digits=0) for n in names)
    for name, value in steady(data).items():
        if value is not None and name.startswith("instructions"):
            yield "%s: %d" % (name, value)


def phases(directory):
    """From --timing of many runs: who did what, and for how long."""
    steps = collections.defaultdict(lambda: ([], []))
    for path in glob.glob(os.path.join(directory, "phases-*.json")):
        with open(path, encoding="utf-8") as file:
            for event in json.load(file)["traceEvents"]:
                if event["ph"] == "X":
                    who = "init" if event["tid"] == 2 else "runtime"
                    start, took = steps[who, event["cat"], event["name"]]
                    start.append(event["ts"])
                    took.append(event["dur"])
    if not steps:
        return
    yield ""
    yield "%9s%9s  of a run, medians; steps below 5 us are left out" % ("start/us", "took/us")
    for key, (start, took) in sorted(steps.items(), key=lambda s: statistics.median(s[1][0])):
        if statistics.median(took) >= 5:
            yield "%9.0f%9.0f  %-8s %-6s %s" % (
                (statistics.median(start), statistics.median(took)) + key)


def machine():
    model = platform.machine()
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return "%s, %d processors, Linux %s" % (model, os.cpu_count(), platform.release())


def text_of(directory, name):
    try:
        with open(os.path.join(directory, name), encoding="utf-8") as file:
            return file.read().rstrip("\n")
    except FileNotFoundError:
        return ""


def report(args, data):
    yield "%s, %d rounds, medians" % (machine(), args.rounds)
    yield "load %.1f; commit %s" % (os.getloadavg()[0], text_of(args.directory, "commit") or "?")
    yield from ("%-9s %s" % tuple(line.split("\t", 1))
                for line in text_of(args.directory, "versions").splitlines())
    for part in (table(data, args.crowd), counts(data)):
        yield ""
        yield from part
    yield ""
    yield text_of(args.directory, "seccomp")
    yield from phases(args.directory)
    yield ""
    yield "%-48s%10s%10s" % ("target", "measured", "limit")
    for target in targets(data):
        yield "%-48s%10.2f%3s%7.2f   %s" % (target[0], target[1], ">=" if target[3] else "<=",
                                          target[2], "holds" if holds(target) else "DOES NOT HOLD")
    yield ""
    yield "floor: the kernel's work alone (run, exec), or starting a static program;"
    yield "youki is not in Debian and was not measured."


def steady(data):
    """What noise does not change, by the names of limits.tsv."""
    me = data.names[0]
    instructions = {part: data.first("dabba.instructions-" + part)
                    for part in ("nothing", "read", "filter")}
    figures = {"system calls": data.first(me + ".calls")}
    if None not in instructions.values():
        figures["instructions to read config.json"] = instructions["read"] - instructions["nothing"]
        figures["instructions to make the filter"] = instructions["filter"] - instructions["read"]
    return figures


def above_limits(data, path):
    figures = steady(data)
    with open(path, encoding="ascii") as lines:
        for line in lines:
            if line.startswith("#"):
                continue
            limit, name = line.rstrip("\n").split("\t")
            if figures.get(name) is None:
                yield "%s: not measured" % name
            elif figures[name] > float(limit):
                yield "%s: %.0f, above %s" % (name, figures[name], limit)


def write_json(args, data, lines):
    figures = {
        label: {"n": len(rows), "median": statistics.median([r[0] for r in rows]),
                "min": min(r[0] for r in rows), "max": max(r[0] for r in rows)}
        for label, rows in sorted(data.rows.items())
    }
    with open(args.json, "w", encoding="utf-8") as file:
        json.dump({
            "date": datetime.date.today().isoformat(),
            "machine": machine(),
            "commit": text_of(args.directory, "commit"),
            "rounds": args.rounds,
            "versions": text_of(args.directory, "versions").splitlines(),
            "figures": figures,
            "targets": [{"what": t[0], "measured": t[1], "limit": t[2], "at_least": t[3],
                         "holds": holds(t)} for t in targets(data)],
            "report": lines,
        }, file, indent=1)
        file.write("\n")


def write_results(args, lines):
    with open(args.results, "w", encoding="utf-8") as file:
        file.write("# The last measurement\n\n`%s`, %s. Made by `tests/bench/run.sh "
                   "--results`; times are in milliseconds.\n\n```\n%s\n```\n" % (
                       os.environ.get("BENCH_COMMAND", "tests/bench/run.sh"),
                       datetime.date.today().isoformat(), "\n".join(lines)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("directory")
    parser.add_argument("--names", required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--crowd", type=int, default=1000)
    parser.add_argument("--json")
    parser.add_argument("--results")
    parser.add_argument("--check")
    args = parser.parse_args()
    data = Data(args.directory, args.names.split())
    lines = list(report(args, data))
    print("\n".join(lines))
    if args.json:
        write_json(args, data, lines)
    if args.results:
        write_results(args, lines)
    bad = list(above_limits(data, args.check)) if args.check else []
    if bad:
        sys.exit("\n".join(bad))


main()
